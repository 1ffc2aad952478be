"""Interrupts at random moments: all end, none is swallowed, nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import SHAPES, Models, make_run

QUESTIONS = (
    "tokens=5000",
    "tokens=400 rate=400",
    "tokens=50 rate=50",
    "hang=before-headers",
    "hang=after-headers",
    "hang=5",
    "hang=after-headers ping=0.005",
)


async def interrupt_at_random(models: Models, provider: ScriptedProvider, shape: str, times: int) -> None:
    """Interrupt ``times`` runs, each at another moment from before its first step to mid-stream."""
    moments = random.Random(7)
    await make_run(await models(shape, "tokens=1")).wait()  # opens the connection and what it needs
    before = _held()
    for number in range(times):
        question = QUESTIONS[number % len(QUESTIONS)]
        world = await models(shape, question)
        run = make_run(world, streaming="off" if number % 10 == 9 else "on")
        await asyncio.sleep(moments.choice([0, moments.uniform(0, 0.004), moments.uniform(0, 0.06)]))
        in_time = run.interrupt()
        async with asyncio.timeout(2):
            await run.wait()
        (info,) = world.ends
        assert in_time or not question.startswith("hang"), "a hanging run cannot have finished"
        assert info.finish_reason == ("interrupted" if in_time else "stop"), question
        assert info.timings is not None
        assert not in_time or info.timings.released_ms is not None, "orphaned"
    async with asyncio.timeout(2):
        for request in provider.requests:
            await request.gone.wait()
    assert not [r for r in provider.requests if r.finished is None and r.disconnected is None]
    await asyncio.sleep(0)
    gc.collect()
    after = _held()
    assert after[0] <= before[0], "tasks left"
    assert after[1] <= before[1] + 1, "threads left"
    assert after[2] <= before[2] + 1, "file handles left"


def _held() -> tuple[int, int, int]:
    """Return how many tasks, threads and file handles there are."""
    tasks = [task for task in asyncio.all_tasks() if "pump" in task.get_name() or "run " in task.get_name()]
    return len(tasks), threading.active_count(), len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("shape", SHAPES)
async def test_40_interrupts(models: Models, provider: ScriptedProvider, shape: str) -> None:
    await interrupt_at_random(models, provider, shape, 40)


@pytest.mark.stress
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shape", SHAPES)
async def test_300_interrupts(models: Models, provider: ScriptedProvider, shape: str) -> None:
    await interrupt_at_random(models, provider, shape, 300)
