"""What OpenAI-shaped servers send, mended before LangChain reads it. Pure; loads nothing of LangChain."""

from __future__ import annotations

from typing import Any

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")


class MalformedAnswer(Exception):
    """The provider sent something that is no answer in OpenAI's protocol."""


def with_sound_usage(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer or chunk without its token counts if they are malformed: its text is worth more."""
    usage = answer.get("usage")
    return answer if usage is None or _is_sound(usage) else {**answer, "usage": None}


def with_deltas(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return a chunk whose choices all have a delta: Azure's content filter sends some without."""
    choices = chunk.get("choices") or []
    if all("delta" in choice for choice in choices):
        return chunk
    return {**chunk, "choices": [{"delta": None, **choice} for choice in choices]}


def _is_sound(usage: Any) -> bool:
    if not isinstance(usage, dict) or not all(_is_count(usage.get(name)) for name in _COUNTS):
        return False
    details = [usage.get(name) or {} for name in _DETAILS]
    return all(
        isinstance(each, dict) and all(_is_count(value) for value in each.values() if value is not None)
        for each in details
    )


def _is_count(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 0)


def copy_extras(source: dict[str, Any] | None, target: dict[str, Any]) -> None:
    """Copy what LangChain drops of a message or delta: its reasoning, by both usual names, and a refusal."""
    given = source or {}
    extras = {
        "reasoning_content": given.get("reasoning_content") or given.get("reasoning"),
        "refusal": given.get("refusal"),
    }
    target.update({name: text for name, text in extras.items() if isinstance(text, str) and text})
