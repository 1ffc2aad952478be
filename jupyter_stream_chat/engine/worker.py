"""From a request to its events: loads the model that it names, generates, and says how it ended.

Owns the models in memory: at most ``most_models`` (one unless told otherwise); before another is loaded,
the one unused for longest goes, and its memory is returned first. Every request ends in exactly one event,
whatever is raised on the way.
"""

from __future__ import annotations

import gc
import logging
import traceback
from collections import OrderedDict
from collections.abc import Callable

import torch

from .errors import EngineFailure, Interrupted, is_out_of_memory, out_of_memory
from .generation import Generation
from .lane import Job
from .loader import load_model
from .messages import Event, Failed, Finished, LoadOptions, Progress, Stage, Started, Text, Usage
from .model import LoadedModel
from .prompt import check_messages, make_prompt

log = logging.getLogger(__name__)

_MAX_DETAIL = 4000


class Worker:
    """Answers one request at a time."""

    def __init__(self, send: Callable[[Event], None], most_models: int = 1) -> None:
        """``send`` writes an event to the server."""
        self._send = send
        self._most_models = most_models
        self._models: OrderedDict[tuple[str, LoadOptions], LoadedModel] = OrderedDict()

    def work(self, job: Job) -> bool:
        """Answer a request; ends in ``Finished`` or ``Failed``, and raises nothing.

        False: it was paused and has not ended; work on it again when it is resumed.
        """
        request_id = job.request.request_id
        try:
            end: Finished | Failed | None = self._answer(job)
            memory_ran_out = False
        except Interrupted:
            end, memory_ran_out = job.interrupted(), False
        except Exception as error:  # noqa: BLE001 - whatever a model raises must end its request
            end, memory_ran_out = failed(request_id, error), is_out_of_memory(error)
        # Only now: while the exception was handled, its trace held the tensors.
        if memory_ran_out or (isinstance(end, Failed) and end.code == "out_of_memory"):
            self._release_memory()
        if end is not None:
            self._send(end)
        return end is not None

    def _answer(self, job: Job) -> Finished | None:
        request = job.request
        check_messages(request.messages)
        loaded = self._model(job)
        if job.pause.is_set() and not job.stop.is_set():
            return None
        generation = self._generation(job, loaded)
        reason = generation.run(lambda text: self._send(Text(request.request_id, text)), loaded)
        if reason is None:
            return None
        return Finished(
            request.request_id,
            reason,
            Usage(generation.prompt_tokens, generation.output_tokens),
            generation.forward_calls,
            generation.forward_calls_after_stop,
        )

    def _generation(self, job: Job, loaded: LoadedModel) -> Generation:
        """Return the answer in the making, begun where it has not been."""
        if isinstance(job.generation, Generation):
            return job.generation
        request = job.request
        prompt = make_prompt(loaded.tokenizer, request.messages, continue_final=request.continue_final)
        generation = Generation(loaded, prompt.ids, request.parameters, job.stop, job.pause)
        job.generation = generation
        reused = generation.reused_tokens
        self._send(Started(request.request_id, len(prompt.ids), reused, prompt.opening, prompt.harmony))
        return generation

    def _model(self, job: Job) -> LoadedModel:
        """Return the model that a request names, loading it where needed."""
        request = job.request
        key = (request.model, request.load)
        if key not in self._models:
            while len(self._models) >= self._most_models:
                self._models.popitem(last=False)
                self._return_memory()
            self._models[key] = load_model(request.model, request.load, self._reporter(job))
        self._models.move_to_end(key)
        return self._models[key]

    def _reporter(self, job: Job) -> Callable[[Stage, float | None], None]:
        """Return what tells the server each whole percent, and stops the loading of a cancelled request."""
        told: tuple[Stage, int | None] | None = None

        def report(stage: Stage, fraction: float | None) -> None:
            nonlocal told
            if job.stop.is_set():
                raise Interrupted
            percent = None if fraction is None else int(fraction * 100)
            if told != (stage, percent):
                told = (stage, percent)
                self._send(Progress(job.request.request_id, stage, fraction))

        return report

    def _release_memory(self) -> None:
        """Let go of all that can be made again: the earlier prompts."""
        for loaded in self._models.values():
            loaded.prefixes.clear()
        self._return_memory()

    @staticmethod
    def _return_memory() -> None:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def failed(request_id: str, error: Exception) -> Failed:
    """Return the end of a request that raised: its own words, or the trace of what nobody foresaw."""
    trace = "".join(traceback.format_exception(error))[-_MAX_DETAIL:]
    if not isinstance(error, EngineFailure):
        log.error("request %s failed\n%s", request_id, trace)
        if not is_out_of_memory(error):
            return Failed(
                request_id,
                "internal_error",
                f"The model ended with an error: {type(error).__name__}.",
                "Ask again; the details say what happened.",
                trace,
            )
        error = out_of_memory("answering")
    return Failed(request_id, error.code, error.message, error.hint, trace)
