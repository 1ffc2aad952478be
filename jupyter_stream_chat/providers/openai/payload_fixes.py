"""What OpenAI-shaped servers send, mended before LangChain reads it. Pure; loads nothing of LangChain."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors.provider_words import is_error, labels_in, page_title, said_in, status_in
from ..finish_reasons import decisive, meaning_of, word_of

_COUNTS = ("prompt_tokens", "completion_tokens")
COST: Final = "cost"
"""What a provider says that an answer cost, beside its tokens."""
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")
_MOST_TOKENS: Final = 10**9
"""A count beyond it is no count."""
_REASONING_KEYS: Final = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_text",
    "reasoning_details",
    "thinking_blocks",
)
REMARKS: Final = "remarks"
"""Key of what is odd about an answer, in a chunk or a message's ``additional_kwargs``: a list of codes."""
FAILURE: Final = "failure"
"""Key of the exception with which an answer in one piece ends, in a message's ``additional_kwargs``."""
NO_REASON: Final = "no finish reason"
"""In the place of a finish reason that is there and says nothing."""
_ERROR_EVENT: Final = re.compile(r"error|exception|fail|fault", re.IGNORECASE)
_NOT_AS: Final = "is not as OpenAI's protocol has it."


class MalformedAnswer(Exception):
    """The provider sent something that is no answer in OpenAI's protocol."""

    def __init__(self, message: str, body: object = None) -> None:
        """``body`` is what it sent."""
        self.body = body
        title = page_title(body) if isinstance(body, str) else None
        if title is not None:
            message = f'{message} It is a web page: "{title}".'
        elif isinstance(body, str) and body.strip():
            message = f"{message} It begins: {body.strip()[:200]}"
        super().__init__(message)


class ProviderSaid(Exception):
    """The provider reported an error where an answer, or the rest of one, was to come."""

    def __init__(self, body: object) -> None:
        """``body`` is the JSON, or the text, with the error."""
        self.body = body
        self.status_code = status_in(body)
        said = [*said_in(body), *(f"({label})" for label in labels_in(body))]
        super().__init__(" ".join(said) or str(body)[:500])


class NotStreamed(Exception):
    """A stream was asked for, and the answer came in one piece."""


class EmptyStream(Exception):
    """The stream ended without anything in it: no generation chunks were returned."""


class NoContent(Exception):
    """The server answered without a body."""


class Redirected(Exception):
    """The server sends the request elsewhere."""

    def __init__(self, status: int, location: str) -> None:
        super().__init__(f"HTTP {status}: the server redirects to {location or 'nowhere'}")
        self.redirect_status = status
        self.location = location


def error_in(value: Mapping[str, Any], *, event: str = "") -> ProviderSaid | None:
    """Return the error that JSON is, holds beside text, or came as an event's; None: there is none."""
    if is_error(value) or (_ERROR_EVENT.search(event) and not value.get("choices")):
        return ProviderSaid(value)
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else [choices]:
        if isinstance(choice, Mapping):
            inner = (choice, choice.get("delta"), choice.get("message"))
            found = [each["error"] for each in inner if isinstance(each, Mapping) and each.get("error")]
            if found:
                return ProviderSaid(found[0])
    return None


def raise_if_error(value: Mapping[str, Any]) -> None:
    """Raise ProviderSaid where JSON is an error."""
    if error := error_in(value):
        raise error


def choices_of(value: Mapping[str, Any], what: str) -> list[Mapping[str, Any]] | None:
    """Return the choices of an answer or a chunk; None: it has none.

    ``what`` it is, for the error. Raises MalformedAnswer where its choices are no objects.
    """
    choices = value.get("choices")
    if choices is None:
        return None
    given = [each for each in (choices if isinstance(choices, list) else [choices]) if each is not None]
    if not all(isinstance(each, Mapping) for each in given):
        raise MalformedAnswer(f"{what} {_NOT_AS}", json.dumps(choices, default=str))
    return given


