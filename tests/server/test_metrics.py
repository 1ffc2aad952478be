"""The figures, alone and in Jupyter's ``/metrics``."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY
from tornado.httpclient import AsyncHTTPClient

from jupyter_stream_chat.protocol import Counts, ErrorInfo, RunInfo, Timings
from jupyter_stream_chat.server.metrics import Metrics

from .conftest import Server

RUN = RunInfo(
    run_id="run-00001",
    chat_id="chat-0001",
    message_id="answer-01",
    profile_id="p",
    model="m",
    streaming="on",
    created_at=0,
)


class Change:
    """By how much a figure has changed since the start of the test."""

    def __init__(self, name: str, **labels: str) -> None:
        self._sample = ("stream_chat_" + name, labels)
        self._before = self._value()

    def _value(self) -> float:
        return REGISTRY.get_sample_value(*self._sample) or 0.0

    def __call__(self) -> float:
        return self._value() - self._before


def ended(**changes: Any) -> RunInfo:
    return RUN.model_copy(update={"status": "finished", "finish_reason": "stop", **changes})


def test_a_run_is_live_between_its_start_and_its_end() -> None:
    live, stopped = Change("runs_live"), Change("runs_finished_total", finish_reason="interrupted")
    metrics = Metrics()
    metrics.started(RUN)
    assert (live(), stopped()) == (1, 0)
    metrics.finished(ended(finish_reason="interrupted"))
    assert (live(), stopped()) == (0, 1)


def test_speed_counts_from_the_first_token_to_the_last() -> None:
    first, rate = Change("first_token_seconds_sum"), Change("tokens_per_second_sum")
    timings = Timings(first_token_ms=250, total_ms=1250)
    Metrics().finished(ended(timings=timings, counts=Counts(tokens=51)))
    assert first() == pytest.approx(0.25)
    assert rate() == pytest.approx(50)


def test_a_run_without_text_has_no_speed() -> None:
    first, rate = Change("first_token_seconds_count"), Change("tokens_per_second_count")
    Metrics().finished(ended(timings=Timings(total_ms=5), counts=Counts()))
    assert (first(), rate()) == (0, 0)


def test_what_went_wrong_is_counted() -> None:
    errors, lost = Change("run_errors_total", code="wrong_key"), Change("unreported_characters_total")
    error = ErrorInfo(code="wrong_key", message="No.")
    Metrics().finished(ended(finish_reason="error", error=error, counts=Counts(unreported=7)))
    assert (errors(), lost()) == (1, 7)


def test_a_model_that_never_lets_go_is_an_orphan() -> None:
    orphaned, released = Change("runs_orphaned_total"), Change("interrupt_released_seconds_sum")
    metrics = Metrics()
    metrics.finished(ended(finish_reason="interrupted", timings=Timings(total_ms=9, disconnect_ms=5)))
    assert (orphaned(), released()) == (0, pytest.approx(0.005))
    metrics.finished(ended(finish_reason="interrupted", timings=Timings(total_ms=5009)))
    assert orphaned() == 1


async def test_jupyter_shows_them(server: Server) -> None:
    finished, pages = Change("runs_finished_total", finish_reason="stop"), Change("pages")
    mismatch = Change("chats_opened_total", reason="digest_mismatch")
    async with server.page() as page:
        chat_id = await page.new_chat()
        await page.finished(await page.ask(chat_id, "tokens=3"))
        await page.open_chat(chat_id, reason="digest_mismatch")
        response = await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{server.port}{server.base_url}metrics",
            headers={"Authorization": f"token {server.token}"},
        )
        assert b"stream_chat_runs_finished_total" in response.body
        assert (finished(), pages(), mismatch()) == (1, 1, 1)
