"""What the doctor can find, in English: a sentence and a hint by code. Pure.

``src/i18n/doctor.ts`` has the same codes for the panel's readers; its sentences are made of the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..protocol import DoctorOutcome, ErrorInfo, Limitation


@dataclass(frozen=True)
class Finding:
    """What one step found. ``field`` is the profile's field to change."""

    outcome: DoctorOutcome
    code: str
    message: str
    hint: str | None = None
    field: str | None = None
    detail: str | None = None
    error_code: str | None = None
    """The error that it is about."""
    values: dict[str, str] | None = None
    """Names and numbers of the sentence and the error's."""


_TRY_LATER = "Try again when the machine is less busy."

WORDS: Final[Mapping[str, tuple[str, str | None]]] = {
    # configuration
    "configured": ("{provider}: {model}.", None),
    "configured_at": ("{provider}: {model} at {endpoint}.", None),
    "entra_id": ("None is needed: it signs in with Entra ID.", None),
    "no_key": ("The profile has none, and none is sent.", None),
    "key_there": ("There is one.", None),
    "key_in_variable": ("From the environment variable {variable}.", None),
    "tracing_off": ("Off.", None),
    "tracing_not_allowed": (
        "Off, although the environment has {switch}: c.StreamChat.tracing decides.",
        None,
    ),
    "tracing_on": (
        "On: LangChain sends every chat to {endpoint}.",
        "If that is not wanted, set c.StreamChat.tracing to False.",
    ),
    # network
    "host_found": ("{host} is {address}.", None),
    "proxy_found": ("Through the proxy of the environment: {host} is {address}.", None),
    "host_not_found": (
        "The host {host} cannot be found.",
        "Check {field} for a misspelling, and the network.",
    ),
    "proxy_not_found": (
        "The host {host} cannot be found.",
        "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the server's environment.",
    ),
    "connected": ("Not encrypted; the server answers.", None),
    "connected_by_tls": ("{tls}, and the certificate is trusted; the server answers.", None),
    # answers
    "models_listed": ("The provider lists its models.", None),
    "no_models_list": (
        "There is no list of models to check it with: the next call will show whether it is accepted.",
        None,
    ),
    "answered": ("Answered: {text}", None),
    "pieces": ("{count} pieces, the first after {ms} ms.", None),
    "tokens": ("{count} tokens, the first after {ms} ms.", None),
    "must_stream": (
        "The deployment does not stream, and streaming is set to on.",
        "Set streaming to auto or off: answers then come in one piece.",
    ),
    "in_one_piece": (
        "The deployment does not stream: answers come in one piece.",
        "Set streaming to off, and no question is asked twice.",
    ),
    "in_one_piece_as_set": ("The deployment does not stream: answers come in one piece.", None),
    "streaming_fails": (
        "The deployment does not stream at the moment: the streamed request failed.",
        "If it lasts, set streaming to off, and no question is asked twice.",
    ),
    "empty_stream": (
        "The stream came without anything in it; once may be chance.",
        "Run the doctor again. If it recurs, set streaming to off, and no question is asked twice.",
    ),
    "streams_only": (
        "The model only streams: a request for one piece is refused.",
        "Nothing to change: with streaming off its stream is collected and shown in one piece.",
    ),
    "nothing_streamed": ("Nothing was streamed.", None),
    "not_collected": ("No sign that a proxy buffers the stream.", None),
    "collected": (
        "The stream arrived in bursts, after {seconds} s of silence: a proxy is buffering it.",
        "Switch buffering off in the proxy in front of the provider (nginx: proxy_buffering off, gzip off; "
        "see docs/deployment.md). On Azure set the content filter to asynchronous.",
    ),
    # the callback chain
    "nothing_to_count": ("Skipped: no answer came through LangChain.", None),
    "counted": ("{tokens} tokens reported, {logged} logged, {forwarded} forwarded.", None),
    "counts_differ": (
        "{tokens} tokens reported, {logged} logged, {forwarded} forwarded.",
        "Nothing that was received is lost; the server's log says what broke.",
    ),
    "unreported": (
        "{tokens} tokens reported, {logged} logged, {forwarded} forwarded. LangChain did not report "
        "{characters} characters; they were shown nevertheless.",
        "Nothing that was received is lost; the server's log says what broke.",
    ),
    # Stop
    "complete_before_stop": ("The answer was complete before Stop could be tried.", None),
    "released": ("The provider disconnected {ms} ms after Stop.", None),
    "released_late": ("The provider disconnected {ms} ms after Stop.", _TRY_LATER),
    "not_released": (
        "The provider did not disconnect: it continues its answer, unseen.",
        "Report it, with the provider's name: its client ignores cancellation.",
    ),
    "stop_not_tried": ("Could not be tried: {error}", None),
    # what is remembered
    "nothing_remembered": ("Nothing: each question is asked in the usual form.", None),
    "remembered": (
        "{findings}",
        "Forget it if the deployment has changed: the next question finds out anew.",
    ),
    # any step
    "left_out": ("Skipped: depends on {step}.", None),
    "too_slow": (
        "It did not finish within {seconds} s.",
        "Check the address and the network; if the model is only slow, give it more time.",
    ),
    "too_slow_streamed": (
        "It did not finish within {seconds} s.",
        "Set streaming to off, if the call in one piece works.",
    ),
    "refused": ("{error}", "{hint}"),
    "refused_with_parameters": (
        "{error}",
        "{hint} The call without parameters works: look at the profile's parameters.",
    ),
}
"""Message and hint; ``{error}`` and ``{hint}`` are those of the error that a finding is about."""


LIMITATIONS: Final[Mapping[Limitation, str]] = {
    "refuses_streaming": "It does not stream: answers come in one piece.",
    "fails_streaming": "Streaming failed lately: for ten minutes answers come in one piece.",
    "refuses_stream_options": "It refuses stream_options: answers that stream have no token counts.",
    "streams_only": "It only streams: answers in one piece are collected from a stream.",
    "refuses_pictures": "It refuses pictures: questions are sent without them.",
    "wants_reasoning": "It asks for the reasoning of earlier answers: it is sent with them.",
    "opens_reasoning": "Its answers begin inside their reasoning: "
    "text before the closing tag is shown as such.",
}
"""What can be remembered of a deployment, in a sentence."""


def found(
    outcome: DoctorOutcome,
    code: str,
    *,
    field: str | None = None,
    detail: str | None = None,
    error: ErrorInfo | None = None,
    **values: object,
) -> Finding:
    """Return a finding in words. ``error``: what it is about."""
    given = {name: str(value) for name, value in values.items()}
    known = {
        **given,
        "field": field,
        "error": error.message if error else "",
        "hint": (error and error.hint) or "",
    }
    message, hint = WORDS[code]
    return Finding(
        outcome,
        code,
        message.format(**known),
        hint.format(**known).strip() or None if hint else None,
        field,
        detail or (error.detail if error else None),
        error.code if error else None,
        {**((error and error.values) or {}), **given} or None,
    )
