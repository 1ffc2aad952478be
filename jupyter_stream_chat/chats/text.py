"""The text of a run while a model writes it: numbered parts, of which the last one grows.

Owns Unicode: what comes in may be cut anywhere, even inside a surrogate pair; what is held, counted and
handed on is always valid. Lengths and offsets are in code points. Imports nothing at run time, because the
kernel's ``%chat`` uses it too.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from ..protocol import PartKind

REPLACEMENT = "\ufffd"
MOST_PARTS = 500
"""Parts of one run, each a box on the page; whatever follows is text."""
_BLOCK = 64
"""Pieces that are joined to one: a token apart from the others takes twenty times its size."""


class WholeText:
    """Makes valid Unicode of text that is cut anywhere.

    Providers that cut UTF-16 between chunks give halves of surrogate pairs: the halves are joined over calls,
    and a half without its other half becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._half = ""

    def add(self, text: str) -> str:
        """Return the text, without half a pair at its end, behind the half that waits."""
        text = self._half + text
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half, text = text[-1], text[:-1]
        try:
            text.encode()
        except UnicodeEncodeError:  # surrogates: UTF-16 is the one codec that joins pairs
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def close(self) -> str:
        """Return U+FFFD for half a pair that still waits."""
        half, self._half = self._half, ""
        return REPLACEMENT if half else ""


class StreamText:
    """A text, its length and its check value. Appending costs what is appended, a tail costs the tail."""

    def __init__(self, text: str = "") -> None:
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._loose = 0
        self._length = 0
        self._crc32 = 0
        self._incoming = WholeText()
        self.append(text)

    @property
    def length(self) -> int:
        """Code points held, without a half surrogate pair that waits for its other half."""
        return self._length

    def append(self, text: str) -> str:
        """Append text, which may be cut inside a surrogate pair; return what was really appended."""
        return self._take(self._incoming.add(text))

    def close(self) -> str:
        """Append U+FFFD for a half pair that still waits; return what was appended."""
        return self._take(self._incoming.close())

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

    @property
    def crc32(self) -> int:
        """The CRC-32 of the UTF-8 bytes of all that is held (``protocol.Digest``)."""
        return self._crc32

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._join(len(self._pieces))
        return self._pieces[0] if self._pieces else ""

    def _take(self, text: str) -> str:
        if not text:
            return ""
        self._crc32 = zlib.crc32(text.encode(), self._crc32)
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


class Piece(NamedTuple):
    """Text that continues a part: the fields of a ``protocol.Delta``."""

    part: int
    offset: int
    """Code points of the part before this text."""
    text: str
    kind: PartKind | None
    """The part's kind, where ``offset`` is 0."""


class Gap(Exception):
    """A piece does not continue the text that is held: something before it is missing."""


class StreamPart(StreamText):
    """One part of a run's text."""

    def __init__(self, kind: PartKind, text: str = "") -> None:
        super().__init__(text)
        self.kind = kind


class RunText(Sequence[StreamPart]):
    """All text of one run: what a model has written, or what deltas have brought."""

    def __init__(self, parts: Iterable[tuple[PartKind, str]] = ()) -> None:
        """Hold the given parts; an empty one counts too, so that the others keep their numbers."""
        self._parts = [StreamPart(kind, text) for kind, text in parts]

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, at: int) -> StreamPart: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[StreamPart]: ...

    def __getitem__(self, at: int | slice) -> StreamPart | Sequence[StreamPart]:
        return self._parts[at]

    @property
    def lengths(self) -> list[int]:
        """The length of each part."""
        return [part.length for part in self._parts]

    def clamp(self, lengths: Sequence[int]) -> list[int]:
        """Return how much of each part ``lengths`` covers; a part that is missing in it counts 0."""
        given = [*lengths, *[0] * len(self)]
        return [min(length, part.length) for length, part in zip(given, self._parts, strict=False)]

    def append(self, kind: PartKind, text: str) -> list[Piece]:
        """Append text that a model has written, and return what was really appended.

        Another kind than the last one's begins a new part.
        """
        if not text:
            return []
        ended: list[Piece] = []
        if not self._parts or self._parts[-1].kind != kind:
            ended = self.close()
            self._parts.append(StreamPart(kind))
        return ended + self._grown(self._parts[-1].append(text))

    def close(self) -> list[Piece]:
        """End the last part; return what was appended for half a surrogate pair that waits in it."""
        return self._grown(self._parts[-1].close()) if self._parts else []

    def put(self, part: int, offset: int, text: str, kind: PartKind | None = None) -> str:
        """Fold a piece in; return what of it is new. What is held already is left out.

        Raises Gap when it does not continue what is held.
        """
        if part == len(self) and offset == 0 and kind is not None:
            self._parts.append(StreamPart(kind))
        held = self._parts[part].length if part < len(self) else -1
        is_last = part == len(self) - 1
        if offset > held or (not is_last and offset + len(text) > held):
            raise Gap(f"part {part} at {offset} does not continue {self.lengths}")
        return self._parts[part].append(text[held - offset :]) if is_last else ""

    def _grown(self, text: str) -> list[Piece]:
        last = len(self) - 1
        offset = self._parts[last].length - len(text)
        return [Piece(last, offset, text, None if offset else self._parts[last].kind)] if text else []


class IncomingText:
    """Makes valid text of what a model writes, and tells the part of a ``RunText`` that each belongs to."""

    def __init__(self) -> None:
        self._part = -1
        self._kind: PartKind | None = None
        self._text = WholeText()

    def add(self, kind: PartKind, text: str) -> list[tuple[int, PartKind, str]]:
        """Return number and kind of a part, and text to append to it: all that can be appended by now."""
        if not text:
            return []
        ended = []
        if self._part >= MOST_PARTS - 1:
            kind = "text"
        if kind != self._kind:
            ended = self.close()
            self._part += 1
            self._kind = kind
        return ended + self._of_part(self._text.add(text))

    def close(self) -> list[tuple[int, PartKind, str]]:
        """Return what stands for half a surrogate pair that waits at the end of the last part."""
        return self._of_part(self._text.close())

    def _of_part(self, text: str) -> list[tuple[int, PartKind, str]]:
        return [(self._part, self._kind, text)] if text and self._kind else []


class Cursor:
    """How much of a run's text one reader has been given."""

    def __init__(self, text: RunText, lengths: Sequence[int] = ()) -> None:
        """Begin behind ``lengths``, the text that the reader has, at the latest where a part is not whole."""
        self._text = text
        self._part, self._offset = 0, 0
        for part, length in enumerate(text.clamp(lengths)):
            if length == 0:
                break
            self._part, self._offset = part, length
            if length < text[part].length:
                break

    @property
    def lengths(self) -> list[int]:
        """What the reader has of each part."""
        return [*self._text.lengths[: self._part], self._offset] if len(self._text) else []

    @property
    def is_at_end(self) -> bool:
        """Whether the reader has all text."""
        last = len(self._text) - 1
        return last < 0 or (self._part >= last and self._offset >= self._text[last].length)

    def next(self, characters: int) -> Piece | None:
        """Return the text that follows, ``characters`` code points at most; None at the end."""
        if self.is_at_end:
            return None
        if self._offset >= self._text[self._part].length:
            self._part, self._offset = self._part + 1, 0
        part, offset = self._part, self._offset
        text = self._text[part].tail(offset, characters)
        if not text:  # half a surrogate pair waits for its other half
            return None
        self._offset += len(text)
        return Piece(part, offset, text, None if offset else self._text[part].kind)
