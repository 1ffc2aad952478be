"""A chat as a file: Markdown to read, JSON to compute with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from pydantic_core import to_json

from ..protocol import ChatInfo, Message
from .tree import text_of

Format: TypeAlias = Literal["markdown", "json"]


def to_markdown(chat: ChatInfo, branch: Sequence[Message]) -> str:
    """Return one branch of a chat as it is shown: what counts of each message, without reasoning."""
    parts = [f"# {chat.title}" if chat.title else "# Chat"]
    for message in branch:
        at = datetime.fromtimestamp(message.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        parts += [f"## {message.author}, {at}", text_of(message).strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_json_bytes(chat: ChatInfo, messages: Sequence[Message]) -> bytes:
    """Return a chat with the messages of all its branches, as the wire has them."""
    values = {"chat": chat, "messages": list(messages)}
    return to_json(values, exclude_none=True, indent=2)


def file_name(chat: ChatInfo, suffix: str) -> str:
    """Return a name for the file that every file system takes."""
    kept = "".join(character if character.isalnum() else " " for character in chat.title)
    return ("-".join(kept.split())[:60] or "chat") + suffix
