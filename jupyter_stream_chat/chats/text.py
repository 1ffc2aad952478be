"""Text that grows while a model writes it: one channel of one run.

Owns Unicode: what comes in may be cut anywhere, even inside a surrogate pair; what is held, counted and
handed on is always valid. Lengths and offsets are in code points.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right

from ..protocol import Digest

REPLACEMENT = "\ufffd"
_BLOCK = 64
"""Pieces that are joined to one: a token apart from the others takes twenty times its size."""


class StreamText:
    """A text, its length and its check value. Appending costs what is appended, a tail costs the tail."""

    def __init__(self, text: str = "") -> None:
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._loose = 0
        self._length = 0
        self._crc32 = 0
        self._held = ""
        self._before = (0, 0)
        """Length and check value before the last append."""
        self.append(text)

    @property
    def length(self) -> int:
        """Code points held, without a half surrogate pair that waits for its other half."""
        return self._length

    def append(self, text: str) -> str:
        """Append text and return what was really appended.

        Providers that cut UTF-16 between chunks give halves of surrogate pairs: the halves are joined over
        calls, and a half without its other half becomes U+FFFD.
        """
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held, text = text[-1], text[:-1]
        return self._take(text)

    def undo(self, text: str) -> None:
        """Take back what the last ``append`` or ``close`` returned."""
        self._length, self._crc32 = self._before
        left = self._pieces.pop()[: -len(text)]
        start = self._starts.pop()
        self._loose -= 1
        if left:  # it had been joined to those before
            self._pieces.append(left)
            self._starts.append(start)
            self._loose = 0

    def redo(self, text: str) -> None:
        """Append text that was taken back."""
        self._take(text)

    def close(self) -> str:
        """Append U+FFFD for a half pair that still waits; return what was appended."""
        lone, self._held = self._held, ""
        return self._take(REPLACEMENT if lone else "")

    def tail(self, offset: int, limit: int | None = None) -> str:
        """Return the text from ``offset`` (0 to ``length``) on, at most ``limit`` code points of it.

        Costs what is returned, however much stands before or behind it.
        """
        end = self._length if limit is None else min(self._length, offset + limit)
        if offset >= end:
            return ""
        first = bisect_right(self._starts, offset) - 1
        last = bisect_right(self._starts, end - 1)
        # Each piece is cut once: one piece may be the whole text.
        return "".join(
            piece[max(0, offset - start) : end - start]
            for piece, start in zip(self._pieces[first:last], self._starts[first:last], strict=True)
        )

    def digest(self) -> Digest:
        """Return the check value of all that is held."""
        return Digest(length=self._length, crc32=self._crc32)

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._join(len(self._pieces))
        return self._pieces[0] if self._pieces else ""

    def _take(self, text: str) -> str:
        if not text:
            return ""
        try:
            encoded = text.encode()
        except UnicodeEncodeError:  # surrogates: UTF-16 is the one codec that joins pairs
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            encoded = text.encode()
        self._before = (self._length, self._crc32)
        self._crc32 = zlib.crc32(encoded, self._crc32)
        self._pieces.append(text)
        self._starts.append(self._length)
        self._length += len(text)
        self._loose += 1
        if self._loose == _BLOCK:
            self._join(_BLOCK)
        return text

    def _join(self, count: int) -> None:
        """Make one piece of the last ones."""
        self._pieces[-count:] = ["".join(self._pieces[-count:])]
        del self._starts[len(self._pieces) :]
        self._loose = 0
