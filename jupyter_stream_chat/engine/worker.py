"""From requests to their events: loads the models, lets their schedulers step, says how each answer ended.

Owns the models in memory: at most ``most_models`` (one unless told otherwise); before another is loaded, the
one unused for longest is unloaded, once nothing runs in it. Every request ends in exactly one event, whatever
is raised.
"""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import torch

from .errors import Interrupted
from .generation import Generation
from .hardware import free_memory
from .loader import load_model
from .messages import (
    Event,
    Failed,
    Finished,
    Freed,
    LoadOptions,
    ModelStatus,
    Progress,
    ReleaseMemory,
    Report,
    Stage,
    Started,
    Status,
    Text,
    Usage,
)
from .prompt import check_messages, make_prompt
from .scheduler.budget import default_budget
from .scheduler.draft import Draft
from .scheduler.outcome import Outcome, failed
from .scheduler.queue import Job, JobQueue, ModelKey
from .scheduler.scheduler import MOST_RUNNING, Scheduler

LOOK_SECONDS = 2.0
"""Between two looks at the memory that is free."""
_STATUS_SECONDS = 1.0
_KEEP_FREE = 512 * 2**20


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
        keep_free: int = _KEEP_FREE,
        probe: Callable[[torch.device], int | None] = free_memory,
        report: Callable[[Report], None] = lambda report: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``send`` writes an event to the server, ``report`` what belongs to no request.

        ``most_running``: answers of a model at a time. ``cache_bytes``: most bytes of a model's caches; 0: a
        part of what is free when it has been loaded. ``keep_free``: bytes of a device, as ``probe`` tells
        them, below which what is idle is given back. ``clock`` tells seconds.
        """
        self._send = send
        self._queue = queue
        self._most_models = most_models
        self._most_running = most_running
        self._cache_bytes = cache_bytes
        self._schedulers: OrderedDict[ModelKey, Scheduler] = OrderedDict()
        self._jobs: dict[Generation, Job] = {}
        self._keep_free = keep_free
        self._probe = probe
        self._report = report
        self._clock = clock
        self._looked = clock()
        self._told: tuple[float, Status] = (0.0, Status([], None))

    def run(self) -> None:
        """Answer requests for ever."""
        while True:
            self.turn(wait=True)

    def turn(self, *, wait: bool = False) -> bool:
        """Begin what can begin, and step all that runs once. Returns whether anything runs or waits.

        ``wait`` for a request if nothing runs.
        """
        self._begin_waiting(wait=wait and not self._jobs)
        for order in self._queue.orders():
            self._release(None if isinstance(order, ReleaseMemory) else order.model)
        for scheduler in self._schedulers.values():
            for generation, outcome in scheduler.step() if scheduler.running else ():
                self._leave(self._jobs.pop(generation), outcome)
        self._look_at_memory()
        self._tell_status()
        return bool(self._jobs) or self._queue.head(wait=False) is not None

    def _begin_waiting(self, *, wait: bool) -> None:
        seconds = LOOK_SECONDS if self._schedulers else None
        while (job := self._queue.head(wait=wait, seconds=seconds)) is not None:
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
        generation = self._generation(job, scheduler)
        if not scheduler.admit(generation):
            return False
        if not self._queue.take(job):  # cancelled or paused meanwhile
            scheduler.remove(generation)
            return True
        self._jobs[generation] = job
        if not job.is_begun and job.prompt is not None:
            job.is_begun = True
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
                self._unload(unused)
            self._queue.set_loading(key)
            try:
                self._schedulers[key] = self._load(key)
            finally:
                self._queue.set_loading(None)
        self._schedulers.move_to_end(key)
        return self._schedulers[key]

    def _load(self, key: ModelKey) -> Scheduler:
        model, options = key
        reporter = self._reporter(key)
        loaded = load_model(model, options, reporter)
        draft = None
        if options.draft_model is not None:
            own = LoadOptions(device=options.device, dtype=options.dtype)
            draft = Draft(load_model(options.draft_model, own, reporter), loaded, options.draft_model)
        budget = self._cache_bytes or default_budget(loaded.device)
        return Scheduler(loaded, budget, self._most_running, draft=draft)

    def _unload(self, key: ModelKey) -> None:
        del self._schedulers[key]
        self._return_memory()

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

    def _release(self, model: str | None) -> None:
        """Unload a model, or, if None is named, all of them, and drop the idle caches; what runs stays."""
        self._release_memory()
        for key in [key for key, each in self._schedulers.items() if not each.running]:
            if model is None or key[0] == model:
                nbytes = self._schedulers[key].nbytes
                self._unload(key)
                if model is None:
                    self._report(Freed("model", key[0], nbytes))

    def _look_at_memory(self) -> None:
        """Give back what is idle where a device has little free memory: others need it more."""
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        for key, scheduler in list(self._schedulers.items()):
            free = self._probe(scheduler.loaded.device)
            if free is None or free >= self._keep_free:
                continue
            idle = scheduler.prefixes.idle_nbytes
            if idle:
                scheduler.prefixes.clear()
                self._return_memory()
                self._report(Freed("caches", key[0], idle))
            elif not scheduler.running:
                nbytes = scheduler.nbytes
                self._unload(key)
                self._report(Freed("model", key[0], nbytes))
            return  # one thing at a time: the next look tells whether it was enough

    def _tell_status(self) -> None:
        """Report the models in memory, if anything changed: at once in the end, else once a second."""
        now = self._clock()
        told_at, told = self._told
        if self._jobs and now - told_at < _STATUS_SECONDS:
            return
        models = [_status_of(key, scheduler) for key, scheduler in self._schedulers.items()]
        if models == told.models:
            return
        devices = [scheduler.loaded.device for scheduler in self._schedulers.values()]
        status = Status(models, self._probe(devices[0]) if devices else None)
        self._told = (now, status)
        self._report(status)

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


def _status_of(key: ModelKey, scheduler: Scheduler) -> ModelStatus:
    model, options = key
    return ModelStatus(
        model=model,
        device=str(scheduler.loaded.device),
        quantization=options.quantization,
        draft_model=options.draft_model,
        nbytes=scheduler.nbytes,
        cache_nbytes=scheduler.prefixes.nbytes,
        idle_cache_nbytes=scheduler.prefixes.idle_nbytes,
        cache_budget=scheduler.prefixes.budget,
        running=len(scheduler.running),
        steps=scheduler.steps,
        step_answers=scheduler.step_answers,
        output_tokens=scheduler.output_tokens,
        guessed_tokens=scheduler.guessed_tokens,
        accepted_tokens=scheduler.accepted_tokens,
    )
