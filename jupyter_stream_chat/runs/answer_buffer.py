"""How a model's text becomes the parts of its run: joined to a continued answer, held back in a pause.

Owns the run's text and detects answers that repeat themselves. Knows no model and no end.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from ..chats.text import IncomingText, RunText
from ..protocol import PartKind
from ..providers.reasoning import ReasoningSplitter
from .continuation import OverlapTrimmer, Prompt
from .pause_buffer import PauseBuffer
from .repetition import Repeat, Repetition
from .run_stats import RunStats


class TextSink(Protocol):
    """Where text goes, piece by piece."""

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Put text of a part where it survives the process.

        False where that takes long: ``on_written`` is called once it is done.
        """

    def began(self) -> None:
        """Take note of the first text."""

    def on_text(self) -> None:
        """Tell the readers that there is more text."""


@dataclass(frozen=True)
class _Source:
    """A stretch of a part: its kind from now on, and where it lay."""

    kind: PartKind
    part: int
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: RunText) -> str:
        """Return the stretch's text."""
        return str(text[self.part])[self.start : self.end]

    def covered(self, lengths: Sequence[int]) -> int:
        """Return how much of the stretch lies within ``lengths`` of the parts as they were."""
        length = lengths[self.part] if self.part < len(lengths) else 0
        return max(0, min(self.end, length) - self.start)


class AnswerBuffer:
    """Takes the text of one run."""

    def __init__(
        self, sink: TextSink, stats: RunStats, on_repetition: Callable[[Repeat], None] | None
    ) -> None:
        """``on_repetition`` is called once, when the text repeats itself; None: no detection."""
        self.text = RunText()
        """The text that is where it survives the process."""
        self.characters = 0
        """Code points taken, written or not."""
        self.trimmer = OverlapTrimmer("", exact=True)
        """Removes from this run's text what repeats the end of a continued answer."""
        self.splitter = ReasoningSplitter()
        """Tells reasoning within the text apart."""
        self._channel: ReasoningSplitter | None = None
        """Takes tags out of what the provider calls reasoning; None: it says none at the moment."""
        self.pause_buffer: PauseBuffer | None = None
        """While the run is paused."""
        self._continues = False
        self._assumes_reasoning = False
        self._sources: list[list[_Source]] = []
        """Where each part lay before it was reclassified; empty: no part was."""
        self._sink = sink
        self._stats = stats
        self._on_repetition = on_repetition
        self._incoming = IncomingText()
        self._unwritten: deque[tuple[PartKind, str]] = deque()
        """Text that is shown once it is written."""
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._repetition: dict[PartKind, Repetition] = defaultdict(Repetition)

    def continues(self, prompt: Prompt) -> None:
        """Take note of the answer that is continued."""
        self.trimmer = prompt.trimmer()
        self._continues = bool(prompt.kept)

    def begins_inside_reasoning(self) -> None:
        """Expect the answer to begin inside its reasoning, as earlier ones of its deployment did."""
        if not self._continues and not self.characters:
            self._assumes_reasoning = True
            self.splitter = ReasoningSplitter(opened=True)

    @property
    def opened_its_reasoning(self) -> bool | None:
        """Whether the answer began inside its reasoning, seen once its text is complete.

        False: it was expected to, and nothing closed the reasoning; None: there is nothing to learn.
        """
        if self._assumes_reasoning:
            return self.splitter.has_closed
        return True if self.splitter.unopened and not self._continues else None

    def add(self, kind: PartKind, text: str) -> None:
        """Take a token; reasoning within the text is told apart."""
        if kind == "reasoning" and self._assumes_reasoning and not self.characters:
            # The server tells the two apart itself by now.
            self._assumes_reasoning, self.splitter = False, ReasoningSplitter()
        if kind == "text":
            self._close_channel()
            pieces = self.splitter.add(text)
        else:
            self._channel = self._channel or ReasoningSplitter(opened=True, told_apart=True)
            pieces = self._channel.add(text)
        for each, piece in pieces:
            self._put(each, piece)

    def _close_channel(self) -> None:
        channel, self._channel = self._channel, None
        for kind, text in channel.close() if channel else []:
            self._put(kind, text)

    def _put(self, kind: PartKind, text: str) -> None:
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

    async def close(self) -> None:
        """Append all text that was held back: the answer is complete. Return when all of it is shown."""
        self.stop_detection()
        self.release()
        self._close_channel()
        for kind, text in self.splitter.close():
            self._put(kind, text)
        self._append("text", self.trimmer.close())
        self._take(self._incoming.close())
        await self._all_written.wait()
        if self.splitter.unopened and not self._continues:
            self._reclassify(self.splitter.unopened)

    def is_no_reasoning(self) -> None:
        """Make it text: it was expected to be reasoning, and the answer has ended without any other."""
        self._sources = [[_Source("text", part, 0, held.length) for part, held in enumerate(self.text)]]
        self._rebuild()

    def _reclassify(self, length: int) -> None:
        """Make the first ``length`` code points of text reasoning, as a closing tag has told too late."""
        pieces: list[_Source] = []
        for part, held in enumerate(self.text):
            moved = min(length, held.length) if held.kind == "text" else 0
            length -= moved
            end = moved if length else len(str(held)[:moved].rstrip())
            pieces += [_Source("reasoning", part, 0, end), _Source(held.kind, part, moved, held.length)]
        self._sources = [list(group) for _, group in groupby(filter(len, pieces), lambda source: source.kind)]
        self._rebuild()

    def _rebuild(self) -> None:
        self.text = RunText(
            (group[0].kind, "".join(source.of(self.text) for source in group)) for group in self._sources
        )

    def reclassified(self, kept: Sequence[int] | None) -> list[int] | None:
        """Return the lengths of parts as they were shown as lengths of the parts as they are at the end."""
        if kept is None or not self._sources:
            return None if kept is None else list(kept)
        return [sum(source.covered(kept) for source in group) for group in self._sources]

    def clamped(self, shown: Sequence[int] | None) -> list[int]:
        """Return how much of each part was shown, which is no more than there is; None: all."""
        return self.text.lengths if shown is None else self.text.clamp(shown)

    def _pass_on(self, kind: PartKind, text: str) -> None:
        if self.pause_buffer is not None:
            self.pause_buffer.add(kind, text)
        else:
            self._append(kind, text)

    def _append(self, kind: PartKind, text: str) -> None:
        self._take(self._incoming.add(kind, text))

    def _take(self, incoming: Iterable[tuple[int, PartKind, str]]) -> None:
        for part, kind, text in incoming:
            self.characters += len(text)
            if self._sink.keep(part, kind, text, self._written):
                self._show(kind, text)
            else:
                self._unwritten.append((kind, text))
                self._all_written.clear()

    def _written(self) -> None:
        self._show(*self._unwritten.popleft())
        if not self._unwritten:
            self._all_written.set()

    def _show(self, kind: PartKind, text: str) -> None:
        for piece in self.text.append(kind, text):
            if self._stats.took(piece.part, piece.offset + len(piece.text)):
                self._sink.began()
            self._sink.on_text()
        if self._on_repetition is not None and (loop := self._repetition[kind].add(text)):
            on_repetition, self._on_repetition = self._on_repetition, None
            on_repetition(loop)
