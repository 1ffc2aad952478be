"""Time limits, on a clock that the test sets."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_stream_chat.protocol import TimeLimit
from jupyter_stream_chat.providers.profiles.timeouts import HOSTED, Timeouts
from jupyter_stream_chat.runs.watchdog import Watchdog

TIMEOUTS = Timeouts(first_token=10, stall=5, total=100)


class Timer:
    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due, self.call, self.cancelled = due, call, False

    def cancel(self) -> None:
        self.cancelled = True

    def __lt__(self, other: Timer) -> bool:
        return self.due < other.due


class Clock:
    """An event loop of which only the clock is left."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[Timer] = []
        self.set = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        timer = Timer(self.now + delay, call)
        heapq.heappush(self._timers, timer)
        self.set += 1
        return timer

    def go(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._timers and self._timers[0].due <= end:
            timer = heapq.heappop(self._timers)
            self.now = max(self.now, timer.due)
            if not timer.cancelled:
                timer.call()
        self.now = end


class Watched:
    """A watchdog, and what it said when."""

    def __init__(self, timeouts: Timeouts = TIMEOUTS) -> None:
        self.clock = Clock()
        self.said: list[tuple[float, str, float]] = []
        loop: Any = self.clock
        self.dog = Watchdog(timeouts, self._note, loop=loop)

    def _note(self, limit: TimeLimit) -> None:
        self.said.append((self.clock.now, limit.limit_kind, limit.seconds))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_no_first_token(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    watched.clock.go(1000)
    assert watched.said == [(10, "first_token", 10)]


def test_a_stall_counts_from_the_last_token(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    for _ in range(8):
        watched.clock.go(4)
        watched.dog.on_token()
    watched.clock.go(1000)
    assert watched.said == [(32 + 5, "next_token", 5)]


def test_the_whole_answer(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    for _ in range(100):
        watched.clock.go(4)
        watched.dog.on_token()
    assert watched.said == [(100, "end", 100)]


def test_of_an_answer_in_one_piece_the_whole_alone_counts(watched: Watched) -> None:
    watched.dog.ask(streamed=False)
    watched.clock.go(1000)
    assert watched.said == [(100, "end", 100)]


def test_queueing_and_loading_do_not_count(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    watched.clock.go(9)
    watched.dog.stop_timer()
    watched.clock.go(500)
    assert watched.said == []
    watched.dog.wait()
    watched.clock.go(500)
    assert watched.said == [(9 + 500 + 1, "first_token", 10)]


def test_a_pause_does_not_count_and_what_it_was_doing_goes_on(watched: Watched) -> None:
    watched.dog.stop_timer()
    watched.dog.pause()
    watched.dog.resume()
    watched.clock.go(500)
    assert watched.said == [], "what rested before the pause rests after it"
    watched.dog.ask(streamed=True)
    watched.dog.on_token()
    watched.clock.go(4)
    watched.dog.pause()
    watched.clock.go(500)
    watched.dog.on_token()
    watched.clock.go(500)
    assert watched.said == []
    watched.dog.resume()
    watched.clock.go(4)
    assert watched.said == [], "a stall is counted anew after a pause"
    watched.clock.go(500)
    assert watched.said == [(500 + 4 + 1000 + 5, "next_token", 5)]


def test_a_second_attempt_has_its_own_first_token(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    watched.clock.go(8)
    watched.dog.stop_timer()
    watched.dog.ask(streamed=True)
    watched.clock.go(8)
    assert watched.said == []
    watched.clock.go(8)
    assert watched.said == [(18, "first_token", 10)]


def test_zero_is_no_limit_and_nothing_is_the_usual() -> None:
    watched = Watched(Timeouts(first_token=0, stall=0, total=0))
    watched.dog.ask(streamed=True)
    watched.clock.go(100_000)
    watched.dog.on_token()
    watched.clock.go(100_000)
    assert watched.said == []
    assert Timeouts(stall=7).over(HOSTED) == HOSTED.model_copy(update={"stall": 7})


def test_a_closed_watchdog_says_nothing(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    watched.dog.close()
    watched.clock.go(1000)
    assert watched.said == []


def test_a_token_sets_no_timer(watched: Watched) -> None:
    watched.dog.ask(streamed=True)
    watched.dog.on_token()
    before = watched.clock.set
    for _ in range(1000):
        watched.dog.on_token()
    assert watched.clock.set == before