def content_of(choice: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    """Return a choice's message or delta, whichever of ``names`` is there, or of an older protocol its text.

    None: the choice has none. Raises MalformedAnswer.
    """
    given = next((choice[name] for name in names if choice.get(name) is not None), None)
    if given is None and isinstance(text := choice.get("text"), str):
        return {"content": text}
    if given is None or isinstance(given, Mapping):
        return given
    if not given:
        return {}
    raise MalformedAnswer(f"A choice {_NOT_AS}", json.dumps(given, default=str))


def sound_usage(usage: Any) -> dict[str, Any] | None:
    """Return token counts, or None if they are malformed or missing: the text is worth more."""
    if not isinstance(usage, dict) or not all(is_count(usage.get(name)) for name in _COUNTS):
        return None
    total = usage.get("total_tokens")
    if total is not None and not is_count(total):
        return None
    details = {}
    for name in _DETAILS:
        given = usage.get(name)
        if isinstance(given, dict):
            details[name] = {key: count for key, count in given.items() if is_count(count)}
    return {
        **{name: usage[name] for name in _COUNTS},
        "total_tokens": sum(usage[n] for n in _COUNTS),
        **details,
        **({COST: usage[COST]} if is_cost(usage.get(COST)) else {}),
    }


def is_cost(value: Any) -> bool:
    """Tell whether a value can be what an answer cost."""
    return type(value) in (int, float) and 0 <= value < math.inf


def is_count(value: Any) -> bool:
    """Tell whether a value can be a number of tokens."""
    return type(value) is int and 0 <= value <= _MOST_TOKENS


def sound_message(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message or delta whose text, reasoning and refusal are strings, and that calls no tools."""
    text, reasoning, refusal = _parts(given.get("content"))
    if _is_thought(given.get("extra_content")):
        text, reasoning = "", text + reasoning
    for key in _REASONING_KEYS:
        if more := _reasoning(given.get(key)):
            reasoning = more + reasoning
            break
    sound: dict[str, Any] = {"role": "assistant", "content": text}
    if reasoning:
        sound["reasoning_content"] = reasoning
    if refusal := refusal + _text(given.get("refusal")):
        sound["refusal"] = refusal
    return sound


def _is_thought(extra: Any) -> bool:
    """Tell whether Gemini marks a message or delta as a part of its reasoning."""
    google = extra.get("google") if isinstance(extra, Mapping) else None
    return isinstance(google, Mapping) and google.get("thought") is True


def calls_tools(given: Mapping[str, Any]) -> bool:
    """Tell whether a message or delta asks for a tool."""
    return bool(given.get("tool_calls") or given.get("function_call"))


def finish_of(choice: Mapping[str, Any], *around: Mapping[str, Any] | None) -> str | None:
    """Return the word with which a choice ends, or its upstream's own word; None: it goes on.

    ``around``: where else servers put it, in the delta or in the chunk.
    """
    places = [choice, *(each for each in around if each is not None)]
    reason = next((each["finish_reason"] for each in places if word_of(each.get("finish_reason"))), None)
    own = choice.get("stop_reason")  # vLLM puts the stop string there
    if word_of(reason) is None and isinstance(own, str) and meaning_of(own):
        reason = own
    return decisive(reason, choice.get("native_finish_reason"))


def _parts(content: Any) -> tuple[str, str, str]:
    """Return text, reasoning and refusal of a content: a string, a part, or a list of them."""
    if isinstance(content, list):
        parts = [_parts(each) for each in content]
        return tuple("".join(each[at] for each in parts) for at in range(3))  # type: ignore[return-value]
    if not isinstance(content, Mapping):
        return _text(content), "", ""
    kind = content.get("type")
    if kind in ("thinking", "reasoning", "reasoning_content", "redacted_thinking"):
        return "", _reasoning(content), ""
    return ("", "", _text(content.get("refusal"))) if kind == "refusal" else (_text(content), "", "")


def _text(value: Any) -> str:
    """Return the text of a string, a number (a template's JSON: 4 for "4"), a part, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return "".join(map(_text, value))
    if isinstance(value, Mapping):
        return next(
            (text for key in ("text", "content", "value", "parts") if (text := _text(value.get(key)))), ""
        )
    return ""


def _reasoning(value: Any) -> str:
    """Return the text of reasoning: a string, a part, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_reasoning, value))
    if isinstance(value, Mapping):
        return next(
            (
                t
                for key in ("thinking", "reasoning", "text", "summary", "content")
                if (t := _reasoning(value.get(key)))
            ),
            "",
        )
    return ""


def copy_extras(source: Mapping[str, Any] | None, target: dict[str, Any]) -> None:
    """Copy what LangChain drops of a message or delta: its reasoning and a refusal."""
    given = source or {}
    extras = {name: given.get(name) for name in ("reasoning_content", "refusal")}
    target.update({name: text for name, text in extras.items() if isinstance(text, str) and text})
