"""The worker: every request ends once, whatever happens, and memory is let go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from jupyter_stream_chat.engine import worker as worker_module
from jupyter_stream_chat.engine.lane import Job
from jupyter_stream_chat.engine.messages import (
    Event,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Started,
    Text,
)
from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.worker import Worker
from tests.tiny_model import make_tiny_model, plain_answer

QUESTION = [{"role": "user", "content": "Hello 今天"}]


class Answers:
    """A worker, and the events that it sent."""

    def __init__(self, **options: Any) -> None:
        self.events: list[Event] = []
        self.worker = Worker(self.events.append, **options)

    def ask(self, model: Path, messages: Any = QUESTION, stopped: bool = False) -> Event:
        """Answer a request and return the last event."""
        job = Job(Generate("r1", str(model), messages, Parameters(max_tokens=8), LoadOptions(device="cpu")))
        if stopped:
            job.stop.set()
        self.worker.work(job)
        assert [isinstance(event, Finished | Failed) for event in self.events].count(True) >= 1
        return self.events[-1]

    def loads(self) -> int:
        """Return how many times a model has been loaded."""
        return sum(isinstance(event, Progress) and event.fraction == 1 for event in self.events)


def failing_forward(error: Exception) -> Callable[..., torch.Tensor]:
    def forward(self: LoadedModel, ids: list[int], cache: Any) -> torch.Tensor:
        raise error

    return forward


def test_an_answer_has_a_beginning_text_and_an_end(tiny_model: Path) -> None:
    answers = Answers()
    end = answers.ask(tiny_model)
    assert isinstance(end, Finished)
    assert end.finish_reason == "length"
    assert end.usage.output_tokens == 8
    started = next(event for event in answers.events if isinstance(event, Started))
    assert started.prompt_tokens == end.usage.input_tokens
    text = "".join(event.text for event in answers.events if isinstance(event, Text))
    assert text == plain_answer(tiny_model, QUESTION, max_new_tokens=8, do_sample=False)


def test_a_model_is_loaded_once(tiny_model: Path) -> None:
    answers = Answers()
    answers.ask(tiny_model)
    answers.ask(tiny_model)
    assert answers.loads() == 1


def test_one_model_at_a_time_unless_told_otherwise(tiny_model: Path, tmp_path: Path) -> None:
    other = make_tiny_model(tmp_path, seed=1)
    single, double = Answers(), Answers(most_models=2)
    for answers in (single, double):
        for model in (tiny_model, other, tiny_model):
            answers.ask(model)
    assert single.loads() == 3
    assert double.loads() == 2


def test_an_exception_in_the_model_ends_the_request_with_its_trace(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers()
    with monkeypatch.context() as patch:
        patch.setattr(LoadedModel, "forward", failing_forward(RuntimeError("mat1 and mat2 shapes")))
        end = answers.ask(tiny_model)
    assert isinstance(end, Failed)
    assert end.code == "internal_error"
    assert "mat1 and mat2 shapes" in (end.detail or "")
    assert isinstance(answers.ask(tiny_model), Finished)


def gpu_out_of_memory() -> Exception:
    """Return torch's error: a real one where there is a GPU."""
    if not torch.cuda.is_available():
        return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    with pytest.raises(torch.OutOfMemoryError) as raised:
        torch.empty(1 << 50, dtype=torch.uint8, device="cuda")
    return raised.value


def cpu_out_of_memory() -> Exception:
    return RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory"
    )


@pytest.mark.parametrize("error", [gpu_out_of_memory, cpu_out_of_memory, MemoryError])
def test_out_of_memory_is_said_and_memory_is_released(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    answers = Answers()
    answers.ask(tiny_model)
    with monkeypatch.context() as patch:
        patch.setattr(LoadedModel, "forward", failing_forward(error()))
        end = answers.ask(tiny_model, [{"role": "user", "content": "something else altogether"}])
    assert isinstance(end, Failed)
    assert end.code == "out_of_memory"
    assert end.hint
    answers.ask(tiny_model)
    again = [event for event in answers.events if isinstance(event, Started)][-1]
    assert again.reused_tokens == 0  # the earlier prompts were let go


def test_an_empty_message_is_refused_before_the_model_is_loaded(tiny_model: Path) -> None:
    answers = Answers()
    end = answers.ask(tiny_model, [])
    assert isinstance(end, Failed)
    assert end.code == "empty_message"
    assert answers.events == [end]


def test_a_prompt_too_long_is_refused_before_any_call(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoadedModel, "forward", failing_forward(AssertionError("called")))
    end = Answers().ask(tiny_model, [{"role": "user", "content": "today " * 3000}])
    assert isinstance(end, Failed)
    assert end.code == "context_too_long"
    assert "4096" in end.message


def test_a_stop_while_loading_interrupts(tiny_model: Path) -> None:
    answers = Answers()
    end = answers.ask(tiny_model, stopped=True)
    assert isinstance(end, Finished)
    assert end.finish_reason == "interrupted"
    assert answers.loads() == 0


def test_memory_of_a_failed_call_is_not_held_by_its_trace(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = threading.Event()

    class Big:
        def __del__(self) -> None:
            gone.set()

    def forward(self: LoadedModel, ids: list[int], cache: Any) -> torch.Tensor:
        big = Big()  # noqa: F841 - held by this frame, which the trace holds
        raise torch.OutOfMemoryError

    released: list[bool] = []
    monkeypatch.setattr(LoadedModel, "forward", forward)
    monkeypatch.setattr(worker_module.Worker, "_return_memory", lambda self: released.append(gone.is_set()))
    Answers().ask(tiny_model)
    assert released == [True]
