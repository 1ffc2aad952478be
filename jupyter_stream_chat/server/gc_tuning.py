"""When Python looks for garbage: not while modules load, and hardly ever while answers stream.

A look at all objects stops every thread. Under full load it makes the slowest tokens twice as late and finds
nothing, since what has ended is freed without it. So looks wait for a moment in which nothing streams.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OLDEST_THRESHOLD = 1000
"""Collections of the middle generation between two of all, at the latest: ten minutes under full load."""
IDLE_THRESHOLD = 10
"""The same where nothing streams. Python's own."""
REST_SECONDS = 2.0
"""How long nothing must have streamed."""


@contextmanager
def collections_paused() -> Iterator[None]:
    """Keep the garbage collector still: each look at all that is loaded stopped every thread for 0.1 s."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # What was loaded lives on: no collection need look at it again, each of which took 0.2 s.
        gc.freeze()
        youngest, middle, oldest = gc.get_threshold()
        gc.set_threshold(youngest, middle, max(oldest, OLDEST_THRESHOLD))
        if was_enabled:
            gc.enable()


class GcTuning:
    """Looks at all objects when nothing streams, if it is time."""

    def __init__(self, is_streaming: Callable[[], bool]) -> None:
        self._is_streaming = is_streaming
        self._timer: asyncio.TimerHandle | None = None

    def run_ended(self) -> None:
        """Take note that an answer has ended."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REST_SECONDS, self._rested)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _rested(self) -> None:
        self._timer = None
        if not self._is_streaming() and gc.isenabled() and gc.get_count()[2] >= IDLE_THRESHOLD:
            gc.collect()
