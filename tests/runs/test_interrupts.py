"""Interrupts at random moments: all end, none is swallowed, nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from jupyter_stream_chat.providers.local import guide
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.held import held
from tests.scripted_provider import ScriptedProvider

from .conftest import SHAPES, Models, World, make_run

QUESTIONS = (
    "tokens=5000",
    "tokens=400 rate=400",
    "tokens=50 rate=50",
    "hang=before-headers",
    "hang=after-headers",
    "hang=5",
    "hang=after-headers ping=0.005",
)


OpenWorld = Callable[[str], Awaitable[World]]


async def interrupt_at_random(open_world: OpenWorld, questions: Sequence[str], times: int) -> None:
    """Interrupt ``times`` runs, each at another moment from before its first step to mid-stream."""
    moments = random.Random(7)
    await make_run(await open_world("tokens=1")).wait()  # opens the connection and what it needs
    before = held()
    for number in range(times):
        question = questions[number % len(questions)]
        world = await open_world(question)
        run = make_run(world, streaming="off" if number % 10 == 9 else "on")
        await asyncio.sleep(moments.choice([0, moments.uniform(0, 0.004), moments.uniform(0, 0.06)]))
        in_time = run.interrupt()
        async with asyncio.timeout(2):
            await run.wait()
        (info,) = world.ends
        assert in_time or not question.startswith("hang"), "a hanging run cannot have finished"
        assert info.finish_reason == ("interrupted" if in_time else "stop"), question
        assert info.timings is not None
        assert not in_time or info.timings.disconnect_ms is not None, "orphaned"
    await asyncio.sleep(0.05)  # the other side needs a moment to close its ends of the sockets
    gc.collect()
    after = held()
    assert after["tasks"] <= before["tasks"]
    assert after["threads"] <= before["threads"] + 1  # asyncio.to_thread's
    assert after["handles"] <= before["handles"] + 1  # a second connection of the pool


async def interrupt_hosted(models: Models, provider: ScriptedProvider, shape: str, times: int) -> None:
    """Interrupt runs of the scripted provider, which sees every client leave."""
    await interrupt_at_random(lambda question: models(shape, question), QUESTIONS, times)
    async with asyncio.timeout(2):
        for request in provider.requests:
            await request.gone.wait()
    assert not [r for r in provider.requests if r.finished is None and r.disconnected is None]


async def interrupt_local(times: int) -> None:
    """Interrupt runs of the guide; its one process survives them all, and is gone at the end."""
    engine = EngineClient(threads=1)
    registry = Registry(engine=engine)
    profile = registry.find(guide.GUIDE_ID)
    assert isinstance(profile, Profile)

    async def open_guide(question: str) -> World:
        return World(await registry.open(profile, lambda *_: None), question, profile=profile)

    await make_run(await open_guide("How do I stop an answer?")).wait()
    pid = engine.pid
    await interrupt_at_random(open_guide, ["How do I stop an answer?", "What is this? " * 200], times)
    run = make_run(await open_guide("How do I stop an answer?"))
    await run.wait()
    assert run.info.finish_reason == "stop", "it still answers"
    assert engine.pid == pid, "no stop had to end the process"
    await engine.close()
    assert str(pid) not in os.listdir("/proc")


@pytest.mark.parametrize("shape", SHAPES)
async def test_40_interrupts(models: Models, provider: ScriptedProvider, shape: str) -> None:
    await interrupt_hosted(models, provider, shape, 40)


async def test_40_interrupts_of_a_local_model() -> None:
    await interrupt_local(40)


@pytest.mark.stress
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES)
async def test_300_interrupts(models: Models, provider: ScriptedProvider, shape: str) -> None:
    await interrupt_hosted(models, provider, shape, 300)


@pytest.mark.stress
@pytest.mark.timeout(600)
async def test_300_interrupts_of_a_local_model() -> None:
    await interrupt_local(300)
