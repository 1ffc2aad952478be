"""The requests of the engine: waiting in order of arrival, running, or paused.

Owns their places and the flags that stop and pause; knows nothing of models. Any thread may add, cancel,
pause and resume; one thread works. A request that has to wait is told each new position (1 is next).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..messages import Finished, Generate, LoadOptions, ReleaseMemory, Unload, Usage
from ..prompt import Prompt

ModelKey = tuple[str, LoadOptions]
"""What is loaded: a model and how."""
Order = Unload | ReleaseMemory
"""What is done at once, beside the requests."""


class Progressing(Protocol):
    """An answer in the making, as it is counted."""

    prompt_tokens: int
    output_tokens: int
    forward_calls: int
    forward_calls_after_stop: int


class Job:
    """One request: what is asked, the flags that stop and pause it, and how far it has come."""

    def __init__(self, request: Generate) -> None:
        """The flags are looked at before every call of the model."""
        self.request = request
        self.stop = threading.Event()
        self.pause = threading.Event()
        self.generation: Progressing | None = None
        """None before its prompt is made."""
        self.prompt: Prompt | None = None
        """What it is made of."""
        self.is_begun = False
        """Whether it has run: its prompt may be made long before there is room for it."""
        self.position = 0
        """The position last told; 0: none."""

    @property
    def model_key(self) -> ModelKey:
        """The model that it needs."""
        return self.request.model, self.request.load

    def interrupted(self) -> Finished:
        """Return the end of a request that was cancelled."""
        done = self.generation
        if done is None:
            return Finished(self.request.request_id, "interrupted", Usage(0, 0))
        usage = Usage(done.prompt_tokens, done.output_tokens)
        return Finished(
            self.request.request_id,
            "interrupted",
            usage,
            done.forward_calls,
            done.forward_calls_after_stop,
        )


class JobQueue:
    """A first-in, first-out queue in front of one worker that runs several jobs at once."""

    def __init__(self, moved: Callable[[Job, int], None]) -> None:
        """``moved`` is told a waiting job's new position, in order; it must not call the queue."""
        self._moved = moved
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: dict[str, Job] = {}
        self._paused: dict[str, Job] = {}
        self._is_blocked = False
        self._orders: deque[Order] = deque()
        self._loading: ModelKey | None = None

    # --- any thread ---------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """Put a job at the end."""
        with self._changed:
            self._append(job)

    def cancel(self, request_id: str) -> Job | None:
        """Stop a request. Returns its job if it was waiting or paused: it is out of the queue, and over."""
        if job := self._running.get(request_id):
            job.stop.set()  # before the lock is asked for: nothing may delay a stop
        with self._changed:
            if job := self._paused.pop(request_id, None) or self._leave(request_id):
                job.stop.set()
                return job
            if job := self._running.get(request_id):
                job.stop.set()  # it was taken between the two looks
            return None

    def pause(self, request_id: str) -> None:
        """Suspend a request; one that is unknown or over is ignored."""
        with self._changed:
            if job := self._leave(request_id):
                job.pause.set()
                self._paused[request_id] = job
            elif job := self._running.get(request_id):
                job.pause.set()  # the worker then releases it

    def resume(self, request_id: str) -> None:
        """Let a paused request continue: at the queue's end, or where it is if it still runs."""
        with self._changed:
            if job := self._paused.pop(request_id, None):
                job.pause.clear()
                self._append(job)
            elif job := self._running.get(request_id):
                job.pause.clear()

    def order(self, order: Order) -> None:
        """Hand the worker an order."""
        with self._changed:
            self._orders.append(order)
            self._changed.notify()

    # --- the worker's thread ------------------------------------------------------------------------

    def head(self, *, wait: bool, seconds: float | None = None) -> Job | None:
        """Return the job that is next, and leave it in the queue; None: none waits.

        ``wait`` for a job or an order, ``seconds`` at most.
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._waiting or self._orders, seconds)
            return self._waiting[0] if self._waiting else None

    def orders(self) -> list[Order]:
        """Return the orders that have come, each once."""
        with self._changed:
            orders = list(self._orders)
            self._orders.clear()
            return orders

    def take(self, job: Job) -> bool:
        """Make a waiting job a running one. False: it was cancelled or paused meanwhile."""
        with self._changed:
            self._is_blocked = False
            if self._leave(job.request.request_id) is None:
                return False
            self._running[job.request.request_id] = job
            return True

    def release(self, job: Job) -> bool:
        """Make a running job wait, first in the queue, or paused if it shall pause. False: it is stopped."""
        with self._changed:
            if job.stop.is_set():
                return False
            del self._running[job.request.request_id]
            if job.pause.is_set():
                self._paused[job.request.request_id] = job
            else:
                self._waiting.appendleft(job)
                self._tell_positions()
            return True

    def finish(self, job: Job) -> None:
        """Forget a running job, which is over."""
        with self._changed:
            del self._running[job.request.request_id]

    def block(self) -> None:
        """Tell the waiting jobs their positions: there is no room to run the next."""
        with self._changed:
            self._is_blocked = True
            self._tell_positions()

    def set_loading(self, model: ModelKey | None) -> None:
        """Tell the jobs of other models that they wait for this one to be loaded."""
        with self._changed:
            self._loading = model
            self._tell_positions()

    def wanting(self, model: ModelKey) -> list[Job]:
        """Return the waiting and paused jobs of a model."""
        with self._changed:
            return [job for job in (*self._waiting, *self._paused.values()) if job.model_key == model]

    # --- under the lock -----------------------------------------------------------------------------

    def _append(self, job: Job) -> None:
        job.position = 0
        self._waiting.append(job)
        self._tell_positions()
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
        for position, job in enumerate(self._waiting, 1):
            must_wait = self._is_blocked or self._loading not in (None, job.model_key)
            if must_wait and job.position != position:
                job.position = position
                self._moved(job, position)
