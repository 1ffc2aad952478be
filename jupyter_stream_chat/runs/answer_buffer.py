"""The way of a model's text into its run: joined to what is gone on with, held back in a pause, announced.

Owns the run's text and looks for answers that go round in circles. Knows no model and no end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..chats.text import StreamText
from ..protocol import Channel, TextLengths
from ..providers.reasoning import ReasoningSplitter
from .continuation import OverlapTrimmer, Prompt
from .pause_buffer import PauseBuffer
from .repetition import Repeat, Repetition
from .run_stats import RunStats


class TextSink(Protocol):
    """Where text goes, piece by piece."""

    def kept(self, channel: Channel, text: str) -> None:
        """Put text where it survives the process."""

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
        self.splitter = ReasoningSplitter()
        """Tells reasoning within the content apart."""
        self.pause_buffer: PauseBuffer | None = None
        """While the run is paused."""
        self._goes_on = False
        self._moved = (0, 0)
        self._sink = sink
        self._stats = stats
        self._on_repetition = on_repetition
        self._repetition = {"content": Repetition(), "reasoning": Repetition()}

    def continues(self, prompt: Prompt) -> None:
        """Take note of the text that is gone on with."""
        self.trimmer = prompt.trimmer()
        self._goes_on = bool(prompt.kept)

    def add(self, channel: Channel, text: str) -> None:
        """Take a token; reasoning within the content is told apart."""
        for each, piece in self.splitter.add(text) if channel == "content" else [(channel, text)]:
            self._put(each, piece)

    def _put(self, channel: Channel, text: str) -> None:
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
        for channel, text in self.splitter.close():
            self._put(channel, text)
        self._append("content", self.trimmer.close())
        for channel, held in self.texts.items():
            self._take(channel, held.close())
        if self.splitter.unopened and not self._goes_on:
            self._move(self.splitter.unopened)

    def _move(self, length: int) -> None:
        """Make the beginning of the content reasoning: a closing tag has told so after it was shown."""
        content, reasoning = str(self.texts["content"]), str(self.texts["reasoning"])
        moved = content[:length].rstrip()
        self._moved = (length, len(moved))
        self.texts = {"content": StreamText(content[length:]), "reasoning": StreamText(reasoning + moved)}

    def after_move(self, kept: TextLengths | None) -> TextLengths | None:
        """Return lengths of the text as it came as lengths of the text as it is now."""
        length, moved = self._moved
        if kept is None or not length:
            return kept
        return TextLengths(
            content=max(0, kept.content - length), reasoning=kept.reasoning + min(kept.content, moved)
        )

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
        self._sink.kept(channel, text)
        if self._stats.took(channel, self.texts[channel].length):
            self._sink.began()
        self._sink.on_text(channel)
        if self._on_repetition is not None and (loop := self._repetition[channel].add(text)):
            on_repetition, self._on_repetition = self._on_repetition, None
            on_repetition(loop)
