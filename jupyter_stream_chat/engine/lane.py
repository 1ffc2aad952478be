"""The lane: requests wait in order of arrival and are worked on one at a time.

Owns the queue, its positions and the flags that stop and pause; knows nothing of models. Any thread may add,
cancel, pause and resume; one thread works. Whoever waits is told each new position (1 is next). What is
paused stands beside the lane, and goes to its end when it is resumed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from .messages import Finished, Generate, Usage


class Progressing(Protocol):
    """An answer in the making, as it is counted."""

    prompt_tokens: int
    output_tokens: int
    forward_calls: int


class Job:
    """One request on its way: what is asked, the flags that stop and pause it, and how far it has come."""

    def __init__(self, request: Generate) -> None:
        """The flags are looked at before every call of the model."""
        self.request = request
        self.stop = threading.Event()
        self.pause = threading.Event()
        self.generation: Progressing | None = None
        """What was begun of the answer; None before the first call of the model."""

    def interrupted(self) -> Finished:
        """Return the end of a request that was cancelled while it was not worked on."""
        done = self.generation
        if done is None:
            return Finished(self.request.request_id, "interrupted", Usage(0, 0))
        usage = Usage(done.prompt_tokens, done.output_tokens)
        return Finished(self.request.request_id, "interrupted", usage, done.forward_calls)


class Lane:
    """A first-in, first-out queue in front of one worker."""

    def __init__(self, moved: Callable[[Job, int], None]) -> None:
        """``moved`` is told a waiting job's new position, in order; it must not call the lane."""
        self._moved = moved
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._working: Job | None = None
        self._paused: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Put a job at the end. Its position is told unless it is taken at once."""
        with self._changed:
            self._append(job)

    def cancel(self, request_id: str) -> Job | None:
        """Stop a request. Returns its job if it was waiting or paused: it is out of the lane, and over."""
        working = self._working
        if working is not None and working.request.request_id == request_id:
            working.stop.set()  # before the lock is asked for: nothing may delay a stop
            return None
        with self._changed:
            if job := self._paused.pop(request_id, None) or self._leave(request_id):
                job.stop.set()
                return job
            if self._working is not None and self._working.request.request_id == request_id:
                self._working.stop.set()  # it was taken between the two looks
            return None

    def pause(self, request_id: str) -> None:
        """Let a request stand still; one that is unknown or over is ignored."""
        working = self._working
        if working is not None and working.request.request_id == request_id:
            working.pause.set()  # before the lock is asked for, as a stop; the worker then parks it
            return
        with self._changed:
            if job := self._leave(request_id):
                job.pause.set()
                self._paused[request_id] = job
            elif self._working is not None and self._working.request.request_id == request_id:
                self._working.pause.set()

    def resume(self, request_id: str) -> None:
        """Let a paused request go on: at the queue's end, or where it is if it does not stand still yet."""
        with self._changed:
            if job := self._paused.pop(request_id, None):
                job.pause.clear()
                self._append(job)
            elif self._working is not None and self._working.request.request_id == request_id:
                self._working.pause.clear()

    def park(self, job: Job) -> bool:
        """Put the job that is worked on beside the lane. False: it has been resumed or stopped meanwhile."""
        with self._changed:
            if not job.pause.is_set() or job.stop.is_set():
                return False
            self._paused[job.request.request_id] = job
            self._working = None
            return True

    def take(self) -> Job:
        """Wait for the next job and make it the one worked on."""
        with self._changed:
            self._working = None
            while not self._waiting:
                self._changed.wait()
            self._working = self._waiting.popleft()
            self._tell_positions()
            return self._working

    def _append(self, job: Job) -> None:
        self._waiting.append(job)
        ahead = len(self._waiting) - 1 + (self._working is not None)
        if ahead:
            self._moved(job, ahead)
        self._changed.notify()

    def _leave(self, request_id: str) -> Job | None:
        """Take a waiting job out of the queue."""
        for job in self._waiting:
            if job.request.request_id == request_id:
                self._waiting.remove(job)
                self._tell_positions()
                return job
        return None

    def _tell_positions(self) -> None:
        first = 1 if self._working is not None else 0
        for place, job in enumerate(self._waiting, first):
            if place:
                self._moved(job, place)
