"""A chat as a file: Markdown to read, JSON to compute with. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from pydantic_core import to_json

from ..protocol import AttachmentPart, ChatInfo, Message
from .tree import text_of

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
Format: TypeAlias = Literal["markdown", "json"]


def to_markdown(chat: ChatInfo, branch: Sequence[Message], attached: Mapping[str, str] = _NOTHING) -> str:
    """Return one branch of a chat as it is shown: what counts of each message, without reasoning.

    ``attached``: the contents of attachments by their hash; each stands before its question.
    """
    parts = [f"# {chat.title}" if chat.title else "# Chat"]
    for message in branch:
        at = datetime.fromtimestamp(message.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        enclosures = [_enclosure(part, attached) for part in message.content if part.type == "attachment"]
        parts += [f"## {message.author}, {at}", *enclosures, text_of(message).strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_json_bytes(
    chat: ChatInfo, messages: Sequence[Message], attached: Mapping[str, str] = _NOTHING
) -> bytes:
    """Return a chat with the messages of all its branches, as the wire has them, and their attachments."""
    values: dict[str, object] = {"chat": chat, "messages": list(messages)}
    if attached:
        values["attachments"] = dict(attached)
    return to_json(values, exclude_none=True, indent=2)


def _enclosure(part: AttachmentPart, attached: Mapping[str, str]) -> str:
    text = attached.get(part.sha256, "")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    title = " ".join(part.title.split())
    heading = [f"Attachment ({part.kind}): {title}", *part.omitted]
    return "\n\n".join([*heading, f"{fence}\n{text}\n{fence}"])


def file_name(chat: ChatInfo, suffix: str) -> str:
    """Return a name for the file that every file system takes."""
    kept = "".join(character if character.isalnum() else " " for character in chat.title)
    return ("-".join(kept.split())[:60] or "chat") + suffix
