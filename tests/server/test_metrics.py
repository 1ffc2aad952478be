"""The figures, alone and in Jupyter's ``/metrics``."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import AsyncHTTPClient

from jupyter_stream_chat.protocol import Counts, ErrorInfo, RunInfo, Timings
from jupyter_stream_chat.server.metrics import Metrics
from tests.tiny_model import make_tiny_model

from .conftest import Server, StartServer
from .page import PATIENCE

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


# --- by model --------------------------------------------------------------------------------------

DOCS = Path(__file__).parents[2] / "docs"
NAME = re.compile(r"stream_chat_\w+")


async def samples_of(server: Server) -> dict[tuple[str, str], float]:
    """Return what Jupyter serves: the value by the sample's name and its model."""
    response = await AsyncHTTPClient().fetch(
        f"http://127.0.0.1:{server.port}{server.base_url}metrics",
        headers={"Authorization": f"token {server.token}"},
    )
    families = text_string_to_metric_families(response.body.decode())
    return {
        (sample.name, sample.labels.get("model", "")): sample.value
        for family in families
        for sample in family.samples
    }


async def test_a_local_model_has_its_figures(start_server: StartServer, tmp_path: Path) -> None:
    model = str(make_tiny_model(tmp_path / "model"))
    profile = {"id": "local", "provider": "huggingface", "model": model, "draft_model": model}
    server = await start_server(profiles=[{**profile, "parameters": {"max_tokens": 400}}], engine_threads=1)
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(run_id, 50)
        running = await samples_of(server)
        assert running["stream_chat_model_running", model] == 1
        run = await page.finished(run_id)
    services = await server.extension.services()
    async with asyncio.timeout(PATIENCE):
        while not (status := services.engine.status) or status.models[0].running:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the engine tells it in a moment
    figures = await samples_of(server)
    assert figures["stream_chat_model_tokens_total", model] == 400
    assert figures["stream_chat_model_first_token_seconds_count", model] == 1
    assert figures["stream_chat_engine_tokens_total", model] == 400
    assert figures["stream_chat_engine_memory_bytes", model] > 100_000
    assert (
        0
        < figures["stream_chat_engine_cache_bytes", model]
        <= figures["stream_chat_engine_cache_budget_bytes", model]
    )
    assert figures["stream_chat_engine_step_answers_total", model] >= 1
    guessed = figures["stream_chat_engine_guessed_tokens_total", model]
    assert guessed == run["usage"]["guessed_tokens"] > 0
    assert figures["stream_chat_engine_accepted_tokens_total", model] == run["usage"]["accepted_tokens"]
    assert ("stream_chat_model_running", model) not in figures


def names_served() -> set[str]:
    """Return the names of all samples and families that we have."""
    return {
        name
        for family in REGISTRY.collect()
        for name in (
            family.name,
            f"{family.name}_total",
            *(f"{family.name}_{part}" for part in ("bucket", "sum", "count") if family.type == "histogram"),
        )
        if name.startswith("stream_chat_")
    }


def test_every_figure_of_the_dashboard_is_served() -> None:
    dashboard = json.loads((DOCS / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = {name for expression in asked for name in NAME.findall(expression)}
    assert len(names) > 10
    assert names <= names_served()
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(places) == len(set(places)) == len({panel["id"] for panel in dashboard["panels"]})


def test_the_page_names_every_figure() -> None:
    """A name in a row may stand without what its neighbour begins with."""
    page = (DOCS / "metrics.md").read_text()
    cells = re.findall(r"^\| (`.+?`) \|", page, re.MULTILINE)
    listed: set[str] = set()
    for cell in cells:
        first, *others = re.findall(r"`(\w+)`", cell)
        listed |= {first, *(f"stream_chat{other}" for other in others)}
        listed |= {f"stream_chat_engine{other}" for other in others}
    families = {family.name for family in REGISTRY.collect() if family.name.startswith("stream_chat_")}
    missing = {name for name in families if not {name, f"{name}_total"} & listed}
    assert not missing
