"""From requests to their events: loads the models, lets their schedulers step, says how each answer ended.

Owns the models in memory: at most ``most_models`` (one unless told otherwise); before another is loaded, the
one unused for longest is unloaded, once nothing runs in it. Every request ends in exactly one event, whatever
is raised.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import torch

from .errors import Interrupted
from .generation import Generation
from .loader import load_model
from .messages import Event, Failed, Finished, Progress, Stage, Started, Text, Usage
from .prompt import check_messages, make_prompt
from .scheduler.budget import default_budget
from .scheduler.outcome import Outcome, failed
from .scheduler.queue import Job, JobQueue, ModelKey
from .scheduler.scheduler import MOST_RUNNING, Scheduler


class Worker:
    """Answers the requests of a queue, in one thread."""

    def __init__(
        self,
        send: Callable[[Event], None],
        queue: JobQueue,
        *,
        most_models: int = 1,
        most_running: int = MOST_RUNNING,
        cache_bytes: int = 0,
    ) -> None:
        """``send`` writes an event to the server.

        ``most_running``: answers of a model at a time. ``cache_bytes``: most bytes of a model's caches; 0: a
        part of what is free when it has been loaded.
        """
        self._send = send
        self._queue = queue
        self._most_models = most_models
        self._most_running = most_running
        self._cache_bytes = cache_bytes
        self._schedulers: OrderedDict[ModelKey, Scheduler] = OrderedDict()
        self._jobs: dict[Generation, Job] = {}

    def run(self) -> None:
        """Answer requests for ever."""
        while True:
            self.turn(wait=True)

    def turn(self, *, wait: bool = False) -> bool:
        """Begin what can begin, and step all that runs once. Returns whether anything runs or waits.

        ``wait`` for a request if nothing runs.
        """
        self._begin_waiting(wait=wait and not self._jobs)
        for scheduler in self._schedulers.values():
            for generation, outcome in scheduler.step() if scheduler.running else ():
                self._leave(self._jobs.pop(generation), outcome)
        return bool(self._jobs) or self._queue.head(wait=False) is not None

    def _begin_waiting(self, *, wait: bool) -> None:
        while (job := self._queue.head(wait=wait)) is not None:
            wait = False
            try:
                begun = self._begin(job)
            except Interrupted:
                continue  # nobody waits for the model any more
            except Exception as error:  # noqa: BLE001 - whatever is raised must end the request
                end = failed(error, job.request.request_id)
            else:
                if begun:
                    continue
                self._queue.block()
                return
            if self._queue.take(job):
                self._finish(job, end)

    def _begin(self, job: Job) -> bool:
        """Let a waiting job run. False: there is no room for it now."""
        check_messages(job.request.messages)
        scheduler = self._scheduler(job)
        if scheduler is None:
            return False
        is_new = job.generation is None
        generation = self._generation(job, scheduler)
        if not scheduler.admit(generation):
            return False
        if not self._queue.take(job):  # cancelled or paused meanwhile
            scheduler.remove(generation)
            return True
        self._jobs[generation] = job
        if is_new and job.prompt is not None:
            tokens = generation.prompt_tokens, generation.reused_tokens
            self._send(Started(job.request.request_id, *tokens, job.prompt.opening, job.prompt.harmony))
        return True

    def _generation(self, job: Job, scheduler: Scheduler) -> Generation:
        """Return the answer in the making, begun where it has not been."""
        if isinstance(job.generation, Generation):
            return job.generation
        request = job.request
        loaded = scheduler.loaded
        prompt = make_prompt(loaded.tokenizer, request.messages, continue_final=request.continue_final)

        def emit(text: str) -> None:
            self._send(Text(request.request_id, text))

        job.prompt = prompt
        job.generation = Generation(loaded, prompt.ids, request.parameters, emit, job.stop, job.pause)
        return job.generation

    def _leave(self, job: Job, outcome: Outcome) -> None:
        """Say how a job ended, or let it wait where it has not."""
        if outcome == "suspended":
            if not self._queue.release(job):
                self._finish(job, job.interrupted())
        elif isinstance(outcome, Failed):
            self._finish(job, replace(outcome, request_id=job.request.request_id))
        elif isinstance(done := job.generation, Generation):
            usage = Usage(done.prompt_tokens, done.output_tokens)
            lookup = done.lookup
            counts = done.forward_calls, done.forward_calls_after_stop, lookup.guessed, lookup.accepted
            self._finish(job, Finished(job.request.request_id, outcome, usage, *counts))

    def _finish(self, job: Job, end: Finished | Failed) -> None:
        if isinstance(end, Failed) and end.code == "out_of_memory":
            self._release_memory()
        self._queue.finish(job)
        self._send(end)

    def _scheduler(self, job: Job) -> Scheduler | None:
        """Return the scheduler of a job's model, loading it where needed. None: other models run."""
        key = job.model_key
        if key not in self._schedulers:
            while len(self._schedulers) >= self._most_models:
                unused = next((key for key, each in self._schedulers.items() if not each.running), None)
                if unused is None:
                    return None
                del self._schedulers[unused]
                self._return_memory()
            self._queue.set_loading(key)
            try:
                loaded = load_model(*key, self._reporter(key))
            finally:
                self._queue.set_loading(None)
            budget = self._cache_bytes or default_budget(loaded.device)
            self._schedulers[key] = Scheduler(loaded, budget, self._most_running)
        self._schedulers.move_to_end(key)
        return self._schedulers[key]

    def _reporter(self, key: ModelKey) -> Callable[[Stage, float | None], None]:
        """Return what tells each whole percent to those who wait for a model, and raises when none does."""
        told: dict[str, tuple[Stage, int | None]] = {}

        def report(stage: Stage, fraction: float | None) -> None:
            jobs = self._queue.wanting(key)
            if not jobs:
                raise Interrupted
            now = stage, None if fraction is None else int(fraction * 100)
            for request_id in (job.request.request_id for job in jobs):
                if told.get(request_id) != now:
                    told[request_id] = now
                    self._send(Progress(request_id, stage, fraction))

        return report

    def _release_memory(self) -> None:
        """Drop all that can be made again: the idle caches."""
        for scheduler in self._schedulers.values():
            scheduler.prefixes.clear()
        self._return_memory()

    @staticmethod
    def _return_memory() -> None:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
