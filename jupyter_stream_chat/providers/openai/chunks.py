"""What a LangChain message or chunk holds, read in one place. Pure; loads nothing of LangChain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...protocol import PartKind, Usage
from ..finish_reasons import word_of
from .payload_fixes import COST, FAILURE, REMARKS, is_cost, is_count

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


REASONING: Final = "reasoning_content"
"""Key of an earlier answer's reasoning, in its ``response_metadata``: sent where a deployment asks for it."""


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


def end_word_of(message: BaseMessage) -> str | None:
    """Return why the model ended, in the provider's own word, where this message says so."""
    metadata = message.response_metadata
    # LangChain's Ollama, Google and Bedrock classes have names of their own.
    named = (metadata.get(name) for name in ("finish_reason", "stop_reason", "done_reason", "stopReason"))
    return next((word for each in named if (word := word_of(each))), None)


def remarks_of(message: BaseMessage) -> list[str]:
    """Return what is odd about the answer, as codes."""
    remarks: Any = message.additional_kwargs.get(REMARKS)
    found = [str(each) for each in remarks] if isinstance(remarks, list) else []
    calls = getattr(message, "tool_calls", None) or getattr(message, "tool_call_chunks", None)
    return [*found, "tool_calls"] if calls and "tool_calls" not in found else found


def failure_of(message: BaseMessage) -> Exception | None:
    """Return the error with which an answer in one piece ends, where it has text all the same."""
    failure: Any = message.additional_kwargs.get(FAILURE)
    return failure if isinstance(failure, Exception) else None


def usage_of(message: BaseMessage) -> Usage | None:
    """Return the tokens that the provider counted, where this message has them."""
    usage = getattr(message, "usage_metadata", None)
    if not usage:
        return None
    try:
        details = usage.get("output_token_details") or {}
        return Usage(
            input_tokens=_count(usage["input_tokens"]),
            output_tokens=_count(usage["output_tokens"]),
            reasoning_tokens=_count(details.get("reasoning") or 0),
            guessed_tokens=_count(details.get("guessed") or 0),
            accepted_tokens=_count(details.get("accepted") or 0),
            cost=_cost_of(message),
        )
    except (
        AttributeError,
        KeyError,
        ValueError,
    ):  # the text is worth more than a count
        return None


def _cost_of(message: BaseMessage) -> float | None:
    """Return what the provider says that the answer cost; some repeat a running total with each chunk."""
    said: Any = message.additional_kwargs.get(COST)
    return max(filter(is_cost, said), default=None) if isinstance(said, list) else None


def _count(value: Any) -> int:
    """Return a number of tokens. Raises ValueError for what is none."""
    if not is_count(value):
        raise ValueError(f"{value!r} is no number of tokens")
    return int(value)
