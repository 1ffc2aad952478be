"""What a model writes while its run is paused: held back in order, and bounded in time and size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from ..protocol import PartKind, Pause, PauseReason

AUTO_END_SECONDS = 60.0
"""How long the text of a provider that cannot be paused is held back."""
BUFFER_CHARACTERS = 32_000
MAX_PAUSE_SECONDS = 4 * 3600.0
"""How long a run may stay paused where nothing has to be held back: it keeps its chat, and a local model."""


class PauseBuffer:
    """The pause of one run. It always ends: by ``release``, or by itself."""

    def __init__(
        self,
        reason: PauseReason,
        seconds: float,
        shown: list[int],
        characters: int,
        expired: Callable[[], None],
    ) -> None:
        """``expired`` is called once: after ``seconds``, or when ``characters`` code points are held."""
        self.reason = reason
        self.shown = shown
        """How much of each part the reader sees meanwhile."""
        self._pieces: list[tuple[PartKind, str]] = []
        self._room = characters
        self._expired = expired
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self.end_after(seconds)

    @property
    def pause(self) -> Pause:
        """The pause as a page is told of it."""
        return Pause(reason=self.reason, auto_end_seconds=self.seconds)

    def end_after(self, seconds: float) -> None:
        """Let the pause end so many seconds after its beginning."""
        self.stop_timer()
        self.seconds = seconds
        self._timer = self._loop.call_at(self._began + seconds, self._expired)

    def add(self, kind: PartKind, text: str) -> None:
        """Hold text back."""
        self._pieces.append((kind, text))
        had_room = self._room > 0
        self._room -= len(text)
        if self._timer is not None and had_room and self._room <= 0:
            self.stop_timer()
            self._expired()

    def stop_timer(self) -> None:
        """Do not end the pause by itself: somebody else ends it now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> Iterator[tuple[PartKind, str]]:
        """Yield what was held back, in the order of its arrival. The pause is over."""
        self.stop_timer()
        pieces, self._pieces = self._pieces, []
        yield from pieces
