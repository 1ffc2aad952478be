"""Runs that begin in one moment begin one after another, as the loop has time for them."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from jupyter_stream_chat.runs import admission_gate
from jupyter_stream_chat.runs.admission_gate import LATE, MANY, AdmissionGate


async def occupy(until: asyncio.Event) -> None:
    """Make the loop late, again and again."""
    while not until.is_set():
        time.sleep(5 * LATE)  # noqa: ASYNC251 - that is what is tested
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def a_long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all come in one moment, and be patient, however slow the machine."""
    monkeypatch.setattr(admission_gate, "WITHIN", math.inf)
    monkeypatch.setattr(admission_gate, "PATIENCE", math.inf)


async def used() -> AdmissionGate:
    """Return one through which many have just come."""
    gate = AdmissionGate()
    for _ in range(MANY):
        entering = gate.enter()
        with pytest.raises(StopIteration):
            entering.send(None)
    return gate


async def test_a_few_begin_at_once() -> None:
    await used()


async def test_one_that_comes_later_begins_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = await used()
    monkeypatch.setattr(admission_gate, "WITHIN", 0.0)
    with pytest.raises(StopIteration):
        gate.enter().send(None)


async def test_those_that_come_together_begin_in_order() -> None:
    gate = await used()
    began: list[int] = []

    async def begin(number: int) -> None:
        await gate.enter()
        began.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(begin(number))
        await asyncio.sleep(0)
        assert began == []
    assert began == list(range(5))


async def test_the_next_waits_until_the_loop_is_on_time() -> None:
    gate, idle = await used(), asyncio.Event()
    busy = asyncio.create_task(occupy(idle))
    second = asyncio.create_task(gate.enter())
    for _ in range(20):
        await asyncio.sleep(0)
        assert not second.done()
    idle.set()
    await busy
    async with asyncio.timeout(10):
        await second


async def test_a_loop_that_is_never_on_time_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_gate, "PATIENCE", 10 * LATE)
    gate, idle = await used(), asyncio.Event()
    busy = asyncio.create_task(occupy(idle))
    async with asyncio.timeout(10):
        for _ in range(3):
            await gate.enter()
    idle.set()
    await busy


async def test_one_that_is_stopped_while_it_waits_holds_up_no_other() -> None:
    gate, idle = await used(), asyncio.Event()
    busy = asyncio.create_task(occupy(idle))
    stopped, third = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    stopped.cancel()
    idle.set()
    async with asyncio.timeout(10):
        await third
    await busy
    assert stopped.cancelled()
