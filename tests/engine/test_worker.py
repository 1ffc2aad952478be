"""The worker: every request ends once, whatever happens, and memory is let go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from jupyter_stream_chat.engine import worker as worker_module
from jupyter_stream_chat.engine.messages import (
    Event,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Queued,
    Started,
    Text,
)
from jupyter_stream_chat.engine.scheduler.calls import PackedCalls, Read
from jupyter_stream_chat.engine.scheduler.queue import Job, JobQueue
from jupyter_stream_chat.engine.worker import Worker
from tests.tiny_model import make_tiny_model, plain_answer

QUESTION = [{"role": "user", "content": "Hello 今天"}]


class Answers:
    """A worker, and the events that it sent."""

    def __init__(self, **options: Any) -> None:
        self.events: list[Event] = []
        self.queue = JobQueue(lambda job, place: self.events.append(Queued(job.request.request_id, place)))
        self.worker = Worker(self.events.append, self.queue, **options)

    def ask(self, model: Path, messages: Any = QUESTION) -> Event:
        """Answer a request and return the last event."""
        self.add("r1", model, messages)
        self.finish()
        assert [isinstance(event, Finished | Failed) for event in self.events].count(True) >= 1
        return self.events[-1]

    def add(self, request_id: str, model: Path, messages: Any = QUESTION, **parameters: Any) -> None:
        """Put a request into the queue."""
        asked = Parameters(**{"max_tokens": 8} | parameters)
        self.queue.add(Job(Generate(request_id, str(model), messages, asked, LoadOptions(device="cpu"))))

    def finish(self) -> None:
        """Work until nothing runs."""
        while self.worker.turn():
            pass

    def of(self, request_id: str) -> list[Event]:
        """Return the events of a request."""
        return [event for event in self.events if event.request_id == request_id]

    def text(self, request_id: str) -> str:
        """Return the text of an answer."""
        return "".join(event.text for event in self.of(request_id) if isinstance(event, Text))

    def loads(self) -> int:
        """Return how many times a model has been loaded."""
        return sum(isinstance(event, Progress) and event.fraction == 1 for event in self.events)


def failing_call(error: Exception) -> Callable[..., torch.Tensor]:
    def call(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        raise error

    return call


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
        patch.setattr(PackedCalls, "call", failing_call(RuntimeError("mat1 and mat2 shapes")))
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
        patch.setattr(PackedCalls, "call", failing_call(error()))
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
    monkeypatch.setattr(PackedCalls, "call", failing_call(AssertionError("called")))
    end = Answers().ask(tiny_model, [{"role": "user", "content": "today " * 3000}])
    assert isinstance(end, Failed)
    assert end.code == "context_too_long"
    assert "4096" in end.message


def test_a_stop_while_loading_ends_the_request_at_once_and_the_loading_with_it(tiny_model: Path) -> None:
    answers = Answers()
    cancelled: list[Job | None] = []

    def send(event: Event) -> None:
        answers.events.append(event)
        if isinstance(event, Progress) and not cancelled:
            cancelled.append(answers.queue.cancel("r1"))

    answers.worker = Worker(send, answers.queue)
    answers.add("r1", tiny_model)
    answers.finish()
    assert cancelled != [None]
    assert answers.loads() == 0


def test_a_model_is_loaded_on_for_another_who_waits_for_it(tiny_model: Path) -> None:
    answers = Answers()

    def send(event: Event) -> None:
        answers.events.append(event)
        if event.request_id == "a" and isinstance(event, Progress):
            answers.queue.cancel("a")

    answers.worker = Worker(send, answers.queue)
    answers.add("a", tiny_model)
    answers.add("b", tiny_model)
    answers.finish()
    assert answers.loads() == 1
    assert isinstance(answers.events[-1], Finished)
    assert answers.events[-1].request_id == "b"


def test_memory_of_a_failed_call_is_not_held_by_its_trace(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = threading.Event()

    class Big:
        def __del__(self) -> None:
            gone.set()

    def call(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        big = Big()  # noqa: F841 - held by this frame, which the trace holds
        raise torch.OutOfMemoryError

    released: list[bool] = []
    monkeypatch.setattr(PackedCalls, "call", call)
    monkeypatch.setattr(worker_module.Worker, "_return_memory", lambda self: released.append(gone.is_set()))
    Answers().ask(tiny_model)
    assert released == [True]


# --- several at once --------------------------------------------------------------------------------


def test_requests_of_one_model_are_answered_side_by_side_and_none_is_queued(tiny_model: Path) -> None:
    answers = Answers()
    for name in "abc":
        answers.add(name, tiny_model, [{"role": "user", "content": f"Hello {name}"}])
    answers.finish()
    order = [event.request_id for event in answers.events if isinstance(event, Text)]
    assert order.index("c") < len(order) - 1 - order[::-1].index("a")
    assert not any(isinstance(event, Queued) for event in answers.events)
    for name in "abc":
        question = [{"role": "user", "content": f"Hello {name}"}]
        assert answers.text(name) == plain_answer(tiny_model, question, max_new_tokens=8, do_sample=False)


def test_who_finds_no_place_is_told_the_position_and_comes_next(tiny_model: Path) -> None:
    answers = Answers(most_running=2)
    for name in "abcd":
        answers.add(name, tiny_model)
    answers.finish()
    queued = [event for event in answers.events if isinstance(event, Queued)]
    assert queued == [Queued("c", 1), Queued("d", 2)]
    ends = [event.request_id for event in answers.events if isinstance(event, Finished)]
    assert ends == ["a", "b", "c", "d"]


def test_a_request_of_another_model_waits_until_nothing_runs_and_is_not_overtaken(
    tiny_model: Path, tmp_path: Path
) -> None:
    other = make_tiny_model(tmp_path, seed=1)
    answers = Answers()
    answers.add("a", tiny_model)
    answers.worker.turn()
    answers.add("b", other)
    answers.add("c", tiny_model)
    answers.finish()
    starts = [event.request_id for event in answers.events if isinstance(event, Started)]
    assert starts == ["a", "b", "c"]
    assert Queued("b", 1) in answers.events


def test_a_stop_of_one_leaves_the_other(tiny_model: Path) -> None:
    answers = Answers()
    answers.add("a", tiny_model, max_tokens=500)
    answers.add("b", tiny_model, max_tokens=40)
    answers.worker.turn()
    assert answers.queue.cancel("a") is None
    answers.finish()
    ends = {event.request_id: event for event in answers.events if isinstance(event, Finished)}
    assert ends["a"].finish_reason == "interrupted"
    assert ends["b"].finish_reason == "length"
    assert answers.text("b") == plain_answer(tiny_model, QUESTION, max_new_tokens=40, do_sample=False)


def test_a_paused_request_waits_beside_the_others_and_ends_as_if_nothing_had_been(tiny_model: Path) -> None:
    answers = Answers()
    answers.add("a", tiny_model, max_tokens=30)
    answers.add("b", tiny_model, max_tokens=30)
    for _ in range(5):
        answers.worker.turn()
    answers.queue.pause("a")
    answers.finish()
    assert isinstance(answers.of("b")[-1], Finished)
    assert not isinstance(answers.of("a")[-1], Finished)
    answers.queue.resume("a")
    answers.finish()
    assert answers.text("a") == plain_answer(tiny_model, QUESTION, max_new_tokens=30, do_sample=False)
    assert sum(isinstance(event, Started) for event in answers.of("a")) == 1


def test_a_stop_in_a_pause_that_has_not_begun_yet_ends_the_request(tiny_model: Path) -> None:
    answers = Answers()
    answers.add("a", tiny_model, max_tokens=30)
    answers.worker.turn()
    answers.queue.pause("a")
    assert answers.queue.cancel("a") is None
    answers.finish()
    end = answers.events[-1]
    assert isinstance(end, Finished)
    assert end.finish_reason == "interrupted"


def test_a_request_that_had_to_wait_for_room_begins_as_any_other(tiny_model: Path) -> None:
    answers = Answers(most_running=1)
    answers.add("r1", tiny_model)
    answers.add("r2", tiny_model)
    answers.finish()
    told = [type(event) for event in answers.of("r2") if isinstance(event, Started | Text)]
    assert told[0] is Started
    assert told.count(Started) == 1
