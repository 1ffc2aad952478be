"""What a model says while its run is paused: kept back in order, within bounds where it cannot be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from ..protocol import Channel, Pause, TextLengths

AUTO_END_SECONDS = 60.0
BUFFER_CHARACTERS = 32_000


class PauseBuffer:
    """The pause of one run."""

    def __init__(self, pause: Pause, shown: TextLengths, characters: int, full: Callable[[], None]) -> None:
        """``full`` is called once: the time is up, or ``characters`` code points are held."""
        self.pause = pause
        self.shown = shown
        """What the reader sees meanwhile."""
        self._pieces: list[tuple[Channel, str]] = []
        self._room = characters
        self._full = full
        self._timer = (
            None
            if pause.hold_seconds is None
            else asyncio.get_running_loop().call_later(pause.hold_seconds, full)
        )

    def add(self, channel: Channel, text: str) -> None:
        """Keep text back."""
        self._pieces.append((channel, text))
        had_room = self._room > 0
        self._room -= len(text)
        if self._timer is not None and had_room and self._room <= 0:
            self.stop_timer()
            self._full()

    def stop_timer(self) -> None:
        """Wait without end: nothing more will come, and nobody is held up."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> Iterator[tuple[Channel, str]]:
        """Yield what was kept back, as it came. The pause is over."""
        self.stop_timer()
        pieces, self._pieces = self._pieces, []
        yield from pieces
