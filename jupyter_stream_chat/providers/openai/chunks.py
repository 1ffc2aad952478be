"""What a LangChain message or chunk holds, read in one place. Pure; loads nothing of LangChain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...protocol import FinishReason, Usage
from ..finish_reasons import meaning_of, word_of
from .payload_fixes import REMARKS, is_count

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def text_of(message: BaseMessage) -> str:
    """Return the visible text of a message: its content, or the text blocks of it."""
    content = message.content
    return content if isinstance(content, str) else "".join(_block_texts(content, "text"))


def reasoning_of(message: BaseMessage) -> str:
    """Return the reasoning that a message carries beside or within its content."""
    extra: Any = message.additional_kwargs.get("reasoning_content")
    if isinstance(extra, str):
        return extra
    content = message.content
    return "" if isinstance(content, str) else "".join(_block_texts(content, "reasoning"))


def refusal_text_of(message: BaseMessage) -> str:
    """Return the words with which the model refuses, which are no answer."""
    extra: Any = message.additional_kwargs.get("refusal")
    return extra if isinstance(extra, str) else ""


def _block_texts(blocks: list[str | dict[str, Any]], kind: str) -> list[str]:
    """Return the texts of the blocks of one kind (``thinking`` is Anthropic's word for reasoning)."""
    texts: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            texts += [block] if kind == "text" else []
        elif block.get("type") == kind:
            texts.append(str(block.get(kind) or ""))
        elif kind == "reasoning" and block.get("type") == "thinking":
            texts.append(str(block.get("thinking") or ""))
    return texts


def end_word_of(message: BaseMessage) -> str | None:
    """Return why the model ended, in the provider's own word, where this message says so."""
    metadata = message.response_metadata
    # LangChain's Ollama, Google and Bedrock classes have names of their own.
    named = (metadata.get(name) for name in ("finish_reason", "stop_reason", "done_reason", "stopReason"))
    return next((word for each in named if (word := word_of(each))), None)


def finish_reason_of(message: BaseMessage) -> FinishReason | None:
    """Return why the model ended, where this message says so in a word that is known."""
    word = end_word_of(message)
    return meaning_of(word) if word else None


def remarks_of(message: BaseMessage) -> list[str]:
    """Return what is odd about the answer, as codes."""
    remarks: Any = message.additional_kwargs.get(REMARKS)
    found = [str(each) for each in remarks] if isinstance(remarks, list) else []
    calls = getattr(message, "tool_calls", None) or getattr(message, "tool_call_chunks", None)
    return [*found, "tool_calls"] if calls and "tool_calls" not in found else found


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
        )
    except (
        AttributeError,
        KeyError,
        ValueError,
    ):  # the text is worth more than a count
        return None


def _count(value: Any) -> int:
    """Return a number of tokens. Raises ValueError for what is none."""
    if not is_count(value):
        raise ValueError(f"{value!r} is no number of tokens")
    return int(value)
