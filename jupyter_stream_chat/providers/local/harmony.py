"""The channels of gpt-oss's answers, told apart piece by piece.

Pure; the format is at https://github.com/openai/harmony, docs/format.md. The engine shows its special tokens
as text; this reads them. ``analysis`` is reasoning; ``final``, and what the model says to the user in
``commentary``, is the answer. A call of a tool, which nobody offered, is shown as reasoning: nothing that the
model wrote is lost.
"""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["text", "reasoning"]
Piece = tuple[Kind, str]

_MESSAGE: Final = "<|message|>"
_BEGIN_HEADER: Final = ("<|start|>", "<|channel|>")
_END_BODY: Final = ("<|end|>", "<|return|>", "<|call|>", *_BEGIN_HEADER)
_LONGEST_HEADER: Final = 200
"""Code points after which a header that is not closed is text."""


class HarmonySplitter:
    """Takes the text of one answer, cut anywhere; returns it as pieces of reasoning and of the answer."""

    def __init__(self) -> None:
        """Begin where the prompt ends: behind ``<|start|>assistant``, in a header."""
        self._held = ""
        self._in_header = True
        self._kind: Kind = "text"

    def add(self, text: str) -> list[Piece]:
        """Take text; return what is told apart by now."""
        self._held += text
        return self._pieces(ended=False)

    def close(self) -> list[Piece]:
        """Return what was held back, at the end of the text."""
        return self._pieces(ended=True)

    def _pieces(self, *, ended: bool) -> list[Piece]:
        pieces: list[Piece] = []
        while self._held:
            step = self._header(ended) if self._in_header else self._body(ended)
            if step is None:
                break
            if step[1]:
                pieces.append(step)
        return pieces

    def _header(self, ended: bool) -> Piece | None:
        """Read a header to its end. None: it is not complete yet."""
        header, message, rest = self._held.partition(_MESSAGE)
        if message:
            self._held, self._in_header = rest, False
            self._kind = _channel_of(header)
            return self._kind, ""
        if not ended and len(self._held) < _LONGEST_HEADER and self._may_be_header():
            return None
        self._in_header = False  # a model that writes no channels
        self._kind = "text"
        if ended and self._held.startswith((*_BEGIN_HEADER, "assistant")):
            self._held = ""  # the answer ended within a header: there is no text in it
        return self._kind, ""

    def _may_be_header(self) -> bool:
        """Tell whether what is held begins as headers do."""
        beginnings = ("assistant", " to=", "to=", *_BEGIN_HEADER, *_END_BODY)
        return any(each.startswith(self._held) or self._held.startswith(each) for each in beginnings)

    def _body(self, ended: bool) -> Piece | None:
        """Take text of the open message, to its end if that is here. None: what is held may be a mark."""
        found = min(((self._held.find(mark), mark) for mark in _END_BODY if mark in self._held), default=None)
        if found is not None:
            at, mark = found
            text, self._held = self._held[:at], self._held[at:]
            if not text:
                self._held = self._held.removeprefix(mark)
                self._in_header = True
            return self._kind, text
        keep = 0 if ended else max(_beginning_at_end(self._held, mark) for mark in _END_BODY)
        text, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return (self._kind, text) if text else None


def _channel_of(header: str) -> Kind:
    """Return where a message with this header goes."""
    name = header.rpartition("<|channel|>")[2].split()
    if name[:1] == ["analysis"] or " to=" in header or header.startswith("to="):
        return "reasoning"
    return "text"


def _beginning_at_end(text: str, mark: str) -> int:
    """Return the length of the longest end of ``text`` that begins ``mark``."""
    longest = min(len(mark) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(mark[:n])), 0)
