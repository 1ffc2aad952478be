"""The way of a model's text into its run: joined to what is gone on with, held back in a pause, announced.

Owns the run's text and looks for answers that go round in circles. Knows no model and no end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from ..chats.text import StreamText
from ..protocol import Channel, TextLengths
from .continuation import OverlapTrimmer
from .pause_buffer import PauseBuffer
from .repetition import Repeat, Repetition
from .run_stats import RunStats


class TextSink(Protocol):
    """Where text goes, piece by piece."""

    def kept(self, channel: Channel, text: str, on_written: Callable[[], None]) -> bool:
        """Put text where it survives the process.

        False where that takes long: ``on_written`` is called once it is done.
        """

    def began(self) -> None:
        """Take note of the first text."""

    def on_text(self, channel: Channel) -> None:
        """Tell whoever watches that there is more text."""


class AnswerBuffer:
    """Takes the text of one run."""

    def __init__(
        self, sink: TextSink, stats: RunStats, on_repetition: Callable[[Repeat], None] | None
    ) -> None:
        """``on_repetition`` is called once, when the text repeats itself; None: nobody looks for that."""
        self.texts: Mapping[Channel, StreamText] = {"content": StreamText(), "reasoning": StreamText()}
        self.trimmer = OverlapTrimmer("", exact=True)
        """Between the text that is gone on with and this run's."""
        self.pause_buffer: PauseBuffer | None = None
        """While the run is paused."""
        self._sink = sink
        self._stats = stats
        self._on_repetition = on_repetition
        self._unwritten: deque[tuple[Channel, str]] = deque()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._repetition = {"content": Repetition(), "reasoning": Repetition()}

    def add(self, channel: Channel, text: str) -> None:
        """Take a token."""
        if channel == "content":
            text = self.trimmer.add(text)
        if self.pause_buffer is not None:
            self.pause_buffer.add(channel, text)
        else:
            self._append(channel, text)

    def release(self) -> None:
        """End the pause: what was held back becomes text."""
        pause_buffer, self.pause_buffer = self.pause_buffer, None
        if pause_buffer is not None:
            for channel, text in pause_buffer.release():
                self._append(channel, text)

    def stop_detection(self) -> None:
        """Look for no repetition any more."""
        self._on_repetition = None

    def close(self) -> None:
        """Take what was held back anywhere: the text is complete."""
        self.stop_detection()
        self.release()
        self._append("content", self.trimmer.close())
        for channel, text in self.texts.items():
            self._take(channel, text.close())

    async def wait_until_written(self) -> None:
        """Return when all text is where it survives the process, and is shown."""
        await self._all_written.wait()

    def clamped(self, shown: TextLengths | None) -> TextLengths:
        """Return how much of the text was shown, which is no more than there is; None: all."""
        held = {channel: text.length for channel, text in self.texts.items()}
        if shown is not None:
            held = {channel: min(length, getattr(shown, channel)) for channel, length in held.items()}
        return TextLengths(content=held["content"], reasoning=held["reasoning"])

    def _append(self, channel: Channel, text: str) -> None:
        self._take(channel, self.texts[channel].append(text))

    def _take(self, channel: Channel, text: str) -> None:
        if not text:
            return
        if self._sink.kept(channel, text, self._written):
            self._show(channel, text)
        else:
            # It is shown once it is written: until then it is no part of the text.
            self.texts[channel].undo(text)
            self._unwritten.append((channel, text))
            self._all_written.clear()

    def _written(self) -> None:
        channel, text = self._unwritten.popleft()
        self.texts[channel].redo(text)
        self._show(channel, text)
        if not self._unwritten:
            self._all_written.set()

    def _show(self, channel: Channel, text: str) -> None:
        if self._stats.took(channel, self.texts[channel].length):
            self._sink.began()
        self._sink.on_text(channel)
        if self._on_repetition is not None and (loop := self._repetition[channel].add(text)):
            on_repetition, self._on_repetition = self._on_repetition, None
            on_repetition(loop)
