"""What a LangChain message or chunk holds, read in one place. Pure; loads nothing of LangChain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ...protocol import FinishReason, PartKind, Usage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "tool_calls": "stop",
    "function_call": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}


def pieces_of(message: BaseMessage) -> list[tuple[PartKind, str]]:
    """Return the text and the reasoning that a message carries, in their order.

    Reasoning beside the content (``reasoning_content``) comes first: it was generated before.
    """
    extra: Any = message.additional_kwargs.get("reasoning_content")
    content = message.content
    blocks = [content] if isinstance(content, str) else content
    pieces = [piece for block in blocks if (piece := _piece_of(block))[1]]
    if isinstance(extra, str) and extra:
        # Where both are there, they are the same reasoning.
        pieces = [("reasoning", extra), *(piece for piece in pieces if piece[0] != "reasoning")]
    return pieces


def text_of(message: BaseMessage) -> str:
    """Return the visible text of a message."""
    return "".join(text for kind, text in pieces_of(message) if kind == "text")


def refusal_text_of(message: BaseMessage) -> str:
    """Return the words with which the model refuses, which are no answer."""
    extra: Any = message.additional_kwargs.get("refusal")
    return extra if isinstance(extra, str) else ""


def _piece_of(block: str | dict[str, Any]) -> tuple[PartKind, str]:
    """Return what one block holds; an unknown kind holds no text (``thinking`` is Anthropic's reasoning)."""
    if isinstance(block, str):
        return "text", block
    match block.get("type"):
        case "reasoning" | "thinking" as name:
            return "reasoning", str(block.get(name) or "")
        case "text":
            return "text", str(block.get("text") or "")
        case _:
            return "text", ""


def finish_reason_of(message: BaseMessage) -> FinishReason | None:
    """Return why the model ended, where this message says so."""
    metadata = message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    return _FINISH_REASONS.get(str(reason).lower(), "stop") if reason else None


def usage_of(message: BaseMessage) -> Usage | None:
    """Return the tokens that the provider counted, where this message has them."""
    usage = getattr(message, "usage_metadata", None)
    if not usage:
        return None
    try:
        details = usage.get("output_token_details") or {}
        return Usage(
            input_tokens=usage.get("input_tokens") or 0,
            output_tokens=usage.get("output_tokens") or 0,
            reasoning_tokens=details.get("reasoning") or 0,
        )
    except (AttributeError, ValidationError):  # an answer is not worth less for a count that is no number
        return None
