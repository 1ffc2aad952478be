"""What a provider's refusal means: an exception becomes one plain sentence, a cure and the provider's words.

Pure, and free of provider imports: exceptions are known by the names of their classes (an SDK's and
LangChain's both), by an HTTP status and by their text, so that no SDK is loaded to read an error.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ..protocol import ErrorInfo
from .profiles import Profile

_KEY_SHAPES = re.compile(r"(?i)\b(sk-[\w*-]{4,}|(?<=bearer )[\w.~+/*-]+|(?<=api-key: )[\w*-]+)")
_REDACTED = "[key]"
_MAX_DETAIL = 4000


class ProviderProblem(Exception):
    """Something that one of our own adapters found wrong, in its own words."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message)
        self.info = info


@dataclass(frozen=True)
class Facts:
    """What is known of an exception and of those that caused it."""

    names: frozenset[str]
    status: int | None
    text: str
    """All messages, lower case."""
    headers: Mapping[str, str]
    """Of the response, where there was one; looked up without regard to case."""


@dataclass(frozen=True)
class _Rule:
    """One line of the table. ``message`` and ``cure`` may name ``{model}`` and ``{endpoint}``."""

    applies: Callable[[Facts], bool]
    code: str
    message: str
    cure: str


def _status(*codes: int) -> Callable[[Facts], bool]:
    return lambda facts: facts.status in codes


def _named(*names: str) -> Callable[[Facts], bool]:
    return lambda facts: not facts.names.isdisjoint(names)


def _says(*words: str) -> Callable[[Facts], bool]:
    return lambda facts: any(word in facts.text for word in words)


def _any(*conditions: Callable[[Facts], bool]) -> Callable[[Facts], bool]:
    return lambda facts: any(condition(facts) for condition in conditions)


def _all(*conditions: Callable[[Facts], bool]) -> Callable[[Facts], bool]:
    return lambda facts: all(condition(facts) for condition in conditions)


# The first rule that applies wins: the particular stands before the general.
_RULES = (
    _Rule(
        _named("StreamingRefused"),
        "does_not_stream",
        "{model} does not stream its answers, and streaming is set to on.",
        "Set streaming to auto or off: for this chat by the switch below the question, or in the profile.",
    ),
    _Rule(
        _any(_named("ContextOverflowError"), _says("context_length_exceeded", "maximum context length")),
        "context_too_long",
        "The conversation is longer than {model} can read.",
        "Start a new chat, or shorten the question.",
    ),
    _Rule(
        _all(_status(400), _says("content_filter", "responsibleaipolicyviolation")),
        "content_filter",
        "The provider's content filter refused the question.",
        "Put the question in other words.",
    ),
    _Rule(
        _any(_status(401), _named("AuthenticationError")),
        "wrong_key",
        "The provider does not accept the key.",
        "Check the profile's API key.",
    ),
    _Rule(
        _any(_status(403), _named("PermissionDeniedError")),
        "wrong_key",
        "The key may not use {model}.",
        "Ask the owner of the account for access, or choose another model.",
    ),
    _Rule(
        _any(_status(404), _named("NotFoundError")),
        "unknown_model",
        "The provider at {endpoint} does not know {model}.",
        "Check the model's (or deployment's) name, and the address with its path.",
    ),
    _Rule(
        _says("insufficient_quota"),
        "rate_limited",
        "The account's quota is used up.",
        "Check the account's plan and billing.",
    ),
    _Rule(
        _any(_status(429), _named("RateLimitError")),
        "rate_limited",
        "The provider has had too many requests from this key.",
        "Wait a minute and ask again.",
    ),
    _Rule(
        _any(_named("APITimeoutError", "TimeoutException", "TimeoutError"), _status(408, 504)),
        "timeout",
        "The provider at {endpoint} did not answer in time.",
        "Try again; if it lasts, check the address and the network.",
    ),
    _Rule(
        _named("gaierror"),
        "unknown_host",
        "The host of {endpoint} cannot be found.",
        "Check the address for a misspelling, and the network.",
    ),
    _Rule(
        _named("SSLError", "SSLCertVerificationError"),
        "untrusted_certificate",
        "The connection to {endpoint} is not trusted.",
        "Check the address; behind a company proxy set SSL_CERT_FILE to its certificate.",
    ),
    _Rule(
        _named("ConnectionRefusedError", "ConnectError"),
        "connection_refused",
        "Nothing answers at {endpoint}.",
        "Check the address, and that the server there is running.",
    ),
    _Rule(
        _named("APIConnectionError", "TransportError", "ConnectionError", "IncompleteReadError"),
        "connection_lost",
        "The connection to the provider broke.",
        "Ask again; what had arrived is kept.",
    ),
    _Rule(
        _named("UnsupportedProtocol", "InvalidURL"),
        "profile_unusable",
        "The address {endpoint} is not a web address.",
        'It must begin with "http://" or "https://".',
    ),
    _Rule(
        # Shown where asking without streaming failed too.
        _says("no generation chunks were returned", "does not support stream"),
        "provider_error",
        "{model} did not stream its answer.",
        "Check the address with its path; the provider's own words are in the details.",
    ),
    _Rule(
        _named("StreamingFailed"),
        "provider_error",
        "The provider had an error of its own.",
        "Try again in a moment; if it lasts, set streaming to auto: the deployment may not stream.",
    ),
    _Rule(
        lambda facts: (facts.status or 0) >= 500,
        "provider_error",
        "The provider had an error of its own.",
        "Try again in a moment.",
    ),
    _Rule(
        _all(_named("APIError"), lambda facts: facts.status is None),
        "provider_error",
        "The provider broke off with an error.",
        "Ask again; what had arrived is kept.",
    ),
    _Rule(
        _status(400, 405, 409, 422),
        "provider_error",
        "The provider refused the request.",
        "The provider's own words are in the details.",
    ),
)

