"""How many frames may leave: a burst at once, then one per interval."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """A token bucket of frames: full after a pause, one frame per interval under load."""

    def __init__(self, clock: Callable[[], float], capacity: int, interval: float) -> None:
        """``interval`` is in seconds, as is ``clock``."""
        self._clock = clock
        self._capacity = capacity
        self._interval = interval
        self._left = float(capacity)
        self._at = clock()

    def take(self) -> float:
        """Take a frame and return 0.0, or take none and return the seconds until there is one."""
        now = self._clock()
        self._left = min(self._capacity, self._left + (now - self._at) / self._interval)
        self._at = now
        # Rounding must not leave a timer that fires a hair too early with a hair to wait.
        if self._left >= 1 - 1e-6:
            self._left = max(0.0, self._left - 1)
            return 0.0
        return (1 - self._left) * self._interval
