"""The lane: first in, first out, and everyone knows their place."""

from __future__ import annotations

import threading

from jupyter_stream_chat.engine.lane import Job, Lane
from jupyter_stream_chat.engine.messages import Generate


def job(name: str) -> Job:
    return Job(Generate(name, "m", [{"role": "user", "content": "?"}]))


class Told:
    """A lane with three jobs, and the positions that were told."""

    def __init__(self) -> None:
        self.positions: list[tuple[str, int]] = []
        self.lane = Lane(lambda job, place: self.positions.append((job.request.request_id, place)))
        self.jobs = {name: job(name) for name in "abc"}
        for each in self.jobs.values():
            self.lane.add(each)

    def take(self) -> str:
        return self.lane.take().request.request_id


def test_jobs_are_taken_in_order_of_arrival() -> None:
    told = Told()
    assert [told.take() for _ in range(3)] == ["a", "b", "c"]


def test_positions_are_told_and_fall() -> None:
    told = Told()
    assert told.positions == [("b", 1), ("c", 2)]
    told.positions.clear()
    told.take()
    assert told.positions == [("b", 1), ("c", 2)]
    told.positions.clear()
    told.take()
    assert told.positions == [("c", 1)]


def test_a_cancelled_waiting_job_leaves_at_once_and_the_others_move_up() -> None:
    told = Told()
    told.take()
    told.positions.clear()
    assert told.lane.cancel("b") is told.jobs["b"]
    assert told.positions == [("c", 1)]
    assert told.take() == "c"


def test_a_cancelled_working_job_gets_its_flag() -> None:
    told = Told()
    told.take()
    assert told.lane.cancel("a") is None
    assert told.jobs["a"].stop.is_set()
    assert not told.jobs["b"].stop.is_set()


def test_what_is_unknown_or_over_is_ignored() -> None:
    told = Told()
    told.take()
    told.take()
    assert told.lane.cancel("a") is None
    assert told.lane.cancel("z") is None
    assert not told.jobs["a"].stop.is_set()


def test_a_job_wakes_the_waiting_worker() -> None:
    lane = Lane(lambda job, place: None)
    taken: list[Job] = []
    worker = threading.Thread(target=lambda: taken.append(lane.take()))
    worker.start()
    lane.add(job("a"))
    worker.join(10)
    assert [each.request.request_id for each in taken] == ["a"]


# --- paused -----------------------------------------------------------------------------------------


def test_a_paused_waiting_job_lets_the_others_by_and_comes_back_at_the_end() -> None:
    told = Told()
    told.take()
    told.positions.clear()
    told.lane.pause("b")
    assert told.positions == [("c", 1)]
    told.lane.resume("b")
    assert told.positions == [("c", 1), ("b", 2)]
    assert [told.take(), told.take()] == ["c", "b"]


def test_the_job_that_is_worked_on_is_parked_and_comes_back() -> None:
    told = Told()
    told.take()
    told.lane.pause("a")
    assert told.jobs["a"].pause.is_set()
    assert told.lane.park(told.jobs["a"])
    assert [told.take(), told.take()] == ["b", "c"]
    told.lane.resume("a")
    assert told.take() == "a"
    assert not told.jobs["a"].pause.is_set()


def test_what_was_resumed_or_stopped_before_it_stood_still_is_not_parked() -> None:
    told = Told()
    told.take()
    told.lane.pause("a")
    told.lane.resume("a")
    assert not told.lane.park(told.jobs["a"])
    told.lane.pause("a")
    told.lane.cancel("a")
    assert not told.lane.park(told.jobs["a"])


def test_a_cancelled_paused_job_is_over() -> None:
    told = Told()
    told.take()
    told.lane.pause("a")
    told.lane.park(told.jobs["a"])
    assert told.lane.cancel("a") is told.jobs["a"]
    told.lane.resume("a")
    assert [told.take(), told.take()] == ["b", "c"]


def test_pausing_what_is_unknown_or_over_is_ignored() -> None:
    told = Told()
    told.take()
    told.take()
    told.lane.pause("a")
    told.lane.pause("z")
    told.lane.resume("z")
    assert told.take() == "c"
