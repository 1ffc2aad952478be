"""When a run may begin: at once, or, while many begin, one after another.

To begin costs the event loop some twenty times what a token costs. Where many begin in one moment, answers
being written would wait behind all of them; so each waits until the loop is on time again.
"""

from __future__ import annotations

import asyncio
import math

APART = 0.05
"""Seconds after another beginning in which the loop is looked at before the next."""
STEP = 0.01
"""Seconds of one look."""
LATE = 0.005
"""Seconds by which the loop is late when it is busy."""
PATIENCE = 0.25
"""Seconds that a run waits for a busy loop: it begins in any case."""


class Turnstile:
    """Lets runs begin in the order of their coming."""

    def __init__(self) -> None:
        self._order = asyncio.Lock()
        self._last = -math.inf

    async def enter(self) -> None:
        """Return when a run may begin."""
        now = asyncio.get_running_loop().time
        async with self._order:
            patience = now() + PATIENCE if now() < self._last + APART else 0.0
            while (due := now() + STEP) < patience:
                await asyncio.sleep(STEP)
                if now() < due + LATE:
                    break
            self._last = now()
