"""The time that expiry is counted in: a wall clock that somebody sets forward or back changes nothing."""

from __future__ import annotations

import time

_STARTED_AT = time.time() - time.monotonic()


def steady_time() -> float:
    """Return seconds since the epoch, as the wall clock would show if it had only run since the start."""
    return _STARTED_AT + time.monotonic()
