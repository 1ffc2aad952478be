"""Memory that others need: what is idle is given back, caches before models; what the engine tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from jupyter_stream_chat.engine.messages import (
    Event,
    Finished,
    Freed,
    Generate,
    LoadOptions,
    Parameters,
    ReleaseMemory,
    Report,
    Status,
    Unload,
)
from jupyter_stream_chat.engine.scheduler.queue import Job, JobQueue
from jupyter_stream_chat.engine.worker import LOOK_SECONDS, Worker

QUESTION: Any = [{"role": "user", "content": "Hello"}]
LITTLE, PLENTY = 10, 10_000
MARK = 1_000


class SharedGpu:
    """A worker whose memory others take, and whose clock the test moves."""

    def __init__(self) -> None:
        self.free: int | None = PLENTY
        self.now = 0.0
        self.events: list[Event] = []
        self.reports: list[Report] = []
        self.queue = JobQueue(lambda job, place: None)
        self.worker = Worker(
            self.events.append,
            self.queue,
            keep_free=MARK,
            probe=self._probe,
            report=self.reports.append,
            clock=lambda: self.now,
        )

    def _probe(self, device: torch.device) -> int | None:
        return self.free

    def ask(self, model: Path, tokens: int = 8) -> None:
        """Ask, and do not wait for the answer."""
        request = Generate(
            f"r{len(self.events)}",
            str(model),
            QUESTION,
            Parameters(max_tokens=tokens),
            LoadOptions(device="cpu"),
        )
        self.queue.add(Job(request))

    def finish(self) -> None:
        """Work until nothing runs."""
        while self.worker.turn():
            pass

    def look(self) -> list[Report]:
        """Let the time to the next look pass; return what is told."""
        told = len(self.reports)
        self.now += LOOK_SECONDS
        self.worker.turn()
        return self.reports[told:]

    @property
    def status(self) -> Status:
        """What was told last of the models in memory."""
        return [each for each in self.reports if isinstance(each, Status)][-1]


@pytest.fixture
def gpu(tiny_model: Path) -> SharedGpu:
    """Return a worker that has answered once and is idle."""
    shared = SharedGpu()
    shared.ask(tiny_model)
    shared.finish()
    return shared


def test_a_model_in_memory_is_told_with_what_it_takes(gpu: SharedGpu, tiny_model: Path) -> None:
    (model,) = gpu.status.models
    assert model.model == str(tiny_model)
    assert model.nbytes > 100_000
    assert model.cache_nbytes == model.idle_cache_nbytes > 0
    assert model.output_tokens == 8
    assert model.steps >= 8
    assert model.running == 0
    assert gpu.status.free_nbytes == PLENTY


def test_nothing_is_given_back_while_there_is_enough(gpu: SharedGpu) -> None:
    assert not gpu.look()
    gpu.free = None  # where it cannot be known
    assert not gpu.look()


def test_caches_are_given_back_first_and_then_the_model(gpu: SharedGpu, tiny_model: Path) -> None:
    idle = gpu.status.models[0].idle_cache_nbytes
    gpu.free = LITTLE
    assert gpu.look()[0] == Freed("caches", str(tiny_model), idle)
    assert gpu.status.models[0].idle_cache_nbytes == 0
    freed = gpu.look()[0]
    assert isinstance(freed, Freed)
    assert (freed.what, freed.model) == ("model", str(tiny_model))
    assert gpu.status.models == []
    assert not gpu.look()


def test_what_was_enough_is_enough(gpu: SharedGpu) -> None:
    gpu.free = LITTLE
    gpu.look()
    gpu.free = PLENTY
    assert not gpu.look()
    assert len(gpu.status.models) == 1


def test_an_answer_is_never_taken(gpu: SharedGpu, tiny_model: Path) -> None:
    gpu.ask(tiny_model, tokens=30)
    gpu.free = LITTLE
    for _ in range(10):
        gpu.look()
    assert not [each for each in gpu.reports if isinstance(each, Freed) and each.what == "model"]
    gpu.finish()
    assert gpu.events[-1].__class__ is Finished
    gpu.free = PLENTY
    gpu.ask(tiny_model)
    gpu.finish()
    assert isinstance(gpu.events[-1], Finished)


def test_it_is_loaded_again_when_it_is_asked(gpu: SharedGpu, tiny_model: Path) -> None:
    gpu.free = LITTLE
    gpu.look()
    gpu.look()
    gpu.free = PLENTY
    gpu.ask(tiny_model)
    gpu.finish()
    assert isinstance(gpu.events[-1], Finished)
    assert len(gpu.status.models) == 1


def test_a_kernel_that_ran_out_of_memory_gets_all_that_is_idle(gpu: SharedGpu, tiny_model: Path) -> None:
    gpu.queue.order(ReleaseMemory())
    gpu.worker.turn()
    assert [each.what for each in gpu.reports if isinstance(each, Freed)] == ["model"]
    assert gpu.status.models == []


def test_a_model_is_unloaded_by_name_unless_it_answers(gpu: SharedGpu, tiny_model: Path) -> None:
    gpu.queue.order(Unload("another"))
    gpu.worker.turn()
    assert len(gpu.status.models) == 1
    gpu.ask(tiny_model, tokens=20)
    gpu.worker.turn()
    gpu.queue.order(Unload(str(tiny_model)))
    gpu.finish()
    assert isinstance(gpu.events[-1], Finished)
    gpu.queue.order(Unload(str(tiny_model)))
    gpu.worker.turn()
    assert gpu.status.models == []


def test_an_order_wakes_an_idle_worker(gpu: SharedGpu, tiny_model: Path) -> None:
    gpu.queue.order(Unload(str(tiny_model)))
    gpu.worker.turn(wait=True)
    assert gpu.status.models == []
