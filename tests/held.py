"""What this process holds: what a test compares to see that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import threading


def held() -> dict[str, int]:
    """Return how many tasks of runs, threads and file handles there are."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith(("pump ", "run "))]
    handles = len(os.listdir("/proc/self/fd"))
    return {"tasks": len(tasks), "threads": threading.active_count(), "handles": handles}
