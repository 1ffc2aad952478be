"""The way of a model's text into its run: joined to what is gone on with, held back in a pause, announced.

Owns the run's text and looks for answers that go round in circles. Knows no model and no end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..chats.text import StreamText
from ..protocol import Channel, TextLengths
from .continuation import Joint
from .hold import Hold
from .ledger import Ledger
from .repetition import Loop, Repetition


class Outlet(Protocol):
    """Where text goes, piece by piece."""

    def kept(self, channel: Channel, text: str) -> None:
        """Put text where it survives the process."""

    def began(self) -> None:
        """Take note of the first text."""

    def grew(self, channel: Channel) -> None:
        """Tell whoever watches that there is more text."""


class Intake:
    """Takes the text of one run."""

    def __init__(self, outlet: Outlet, ledger: Ledger, went_round: Callable[[Loop], None] | None) -> None:
        """``went_round`` is called once, when the text repeats itself; None: nobody looks for that."""
        self.texts: Mapping[Channel, StreamText] = {"content": StreamText(), "reasoning": StreamText()}
        self.joint = Joint("", exact=True)
        """Between the text that is gone on with and this run's."""
        self.hold: Hold | None = None
        """While the run is paused."""
        self._outlet = outlet
        self._ledger = ledger
        self._went_round = went_round
        self._repetition = {"content": Repetition(), "reasoning": Repetition()}

    def add(self, channel: Channel, text: str) -> None:
        """Take a token."""
        if channel == "content":
            text = self.joint.add(text)
        if self.hold is not None:
            self.hold.add(channel, text)
        else:
            self._append(channel, text)

    def let_go(self) -> None:
        """End the pause: what was held back becomes text."""
        hold, self.hold = self.hold, None
        if hold is not None:
            for channel, text in hold.release():
                self._append(channel, text)

    def look_no_more(self) -> None:
        """Look for no repetition any more."""
        self._went_round = None

    def close(self) -> None:
        """Take what was held back anywhere: the text is complete."""
        self.look_no_more()
        self.let_go()
        self._append("content", self.joint.close())
        for channel, text in self.texts.items():
            self._take(channel, text.close())

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
        self._outlet.kept(channel, text)
        if self._ledger.took(channel, self.texts[channel].length):
            self._outlet.began()
        self._outlet.grew(channel)
        if self._went_round is not None and (loop := self._repetition[channel].add(text)):
            went_round, self._went_round = self._went_round, None
            went_round(loop)
