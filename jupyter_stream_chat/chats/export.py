"""A chat as a file: Markdown and a notebook to read, JSON to compute with and to import again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from pydantic_core import to_json

from ..notebook_markdown.portable import portable
from ..protocol import AttachmentPart, ChatInfo, Message
from .tree import text_of

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
Format: TypeAlias = Literal["markdown", "json", "ipynb"]

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_HEADING: Final = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)")
_UNDERLINE: Final = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_LOWEST: Final = 6
"""HTML has six levels of headings."""
_CODE_LANGUAGES: Final = ("python", "py", "python3", "ipython")


@dataclass(frozen=True)
class _Branch:
    """Messages that the active branch does not have, from where they leave it or another one."""

    after: Message | None
    messages: Sequence[Message]


def to_markdown(
    chat: ChatInfo,
    branch: Sequence[Message],
    attached: Mapping[str, str] = _NOTHING,
    messages: Sequence[Message] = (),
) -> str:
    """Return a chat as it is shown: what counts of each message, without reasoning.

    ``attached``: the contents of attachments by their hash; each stands before its question. ``messages``:
    those of all branches; what the active one does not have follows it. Its headings are nested.
    """
    parts = [f"# {chat.title}" if chat.title else "# Chat"]
    for message in branch:
        parts += _markdown_of(message, attached, level=2)
    for number, other in enumerate(_other_branches(branch, messages), 1):
        parts.append(f"## Branch {number}, {_place(other)}")
        for message in other.messages:
            parts += _markdown_of(message, attached, level=3)
    return "\n\n".join(part for part in parts if part) + "\n"


def to_notebook(
    chat: ChatInfo,
    branch: Sequence[Message],
    attached: Mapping[str, str] = _NOTHING,
    messages: Sequence[Message] = (),
) -> bytes:
    """Return a chat as a notebook: Python code of answers in cells of code, everything else in Markdown."""
    cells: list[dict[str, Any]] = []

    def add(kind: str, source: str) -> None:
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{len(cells)}",
            "metadata": {},
            "source": source,
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)

    def add_message(message: Message, level: int) -> None:
        heading, *enclosures, _ = _markdown_of(message, attached, level)
        add("markdown", "\n\n".join([heading, *enclosures]))
        for kind, source in _cells_of(text_of(message).strip()):
            add(kind, portable(_nested(source, level)) if kind == "markdown" else source)

    add("markdown", f"# {chat.title or 'Chat'}")
    for message in branch:
        add_message(message, 2)
    for number, other in enumerate(_other_branches(branch, messages), 1):
        add("markdown", f"## Branch {number}, {_place(other)}")
        for message in other.messages:
            add_message(message, 3)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return to_json(notebook, indent=1) + b"\n"


def to_json_bytes(
    chat: ChatInfo, messages: Sequence[Message], attached: Mapping[str, str] = _NOTHING
) -> bytes:
    """Return a chat with the messages of all its branches, as the wire has them, and their attachments."""
    values: dict[str, object] = {"chat": chat, "messages": list(messages)}
    if attached:
        values["attachments"] = dict(attached)
    return to_json(values, exclude_none=True, indent=2)


def file_name(chat: ChatInfo, suffix: str) -> str:
    """Return a name for the file that every file system takes."""
    kept = "".join(character if character.isalnum() else " " for character in chat.title)
    return ("-".join(kept.split())[:60] or "chat") + suffix


def _markdown_of(message: Message, attached: Mapping[str, str], level: int) -> list[str]:
    """Return a message's heading, its attachments and its text."""
    at = datetime.fromtimestamp(message.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    enclosures = [_enclosure(part, attached) for part in message.content if part.type == "attachment"]
    heading = f"{'#' * level} {message.author}, {at}"
    return [heading, *enclosures, _nested(text_of(message).strip(), level)]


def _enclosure(part: AttachmentPart, attached: Mapping[str, str]) -> str:
    text = attached.get(part.sha256, "")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    title = " ".join(part.title.split())
    heading = [f"Attachment ({part.kind}): {title}", *part.omitted]
    return "\n\n".join([*heading, f"{fence}\n{text}\n{fence}"])


def _nested(text: str, level: int) -> str:
    """Return Markdown with its headings below ``level``; what looks like one in a block of code stays."""
    lines: list[str] = []
    for line, is_code in _lines_of(text):
        if is_code:
            lines.append(line)
        elif match := _HEADING.match(line):
            depth = min(_LOWEST, len(match[2]) + level)
            lines.append(f"{match[1]}{'#' * depth}{line[match.end() :]}")
        elif (match := _UNDERLINE.match(line)) and lines and _is_paragraph(lines[-1]):
            depth = min(_LOWEST, (1 if match[1][0] == "=" else 2) + level)
            lines[-1] = f"{'#' * depth} {lines[-1].strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)


def _is_paragraph(line: str) -> bool:
    """Tell whether a line can be the text of an underlined heading."""
    return bool(line.strip()) and not re.match(r"^( {4}|\t| {0,3}([#>|]|[-*+] |\d+[.)] |```|~~~))", line)


def _lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a Markdown text, and whether each belongs to a fenced block."""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence and match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
            yield line, True
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
            yield line, True
        else:
            yield line, bool(fence)


def _cells_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds and sources of the cells of an answer."""
    prose: list[str] = []
    code: list[str] | None = None
    was_code = False
    for line, is_code in _lines_of(text):
        begins = is_code and not was_code
        match = _FENCE.match(line) if is_code else None
        ends = bool(was_code and match and not begins and not match[2].strip())
        if begins and match and match[2].strip().lower() in _CODE_LANGUAGES:
            if source := "\n".join(prose).strip():
                yield "markdown", source
            prose, code = [], []
        elif code is None:
            prose.append(line)
        elif ends:
            yield "code", "\n".join(code)
            code = None
        else:
            code.append(line)
        was_code = is_code and not ends
    if code is not None:
        yield "code", "\n".join(code)
    if source := "\n".join(prose).strip():
        yield "markdown", source


def _other_branches(branch: Sequence[Message], messages: Sequence[Message]) -> list[_Branch]:
    """Return the messages that are not in the active branch, as branches that each begin once."""
    by_id = {message.message_id: message for message in messages}
    shown = {message.message_id for message in branch}
    parents = {message.parent_id for message in messages}
    found: list[_Branch] = []
    for leaf in messages:
        if leaf.message_id in parents or leaf.message_id in shown:
            continue
        path: list[Message] = []
        at: Message | None = leaf
        while at is not None and at.message_id not in shown:
            path.insert(0, at)
            shown.add(at.message_id)
            at = by_id.get(at.parent_id or "")
        found.append(_Branch(at, path))
    return found


def _place(branch: _Branch) -> str:
    if branch.after is None:
        return "from the beginning"
    first = " ".join(text_of(branch.after).split())
    return f"after “{first[:40]}{'…' if len(first) > 40 else ''}”"
