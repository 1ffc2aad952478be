"""How a model's text becomes the parts of its run: joined to a continued answer, held back in a pause.

Owns the run's text and detects answers that repeat themselves. Knows no model and no end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ..chats.text import Piece, RunText
from ..protocol import PartKind
from .continuation import OverlapTrimmer
from .pause_buffer import PauseBuffer
from .repetition import Repeat, Repetition
from .run_stats import RunStats


class TextSink(Protocol):
    """Where text goes, piece by piece."""

    def keep(self, part: int, kind: PartKind, text: str) -> None:
        """Put text of a part where it survives the process."""

    def began(self) -> None:
        """Take note of the first text."""

    def on_text(self) -> None:
        """Tell the readers that there is more text."""


class AnswerBuffer:
    """Takes the text of one run."""

    def __init__(
        self, sink: TextSink, stats: RunStats, on_repetition: Callable[[Repeat], None] | None
    ) -> None:
        """``on_repetition`` is called once, when the text repeats itself; None: no detection."""
        self.text = RunText()
        self.trimmer = OverlapTrimmer("", exact=True)
        """Removes from this run's text what repeats the end of a continued answer."""
        self.pause_buffer: PauseBuffer | None = None
        """While the run is paused."""
        self._sink = sink
        self._stats = stats
        self._on_repetition = on_repetition
        self._repetition: dict[PartKind, Repetition] = defaultdict(Repetition)

    def add(self, kind: PartKind, text: str) -> None:
        """Take a token."""
        if kind == "text":
            text = self.trimmer.add(text)
        else:
            self._pass_on("text", self.trimmer.flush())
        self._pass_on(kind, text)

    def release(self) -> None:
        """End the pause: the text that was held back is appended."""
        pause_buffer, self.pause_buffer = self.pause_buffer, None
        if pause_buffer is not None:
            for kind, text in pause_buffer.release():
                self._append(kind, text)

    def stop_detection(self) -> None:
        """Detect no repetition from now on."""
        self._on_repetition = None

    def close(self) -> None:
        """Append all text that was held back: the answer is complete."""
        self.stop_detection()
        self.release()
        self._append("text", self.trimmer.close())
        self._take(self.text.close())

    def clamped(self, shown: Sequence[int] | None) -> list[int]:
        """Return how much of each part was shown, which is no more than there is; None: all."""
        return self.text.lengths if shown is None else self.text.clamp(shown)

    def _pass_on(self, kind: PartKind, text: str) -> None:
        if self.pause_buffer is not None:
            self.pause_buffer.add(kind, text)
        else:
            self._append(kind, text)

    def _append(self, kind: PartKind, text: str) -> None:
        self._take(self.text.append(kind, text))

    def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            kind = self.text[piece.part].kind
            self._sink.keep(piece.part, kind, piece.text)
            if self._stats.took(piece.part, piece.offset + len(piece.text)):
                self._sink.began()
            self._sink.on_text()
            if self._on_repetition is not None and (loop := self._repetition[kind].add(piece.text)):
                on_repetition, self._on_repetition = self._on_repetition, None
                on_repetition(loop)
