"""The lane: requests wait in order of arrival and are worked on one at a time.

Owns the queue, its positions and the stop flags; knows nothing of models. Any thread may add and cancel;
one thread works. Whoever waits is told each new position (1 is next).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .messages import Generate


class Job:
    """One request on its way: what is asked, and the flag that stops it."""

    def __init__(self, request: Generate) -> None:
        """The flag is looked at before every call of the model."""
        self.request = request
        self.stop = threading.Event()


class Lane:
    """A first-in, first-out queue in front of one worker."""

    def __init__(self, moved: Callable[[Job, int], None]) -> None:
        """``moved`` is told a waiting job's new position, in order; it must not call the lane."""
        self._moved = moved
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._working: Job | None = None

    def add(self, job: Job) -> None:
        """Put a job at the end. Its position is told unless it is taken at once."""
        with self._changed:
            self._waiting.append(job)
            ahead = len(self._waiting) - 1 + (self._working is not None)
            if ahead:
                self._moved(job, ahead)
            self._changed.notify()

    def cancel(self, request_id: str) -> Job | None:
        """Stop a request. Returns its job if it was still waiting: then it is out of the queue, and over."""
        working = self._working
        if working is not None and working.request.request_id == request_id:
            working.stop.set()  # before the lock is asked for: nothing may delay a stop
            return None
        with self._changed:
            for job in self._waiting:
                if job.request.request_id == request_id:
                    job.stop.set()
                    self._waiting.remove(job)
                    self._tell_positions()
                    return job
            if self._working is not None and self._working.request.request_id == request_id:
                self._working.stop.set()  # it was taken between the two looks
            return None

    def take(self) -> Job:
        """Wait for the next job and make it the one worked on."""
        with self._changed:
            self._working = None
            while not self._waiting:
                self._changed.wait()
            self._working = self._waiting.popleft()
            self._tell_positions()
            return self._working

    def _tell_positions(self) -> None:
        first = 1 if self._working is not None else 0
        for place, job in enumerate(self._waiting, first):
            if place:
                self._moved(job, place)
