"""Pause, resume, time limits and early stop of a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_stream_chat.protocol import RunInfo, TextLengths, TimeLimit
from jupyter_stream_chat.providers.profiles.timeouts import TimeLimits
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


# --- a provider that cannot be paused ---------------------------------------------------------------


async def test_what_comes_in_a_pause_is_held_back_and_follows_in_order(
    models: Models, provider: ScriptedProvider
) -> None:
    world, run = await begun(models)
    shown = run.texts["content"].length
    assert run.pause(TextLengths(content=shown))
    assert (run.info.status, run.info.pause and run.info.pause.reason) == ("paused", "asked")
    await until_released(provider)
    assert (len(world.kept["content"]), run.info.status) == (shown, "paused")
    assert run.resume()
    info = await end_of(run)
    assert (world.kept["content"], info.finish_reason, info.kept) == (WHOLE, "stop", None)
    assert (info.pause, world.statuses()[-1]) == (None, "streaming")


@pytest.mark.parametrize(
    "bounds", [{"hold_seconds": 0.2}, {"hold_characters": 20}], ids=["seconds", "characters"]
)
async def test_a_full_hold_ends_the_run_at_what_was_shown(
    models: Models, provider: ScriptedProvider, bounds: dict[str, Any]
) -> None:
    _world, run = await begun(models, "tokens=2000 rate=100", **bounds)
    assert run.pause(TextLengths(content=10))
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("timeout", TextLengths(content=10))
    assert info.time_limit is not None
    assert info.time_limit.waited_for == "resume"
    assert info.error is not None
    assert info.counts is not None
    assert info.counts.discarded > 0
    await until_released(provider)
    assert provider.requests[-1].disconnected


async def test_a_stop_in_a_pause_keeps_what_was_shown(models: Models, provider: ScriptedProvider) -> None:
    world, run = await begun(models, "tokens=2000 rate=100")
    run.pause(TextLengths(content=7))
    assert run.interrupt()
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("interrupted", TextLengths(content=7))
    assert not run.resume()
    assert not run.pause()
    assert world.kept["content"].startswith(WHOLE[:12])
    await until_released(provider)


async def test_an_answer_that_ended_in_a_pause_waits_for_the_reader(
    models: Models, provider: ScriptedProvider
) -> None:
    _world, run = await begun(models, "tokens=60 rate=200", hold_seconds=0.5)
    run.pause()
    await until_released(provider)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await run.wait()
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
    assert (world.kept["content"], info.finish_reason) == ("gone", "stop")


async def test_a_stopping_server_ends_a_paused_run(models: Models) -> None:
    world, run = await begun(models, "tokens=2000 rate=100")
    run.pause()
    assert run.abandon(world.explain(RuntimeError()))
    assert (await end_of(run)).finish_reason == "lost"


# --- a model that can be paused -----------------------------------------------------------------------


async def test_a_model_that_can_be_paused_is_and_nothing_runs_out() -> None:
    model = Paused(pieces=["one ", "two ", "three"])
    world = World(model)
    run = make_run(world, hold_seconds=0.01)
    await grown(world)
    assert run.pause()
    assert (model.calls, run.info.pause and run.info.pause.hold_seconds) == (["pause"], None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await run.wait()
    run.resume()
    info = await end_of(run)
    assert (model.calls, world.kept["content"]) == (["pause", "resume"], "one two three")
    assert info.finish_reason == "stop"


# --- time limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "limits", "waited_for", "text"),
    [
        ("hang=before-headers", TimeLimits(first_token=0.3), "first_token", ""),
        ("hang=after-headers", TimeLimits(first_token=0.3), "first_token", ""),
        ("hang=after-headers ping=0.02", TimeLimits(first_token=0.3), "first_token", ""),
        ("hang=3 ping=0.02", TimeLimits(stall=0.3), "next_token", "t0 t1 t2 "),
        ("tokens=100000 rate=50", TimeLimits(total=0.5), "end", None),
    ],
)
async def test_each_time_limit_ends_the_run_and_says_what_was_waited_for(
    models: Models,
    provider: ScriptedProvider,
    question: str,
    limits: TimeLimits,
    waited_for: str,
    text: str | None,
) -> None:
    world = await models("openai-compatible", question)
    info = await end_of(make_run(world, limits=limits))
    seconds = limits.first_token or limits.stall or limits.total
    assert info.time_limit == TimeLimit.model_validate({"waited_for": waited_for, "seconds": seconds})
    assert (info.finish_reason, info.kept) == ("timeout", None)
    assert info.error is not None
    assert str(seconds) in info.error.message
    assert text is None or world.kept["content"] == text
    await until_released(provider)


async def test_streaming_off_waits_for_the_whole(models: Models) -> None:
    world = await models("openai-compatible", "tokens=40 rate=100")
    info = await end_of(make_run(world, streaming="off", limits=TimeLimits(first_token=0.1, stall=0.1)))
    assert info.finish_reason == "stop"
    world = await models("openai-compatible", "hang=before-headers")
    info = await end_of(make_run(world, streaming="off", limits=TimeLimits(total=0.2)))
    assert (info.time_limit and info.time_limit.waited_for) == "end"


async def test_a_countdown_does_not_count(models: Models) -> None:
    world = await models("openai-compatible", "tokens=3 fail=429 fail-times=1 retry-after=1")
    info = await end_of(make_run(world, limits=TimeLimits(first_token=0.9, total=0.9)))
    assert info.finish_reason == "stop"


async def test_loading_and_queueing_do_not_count() -> None:
    go = asyncio.Event()
    world = World(Waiting(go=go))
    run = make_run(world, limits=TimeLimits(first_token=0.2))
    (await world.on_progress)("queued", None, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await run.wait()
    (await world.on_progress)("loading", 1, None)
    info = await end_of(run)
    assert (info.finish_reason, info.time_limit and info.time_limit.waited_for) == ("timeout", "first_token")


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
    assert world.kept["content"].count(LINE) <= 12, "noticed within a few periods"
    run.resume()
    info = await end_of(run)
    assert (world.kept["content"], info.finish_reason) == ("".join(ROUND), "stop")


async def test_the_reader_stops_it_there() -> None:
    world = World(Model(pieces=ROUND))
    run = make_run(world)
    await paused_by_repetition(run)
    shown = run.texts["content"].length
    run.interrupt()
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("repetition", TextLengths(content=shown))


async def test_nobody_answers(models: Models) -> None:
    world = World(Model(pieces=["ab cd ef\n"] * 4000))
    info = await end_of(make_run(world, hold_characters=1000))
    assert info.finish_reason == "repetition"


async def test_nobody_answers_for_a_model_that_could_wait() -> None:
    model = Paused(pieces=["".join(ROUND[:40]), "never said"])
    world = World(model)
    info = await end_of(make_run(world, hold_seconds=0.2))
    assert (model.calls, info.finish_reason) == (["pause"], "repetition")
    assert world.kept["content"] == "".join(ROUND[:40])


@pytest.mark.parametrize(("early_stop", "reason"), [("stop", "repetition"), ("off", "stop")])
async def test_it_is_ended_or_left_alone_where_the_profile_says_so(early_stop: str, reason: str) -> None:
    world = World(Model(pieces=ROUND))
    info = await end_of(make_run(world, early_stop=early_stop))
    assert info.finish_reason == reason
    assert (info.kept is None) == (early_stop == "off")
