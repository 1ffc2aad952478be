"""The callback chain: log and page are independent, and every loss is counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import NoReturn
from uuid import UUID

import pytest

from jupyter_stream_chat.runs import attempt
from jupyter_stream_chat.runs.run import Run
from jupyter_stream_chat.runs.token_callback import Forward, TokenCallback, token_log

from .conftest import SHAPES, Models, World, make_run
from .models import Model, Wrapping


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Switch the token log on and return its lines."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Collect()
    token_log.addHandler(handler)
    token_log.setLevel(logging.DEBUG)
    yield lines
    token_log.setLevel(logging.NOTSET)
    token_log.removeHandler(handler)


@pytest.fixture
def broken_log() -> Iterator[None]:
    """Switch the token log on, with a handler that raises."""

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> NoReturn:
            raise OSError("log disk full")

    handler = Broken()
    token_log.addHandler(handler)
    token_log.setLevel(logging.DEBUG)
    yield
    token_log.setLevel(logging.NOTSET)
    token_log.removeHandler(handler)


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_the_log_shows_the_page_gets(models: Models, logged: list[str], shape: str) -> None:
    """The bug that this product began with: tokens in the log, nothing on the page (Azure)."""
    world = await models(shape, "tokens=30 reasoning=2")
    await make_run(world).wait()
    assert len(logged) == 32
    assert all(line.startswith("run-00000001 token ") for line in logged)
    shown = "".join(eval(line.split(" ", 3)[3]) for line in logged if " reasoning " not in line)
    assert world.kept["text"] == shown == "".join(f"t{i} " for i in range(30))


@pytest.mark.parametrize("shape", SHAPES)
async def test_forwarding_taken_away_the_page_stays_empty(
    models: Models, logged: list[str], monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """The callback, not the chunk loop, is where the page's text comes from."""

    class Silent(TokenCallback):
        def __init__(self, root: UUID, run_id: str, forward: Forward) -> None:
            super().__init__(root, run_id, lambda channel, text: None)

    monkeypatch.setattr(attempt, "TokenCallback", Silent)
    world = await models(shape, "tokens=30")
    await make_run(world).wait()
    assert len(logged) == 30
    assert world.kept["text"] == ""


async def test_a_broken_log_keeps_no_text_from_the_page(models: Models, broken_log: None) -> None:
    world = await models("azure", "tokens=30")
    await make_run(world).wait()
    assert world.kept["text"] == "".join(f"t{i} " for i in range(30))
    counts = world.ends[0].counts
    assert counts is not None
    assert (counts.tokens, counts.logged, counts.forwarded) == (30, 0, 30)


async def test_a_broken_page_keeps_no_token_from_the_log(
    models: Models, logged: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = await models("azure", "tokens=30")
    run = make_run(world)

    def broken(channel: str, text: str) -> NoReturn:
        raise RuntimeError("page gone")

    monkeypatch.setattr(run, "_append", broken)
    await run.wait()
    assert len(logged) == 30
    counts = world.ends[0].counts
    assert counts is not None
    assert (counts.tokens, counts.logged, counts.forwarded) == (30, 30, 0)
    assert counts.unreported == 0, "the chunk loop did not try in the callback's place"
    assert world.ends[0].finish_reason == "error", "an answer of which nothing is shown is not complete"
    assert "not whole" in caplog.text


async def test_a_model_within_a_model_is_heard_once(logged: list[str]) -> None:
    world = World(Wrapping(inner=Model()))
    await make_run(world).wait()
    assert world.kept["text"] == "one two three"
    assert len(logged) == 3
    assert world.ends[0].counts is not None
    assert world.ends[0].counts.tokens == 3


async def test_the_log_shows_control_characters_and_surrogates_escaped(logged: list[str]) -> None:
    await make_run(World(Model(pieces=["a\n\x1b[31m", "\ud83d", "\ude00"]))).wait()
    assert logged[0].endswith(r"'a\n\x1b[31m'")
    assert logged[1].endswith(r"'\ud83d'")


async def test_the_log_is_silent_unless_switched_on(caplog: pytest.LogCaptureFixture) -> None:
    run: Run = make_run(World(Model()))
    await run.wait()
    assert not [record for record in caplog.records if record.name == token_log.name]
    assert run.info.counts is not None
    assert run.info.counts.logged == 3