_OTHERWISE = _Rule(
    lambda facts: True, "provider_error", "{model} ended with an error.", "The details say what happened."
)


def classify(error: BaseException, profile: Profile | None = None) -> ErrorInfo:
    """Say what an exception of a provider's means, without the key that the profile holds."""
    secrets = _secrets(profile)
    if own := _own_words(error):
        detail = _shown(own.detail, secrets)[:_MAX_DETAIL] if own.detail else None
        return own.model_copy(update={"message": _shown(own.message, secrets), "detail": detail})
    facts = facts_of(error)
    rule = next((rule for rule in _RULES if rule.applies(facts)), _OTHERWISE)
    names = {
        "model": profile.model_name if profile else "the model",
        "endpoint": _address(profile) or "the provider's address",
    }
    # Cut last: a key that a cut has split is not recognised any more.
    detail = (
        _shown(_trace(error), secrets)[-_MAX_DETAIL:]
        if rule is _OTHERWISE
        else _shown(_words(error), secrets)[:_MAX_DETAIL]
    )
    return ErrorInfo(
        code=rule.code, message=rule.message.format(**names), cure=rule.cure.format(**names), detail=detail
    )


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the secrets and without what looks like a key."""
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    return _KEY_SHAPES.sub(_REDACTED, text)


def _shown(text: str, secrets: Iterable[str]) -> str:
    """Return a provider's words without keys, as valid Unicode: JSON may hold halves of surrogate pairs."""
    return redact(text, secrets).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _own_words(error: BaseException) -> ErrorInfo | None:
    """Return what an adapter or the engine's client says itself (they know their codes and sentences)."""
    if isinstance(error, ProviderProblem):
        cause = error.__cause__
        return error.info.model_copy(update={"detail": _trace(cause)[-_MAX_DETAIL:] if cause else None})
    code, message = getattr(error, "code", None), getattr(error, "message", None)
    if type(error).__name__ != "EngineError" or not isinstance(code, str) or not isinstance(message, str):
        return None
    cure, detail = getattr(error, "cure", None), getattr(error, "detail", None)
    return ErrorInfo(code=code, message=message, cure=cure, detail=detail)


def facts_of(error: BaseException) -> Facts:
    """Return what is known of an exception, those included that caused it."""
    chain = list(causes(error))
    names = {cls.__name__ for each in chain for cls in type(each).__mro__}
    statuses = [s for each in chain if isinstance(s := getattr(each, "status_code", None), int)]
    text = " ".join(f"{each} {getattr(each, 'body', '')}" for each in chain).lower()
    responses = [response for each in chain if (response := getattr(each, "response", None)) is not None]
    headers = getattr(responses[0], "headers", {}) if responses else {}
    return Facts(frozenset(names), statuses[0] if statuses else None, text, headers)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and what caused it, groups included, each once."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [e for e in (each.__cause__, each.__context__) if e is not None]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions


def _words(error: BaseException) -> str:
    """Return what the provider's side said, a line for each cause, without repetitions."""
    lines = dict.fromkeys(f"{type(each).__name__}: {each}" for each in causes(error))
    return "\n".join(lines)


def _trace(error: BaseException) -> str:
    """Return the end of the trace: of an error that no rule knows, it is all that helps."""
    return "".join(traceback.format_exception(error))


def _address(profile: Profile | None) -> str | None:
    """Return the address that a profile names, without a password in it."""
    address = profile and (profile.base_url or profile.azure_endpoint)
    if not address:
        return None
    return urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]).geturl()


def _secrets(profile: Profile | None) -> list[str]:
    """Return what of a profile must not be shown, as it is and as an address may spell it."""
    if profile is None:
        return []
    key = profile.api_key.get_secret_value() if profile.api_key else ""
    password = urlsplit(profile.base_url or profile.azure_endpoint or "").password or ""
    return [secret for secret in dict.fromkeys((key, password, unquote(password))) if secret]
