"""How a live run is told to readers of any kind: the size of a delta, and its status as an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import RunProgressed

if TYPE_CHECKING:
    from ..chats.feed import LiveRun

DELTA_CHARACTERS = 40_000
"""Code points in one delta: below 256 KiB even if JSON escapes each of them by six bytes."""


def progress_of(live: LiveRun) -> RunProgressed:
    """Return a live run's status as the event that a new follower is sent."""
    run = live.info
    return RunProgressed(
        chat_id=run.chat_id, run_id=run.run_id, status=run.status, progress=run.progress, pause=run.pause
    )
