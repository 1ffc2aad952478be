"""The judgement of times of arrival."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.doctor.arrivals import collected


def steady(count: int, rate: float, first: float = 0.3) -> list[float]:
    return [first + i / rate for i in range(count)]


def bursts(count: int, size: int, pause: float, spread: float = 0.02) -> list[float]:
    return [pause * (1 + i // size) + (i % size) * spread / size for i in range(count)]


@pytest.mark.parametrize("rate", [4, 20, 50, 100, 200])
def test_a_steady_stream_is_not_suspected(rate: float) -> None:
    assert collected(steady(100, rate)) is None


def test_a_fast_stream_after_a_long_wait_is_not_suspected() -> None:
    assert collected(steady(200, 300, first=2.0)) is None


def test_a_stream_that_hesitates_now_and_then_is_not_suspected() -> None:
    moments = steady(100, 50)
    assert collected([*moments[:50], *(moment + 0.4 for moment in moments[50:])]) is None


@pytest.mark.parametrize("moments", [[], [3.0], steady(9, 10_000, first=5.0), steady(400, 10_000, first=0.1)])
def test_what_is_short_or_quick_shows_nothing(moments: list[float]) -> None:
    assert collected(moments) is None


def test_all_at_once_at_the_end_is_seen() -> None:
    assert collected(bursts(60, 60, 1.2)) == pytest.approx(1.2)


@pytest.mark.parametrize("size", [8, 21, 40])
def test_bursts_are_seen(size: int) -> None:
    assert collected(bursts(120, size, 0.4)) == pytest.approx(0.4, abs=0.05)
