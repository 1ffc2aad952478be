"""The queue: first in, first out, and each waiting job knows its position."""

from __future__ import annotations

import threading

from jupyter_stream_chat.engine.messages import Generate
from jupyter_stream_chat.engine.scheduler.queue import Job, JobQueue


def job(name: str, model: str = "m") -> Job:
    return Job(Generate(name, model, [{"role": "user", "content": "?"}]))


class Told:
    """A queue with three jobs, and the positions that were told."""

    def __init__(self) -> None:
        self.positions: list[tuple[str, int]] = []
        self.queue = JobQueue(lambda job, place: self.positions.append((job.request.request_id, place)))
        self.jobs = {name: job(name) for name in "abc"}
        for each in self.jobs.values():
            self.queue.add(each)

    def take(self) -> str | None:
        head = self.queue.head(wait=False)
        if head is None or not self.queue.take(head):
            return None
        return head.request.request_id

    def new_positions(self) -> list[tuple[str, int]]:
        told = list(self.positions)
        self.positions.clear()
        return told


def test_jobs_are_taken_in_order_of_arrival() -> None:
    told = Told()
    assert [told.take() for _ in range(4)] == ["a", "b", "c", None]


def test_no_position_is_told_while_there_is_room() -> None:
    told = Told()
    told.take()
    assert told.positions == []


def test_positions_are_told_when_there_is_no_room_and_fall() -> None:
    told = Told()
    told.take()
    told.queue.block()
    assert told.new_positions() == [("b", 1), ("c", 2)]
    told.queue.add(job("d"))
    assert told.new_positions() == [("d", 3)]
    told.take()
    told.queue.block()
    assert told.new_positions() == [("c", 1), ("d", 2)]
    told.queue.block()
    assert told.new_positions() == [], "each position is told once"


def test_who_wants_another_model_than_the_one_being_loaded_is_told_so() -> None:
    told = Told()
    told.queue.set_loading(told.jobs["a"].model_key)
    told.queue.add(job("d", "other"))
    told.queue.add(job("e"))
    assert told.new_positions() == [("d", 4)]


def test_the_jobs_of_a_model_are_known_waiting_and_paused_ones() -> None:
    told = Told()
    told.queue.add(job("d", "other"))
    told.queue.pause("b")
    told.take()
    wanting = told.queue.wanting(told.jobs["a"].model_key)
    assert [each.request.request_id for each in wanting] == ["c", "b"]


def test_a_cancelled_waiting_job_leaves_at_once_and_the_others_move_up() -> None:
    told = Told()
    told.take()
    told.queue.block()
    told.positions.clear()
    assert told.queue.cancel("b") is told.jobs["b"]
    assert told.positions == [("c", 1)]
    assert told.take() == "c"


def test_a_cancelled_job_is_not_taken() -> None:
    told = Told()
    head = told.queue.head(wait=False)
    told.queue.cancel("a")
    assert head is told.jobs["a"]
    assert not told.queue.take(head)


def test_a_cancelled_running_job_gets_its_flag() -> None:
    told = Told()
    told.take()
    assert told.queue.cancel("a") is None
    assert told.jobs["a"].stop.is_set()
    assert not told.jobs["b"].stop.is_set()


def test_what_is_unknown_or_over_is_ignored() -> None:
    told = Told()
    told.take()
    told.queue.finish(told.jobs["a"])
    for request_id in ("a", "z"):
        assert told.queue.cancel(request_id) is None
        told.queue.pause(request_id)
        told.queue.resume(request_id)
    assert not told.jobs["a"].stop.is_set()
    assert not told.jobs["a"].pause.is_set()
    assert told.take() == "b"


def test_a_job_wakes_the_waiting_worker() -> None:
    queue = JobQueue(lambda job, place: None)
    taken: list[Job | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.head(wait=True)))
    worker.start()
    queue.add(job("a"))
    worker.join(10)
    assert [each and each.request.request_id for each in taken] == ["a"]


# --- paused -----------------------------------------------------------------------------------------


def test_a_paused_waiting_job_lets_the_others_by_and_comes_back_at_the_end() -> None:
    told = Told()
    told.take()
    told.queue.block()
    told.positions.clear()
    told.queue.pause("b")
    assert told.new_positions() == [("c", 1)]
    told.queue.resume("b")
    assert told.new_positions() == [("b", 2)]
    assert [told.take(), told.take()] == ["c", "b"]


def test_a_running_job_that_pauses_is_released_and_comes_back() -> None:
    told = Told()
    told.take()
    told.queue.pause("a")
    assert told.jobs["a"].pause.is_set()
    assert told.queue.release(told.jobs["a"])
    assert [told.take(), told.take(), told.take()] == ["b", "c", None]
    told.queue.resume("a")
    assert told.take() == "a"
    assert not told.jobs["a"].pause.is_set()


def test_a_job_that_is_released_for_its_memory_is_the_next_again() -> None:
    told = Told()
    told.take()
    told.queue.block()
    told.positions.clear()
    assert told.queue.release(told.jobs["a"])
    assert told.new_positions() == [("a", 1), ("b", 2), ("c", 3)]
    assert told.take() == "a"


def test_what_was_resumed_before_it_was_released_is_the_next() -> None:
    told = Told()
    told.take()
    told.queue.pause("a")
    told.queue.resume("a")
    assert told.queue.release(told.jobs["a"])
    assert told.take() == "a"


def test_what_was_stopped_before_it_was_released_is_over() -> None:
    told = Told()
    told.take()
    told.queue.pause("a")
    told.queue.cancel("a")
    assert not told.queue.release(told.jobs["a"])


def test_a_cancelled_paused_job_is_over() -> None:
    told = Told()
    told.take()
    told.queue.pause("a")
    told.queue.release(told.jobs["a"])
    assert told.queue.cancel("a") is told.jobs["a"]
    told.queue.resume("a")
    assert [told.take(), told.take(), told.take()] == ["b", "c", None]
