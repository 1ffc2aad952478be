"""Pause, resume, time limits and early stop of a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

from jupyter_stream_chat.protocol import RunInfo, TimeLimit
from jupyter_stream_chat.providers.adapter import OnProgress
from jupyter_stream_chat.providers.profiles.timeouts import Timeouts
from jupyter_stream_chat.runs.run import Run
from tests.scripted_provider import ScriptedProvider

from .conftest import Models, World, make_run
from .models import Model, Paused, Waiting
from .test_run import grown

WHOLE = "".join(f"t{n} " for n in range(60))


async def begun(models: Models, question: str = "tokens=60 rate=100", **settings: Any) -> tuple[World, Run]:
    """Return a run that streams."""
    world = await models("openai-compatible", question)
    run = make_run(world, **settings)
    await grown(world, 12)
    return world, run


async def until_released(provider: ScriptedProvider) -> None:
    await provider.requests[-1].gone.wait()


async def end_of(run: Run) -> RunInfo:
    async with asyncio.timeout(30):
        await run.wait()
    return run.info


async def lasts(world: World, run: Run, seconds: float) -> None:
    """Wait until the pause is told to end after so many seconds."""
    async with asyncio.timeout(20):
        while run.info.pause is None or run.info.pause.auto_end_seconds != seconds:
            world.told.clear()
            await world.told.wait()


# --- a provider that cannot be paused ---------------------------------------------------------------


async def test_what_comes_in_a_pause_is_held_back_and_follows_in_order(
    models: Models, provider: ScriptedProvider
) -> None:
    world, run = await begun(models)
    shown = run.text[-1].length
    assert run.pause([shown])
    assert (run.info.status, run.info.pause and run.info.pause.reason) == ("paused", "asked")
    await until_released(provider)
    assert (len(world.kept["text"]), run.info.status) == (shown, "paused")
    assert run.resume()
    info = await end_of(run)
    assert (world.kept["text"], info.finish_reason, info.kept) == (WHOLE, "stop", None)
    assert (info.pause, world.statuses()[-1]) == (None, "streaming")


@pytest.mark.parametrize(
    "bounds", [{"auto_end_seconds": 0.2}, {"buffer_characters": 20}], ids=["seconds", "characters"]
)
async def test_a_full_hold_ends_the_run_at_what_was_shown(
    models: Models, provider: ScriptedProvider, bounds: dict[str, Any]
) -> None:
    _world, run = await begun(models, "tokens=2000 rate=100", **bounds)
    assert run.pause([10])
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("timeout", [10])
    assert info.time_limit is not None
    assert info.time_limit.limit_kind == "resume"
    assert info.error is not None
    assert info.counts is not None
    assert info.counts.discarded > 0
    await until_released(provider)
    assert provider.requests[-1].disconnected


async def test_a_stop_in_a_pause_keeps_what_was_shown(models: Models, provider: ScriptedProvider) -> None:
    world, run = await begun(models, "tokens=2000 rate=100")
    run.pause([7])
    assert run.interrupt()
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("interrupted", [7])
    assert not run.resume()
    assert not run.pause()
    assert world.kept["text"].startswith(WHOLE[:12])
    await until_released(provider)


async def test_an_answer_that_ended_in_a_pause_waits_for_the_reader(models: Models) -> None:
    world, run = await begun(models, "tokens=60 rate=200", auto_end_seconds=0.5)
    run.pause()
    await lasts(world, run, 4 * 3600)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await run.wait()
    run.resume()
    assert (await end_of(run)).finish_reason == "stop"


async def test_an_answer_that_ended_in_a_pause_does_not_wait_for_ever(
    models: Models, provider: ScriptedProvider
) -> None:
    world, run = await begun(models, "tokens=60 rate=200", auto_end_seconds=20, max_pause_seconds=1)
    run.pause([7])
    await until_released(provider)
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("timeout", [7])
    assert info.time_limit == TimeLimit(limit_kind="resume", seconds=1)
    assert world.kept["text"] == "".join(f"t{i} " for i in range(60)), "the rest is not lost"


async def test_the_page_is_told_when_a_pause_lasts_longer(models: Models) -> None:
    world, run = await begun(models, "tokens=60 rate=200", auto_end_seconds=5, max_pause_seconds=50)
    run.pause()
    assert (run.info.pause and run.info.pause.auto_end_seconds) == 5
    await lasts(world, run, 50)
    run.resume()
    assert (await end_of(run)).finish_reason == "stop"


async def test_a_pause_before_the_first_token() -> None:
    go = asyncio.Event()
    world = World(Waiting(go=go))
    run = make_run(world)
    await world.on_progress
    assert run.pause()
    go.set()
    run.resume()
    info = await end_of(run)
    assert (world.kept["text"], info.finish_reason) == ("gone", "stop")


async def test_a_stopping_server_ends_a_paused_run(models: Models) -> None:
    world, run = await begun(models, "tokens=2000 rate=100")
    run.pause()
    assert run.abandon(world.explain(RuntimeError()))
    assert (await end_of(run)).finish_reason == "lost"


# --- a model that can be paused -----------------------------------------------------------------------


async def test_a_pause_that_nobody_ends_frees_the_model() -> None:
    model = Paused(pieces=["one ", "two ", "three"])
    world = World(model)
    run = make_run(world, max_pause_seconds=0.2)
    await grown(world)
    assert run.pause([2])
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("timeout", [2])
    assert info.time_limit == TimeLimit(limit_kind="resume", seconds=0.2)
    assert info.error is not None
    assert info.error.code == "paused_too_long"
    assert (model.calls, run.orphan) == (["pause"], None)
    assert info.timings is not None
    assert info.timings.disconnect_ms is not None


async def test_a_pause_while_the_model_is_opened_lasts_as_long_as_any() -> None:
    class Slow(World):
        async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
            await opened.wait()
            return await super().open_model(on_progress)

    opened = asyncio.Event()
    model = Paused(pieces=["one ", "two"])
    world = Slow(model)
    run = make_run(world, auto_end_seconds=5, max_pause_seconds=50)
    assert run.pause()
    opened.set()
    await lasts(world, run, 50)
    assert model.calls == ["pause"]
    run.resume()
    assert (await end_of(run)).finish_reason == "stop"


async def test_a_model_that_can_be_paused_is_and_nothing_runs_out() -> None:
    model = Paused(pieces=["one ", "two ", "three"])
    world = World(model)
    run = make_run(world, auto_end_seconds=0.01)
    await grown(world)
    assert run.pause()
    assert (model.calls, run.info.pause and run.info.pause.auto_end_seconds) == (["pause"], 4 * 3600)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await run.wait()
    run.resume()
    info = await end_of(run)
    assert (model.calls, world.kept["text"]) == (["pause", "resume"], "one two three")
    assert info.finish_reason == "stop"


# --- time limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "timeouts", "limit_kind", "text"),
    [
        ("hang=before-headers", Timeouts(first_token=0.3), "first_token", ""),
        ("hang=after-headers", Timeouts(first_token=0.3), "first_token", ""),
        ("hang=after-headers ping=0.02", Timeouts(first_token=0.3), "first_token", ""),
        ("hang=3 ping=0.02", Timeouts(stall=0.3), "next_token", "t0 t1 t2 "),
        ("tokens=100000 rate=50", Timeouts(total=0.5), "end", None),
    ],
)
async def test_each_time_limit_ends_the_run_and_says_what_was_waited_for(
    models: Models,
    provider: ScriptedProvider,
    question: str,
    timeouts: Timeouts,
    limit_kind: str,
    text: str | None,
) -> None:
    world = await models("openai-compatible", question)
    info = await end_of(make_run(world, timeouts=timeouts))
    seconds = timeouts.first_token or timeouts.stall or timeouts.total
    assert info.time_limit == TimeLimit.model_validate({"limit_kind": limit_kind, "seconds": seconds})
    assert (info.finish_reason, info.kept) == ("timeout", None)
    assert info.error is not None
    assert str(seconds) in info.error.message
    assert text is None or world.kept["text"] == text
    await until_released(provider)


async def test_streaming_off_waits_for_the_whole(models: Models) -> None:
    world = await models("openai-compatible", "tokens=40 rate=100")
    info = await end_of(make_run(world, streaming="off", timeouts=Timeouts(first_token=0.1, stall=0.1)))
    assert info.finish_reason == "stop"
    world = await models("openai-compatible", "hang=before-headers")
    info = await end_of(make_run(world, streaming="off", timeouts=Timeouts(total=0.2)))
    assert (info.time_limit and info.time_limit.limit_kind) == "end"


async def test_a_countdown_does_not_count(models: Models) -> None:
    world = await models("openai-compatible", "tokens=3 fail=429 fail-times=1 retry-after=1")
    info = await end_of(make_run(world, timeouts=Timeouts(first_token=0.9, total=0.9)))
    assert info.finish_reason == "stop"


async def test_loading_and_queueing_do_not_count() -> None:
    go = asyncio.Event()
    world = World(Waiting(go=go))
    run = make_run(world, timeouts=Timeouts(first_token=0.2))
    (await world.on_progress)("queued", None, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await run.wait()
    (await world.on_progress)("loading", 1, None)
    info = await end_of(run)
    assert (info.finish_reason, info.time_limit and info.time_limit.limit_kind) == ("timeout", "first_token")


# --- early stop ---------------------------------------------------------------------------------------

LINE = "I am sorry, I cannot do that for you.\n"
ROUND = [LINE] * 40 + ["But now I can."]


async def paused_by_repetition(run: Run) -> None:
    async with asyncio.timeout(10):
        while run.info.status != "paused":  # noqa: ASYNC110 - a run tells pages, not tasks
            await asyncio.sleep(0.01)


async def test_an_answer_that_goes_round_is_paused_and_goes_on_if_the_reader_wants() -> None:
    world = World(Model(pieces=ROUND))
    run = make_run(world)
    await paused_by_repetition(run)
    assert run.info.pause is not None
    assert run.info.pause.reason == "repetition"
    assert world.kept["text"].count(LINE) <= 12, "noticed within a few periods"
    run.resume()
    info = await end_of(run)
    assert (world.kept["text"], info.finish_reason) == ("".join(ROUND), "stop")


async def test_the_reader_stops_it_there() -> None:
    world = World(Model(pieces=ROUND))
    run = make_run(world)
    await paused_by_repetition(run)
    shown = run.text[-1].length
    run.interrupt()
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("repetition", [shown])


async def test_nobody_answers(models: Models) -> None:
    world = World(Model(pieces=["ab cd ef\n"] * 4000))
    info = await end_of(make_run(world, buffer_characters=1000))
    assert info.finish_reason == "repetition"


async def test_a_model_that_ends_meanwhile_does_not_prolong_the_question() -> None:
    run = make_run(World(Model(pieces=ROUND)), auto_end_seconds=0.2)
    await paused_by_repetition(run)
    shown = run.text[-1].length
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("repetition", [shown])


async def test_nobody_answers_for_a_model_that_could_wait() -> None:
    model = Paused(pieces=["".join(ROUND[:40]), "never said"])
    world = World(model)
    info = await end_of(make_run(world, auto_end_seconds=0.2))
    assert (model.calls, info.finish_reason) == (["pause"], "repetition")
    assert world.kept["text"] == "".join(ROUND[:40])


@pytest.mark.parametrize(("on_repetition", "reason"), [("stop", "repetition"), ("off", "stop")])
async def test_it_is_ended_or_left_alone_where_the_profile_says_so(on_repetition: str, reason: str) -> None:
    world = World(Model(pieces=ROUND))
    info = await end_of(make_run(world, on_repetition=on_repetition))
    assert info.finish_reason == reason
    assert (info.kept is None) == (on_repetition == "off")
