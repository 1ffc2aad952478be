"""Decodes an event stream (WHATWG HTML, 9.2.6) as servers send it, not only as they should. Pure.

Bytes that are no UTF-8 are replaced, a byte order mark is skipped. Beyond the standard it reads JSON lines
without ``data:``, an ``error:`` field, events that no blank line ends, indented and capital field names, JSON
that goes on in the lines below its ``data:``, and it keeps what is no event stream.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .payload_fixes import MalformedAnswer

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_FIELDS: Final = frozenset({"data", "event", "id", "retry", "error"})
_DONE: Final = "[DONE]"
_MOST_OTHER: Final = 64 * 1024
"""Code points that are kept of what is no event."""
_LONGEST: Final = 32 * 2**20
"""Code points of one event: an answer of millions of characters, each written as an escape, is one."""
_MOST_LOOKED_AT: Final = 8 * 2**20
"""Code points that are read for whether the lines of one event are whole JSON by now."""


@dataclass(frozen=True)
class Event:
    """One event that has data."""

    data: str
    name: str = ""
    """The event's type; empty: ``message``."""
    is_bare: bool = False
    """It is JSON that stood there without ``data:``."""


class EventDecoder:
    """Takes the bytes of a stream, cut anywhere; returns its events."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text: list[str] = []
        """The line that has not ended, as it came."""
        self._name = ""
        self._data: list[str] = []
        self._data_length = 0
        self._length = 0
        """Code points of the line that has not ended, and of the event's lines."""
        self._looked_at = 0
        """Code points that were read for whether the event's lines are whole."""
        self._bare = ""

    @property
    def other(self) -> str:
        """What stood in the stream and is neither an event nor JSON: a web page, say."""
        return self._bare.strip()

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes; return the events that are complete. Raises MalformedAnswer for one without end."""
        return list(self._lines(self._decode(data), ended=False))

    def close(self) -> list[Event]:
        """Return what the end of the stream completes. Half an event is none."""
        events = list(self._lines(self._decode(b"", True), ended=True))
        if self._data and self._is_whole():
            events += self._dispatch()
        return events

    def _lines(self, text: str, *, ended: bool) -> Iterator[Event]:
        self._length += len(text)
        if self._length > _LONGEST:
            raise MalformedAnswer(f"An event of the stream has more than {_LONGEST} characters.")
        waits = bool(self._text) and self._text[-1].endswith("\r")
        if not ended and not waits and _LINE_END.search(text) is None:
            self._text.append(text)  # a long line is looked through once
            return
        text = "".join([*self._text, text])
        start = 0
        for match in _LINE_END.finditer(text):
            if match.group() == "\r" and match.end() == len(text) and not ended:
                break  # a line feed may follow
            yield from self._line(text[start : match.start()])
            start = match.end()
        rest = text[start:]
        self._text = [rest]
        if ended and rest:
            self._text = []
            yield from self._line(rest)
        self._length = len(rest) + self._data_length

    def _line(self, line: str) -> Iterator[Event]:
        line = line.removeprefix("\ufeff")  # streams that a gateway put one behind the other have one each
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.removeprefix(" ")
        if self._data and name and name not in _FIELDS and name[0] != "<" and not self._is_whole():
            self._append(line)
            return
        if self._bare or line.lstrip()[:1] in ("{", "[", "<"):
            yield from self._bare_line(line)
            return
        if not line:
            yield from self._dispatch()
            return
        if name == "data":
            if self._data and self._is_whole():  # nothing but line ends between events
                yield from self._dispatch()
            self._append(value)
        elif name == "event":
            self._name = value.strip()
        elif name == "error" and value:
            yield Event(value, "error")
        elif name and name not in _FIELDS and not (colon and name.isidentifier()):
            yield from self._bare_line(line)

    @property
    def _joined(self) -> str:
        return "\n".join(self._data)

    def _bare_line(self, line: str) -> Iterator[Event]:
        """Collect what is no field until it is JSON, or the stream ends."""
        if not self._bare and line.strip().startswith(_DONE):
            yield Event(_DONE)
            return
        if self._bare and line.startswith(("data:", "event:", ":")):
            self._bare = ""
            yield from self._line(line)
            return
        if len(self._bare) >= _MOST_OTHER:
            return
        self._bare += line + "\n"
        text = self._bare.strip()
        if text.endswith(("}", "]")) and self._may_look_at(len(text)) and _is_json(text):
            self._bare, self._looked_at = "", 0
            yield Event(text, self._name, is_bare=True)

    def _dispatch(self) -> Iterator[Event]:
        data, name = self._joined, self._name
        self._data, self._data_length, self._name, self._looked_at = [], 0, "", 0
        if data.strip():
            yield Event(data, name)

    def _append(self, line: str) -> None:
        self._data.append(line)
        self._data_length += len(line)

    def _is_whole(self) -> bool:
        """Tell whether the lines of the event are whole by now; False where that was asked too often."""
        if not self._may_look_at(self._data_length):
            return False
        data = self._joined
        return data.strip().startswith(_DONE) or _is_json(data)

    def _may_look_at(self, length: int) -> bool:
        is_first = self._looked_at == 0
        self._looked_at += length
        return is_first or self._looked_at <= _MOST_LOOKED_AT


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
