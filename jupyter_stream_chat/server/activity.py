"""What Jupyter is told of activity: an answer that is being written is some, an open page is none.

Jupyter and JupyterHub end servers that have been idle. Owns the entry in ``last_activity_times``.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..protocol import RunInfo
    from ..runs.manager import RunManager

NAME = "stream_chat"
INTERVAL_SECONDS = 30.0
"""Between two entries while answers are written."""


class Activity:
    """Enters the time of the latest activity while runs go on."""

    def __init__(self, times: MutableMapping[str, datetime], runs: RunManager) -> None:
        """``times``: Jupyter's ``last_activity_times``."""
        self._times = times
        self._runs = runs
        self._timer: asyncio.TimerHandle | None = None
        runs.on_started.append(self._note_run)
        runs.on_finished.append(self._note_run)

    def close(self) -> None:
        """Enter nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _note_run(self, run: RunInfo) -> None:
        self._note()

    def _note(self) -> None:
        self._times[NAME] = datetime.now(UTC)
        self.close()
        self._timer = None
        if self._runs.is_busy:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._note_if_active)

    def _note_if_active(self) -> None:
        if self._runs.active:
            self._note()
        elif self._runs.is_busy:  # paused
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._note_if_active)
