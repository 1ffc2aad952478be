"""Random interleavings of questions, stops, cuts, doubled commands, restarts and pages: a real server.

Whatever happens in whichever order, in the end every page shows the same, it is what the provider sent,
nothing that any page had shown is missing, and nothing was asked of the provider twice.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scripted_provider import ScriptedProvider

from . import process
from .conftest import KEY, scripted_profile
from .page import new_id, numbered, question
from .process import Process
from .tab import Tab, text_of

TABS = 3
TOKENS = 60
_questions = itertools.count()

tabs = st.integers(0, TABS - 1)
asks = st.tuples(st.just("ask"), tabs, st.sampled_from([0, 100, 300]))
stops = st.tuples(st.just("stop"), tabs, st.sampled_from([0, 1]))
cuts = st.tuples(st.just("cut"), tabs, st.just(0))
connects = st.tuples(st.just("connect"), tabs, st.just(0))
repeats = st.tuples(st.just("repeat"), tabs, st.integers(0, 3))
pauses = st.tuples(st.just("pause"), tabs, st.sampled_from([0, 10, 50, 200]))
restarts = st.tuples(st.just("restart"), tabs, st.sampled_from([signal.SIGKILL, signal.SIGTERM]))

Step = tuple[str, int, int]
CALM = st.lists(
    st.one_of(asks, asks, pauses, pauses, stops, cuts, connects, repeats), min_size=8, max_size=30
)
WITH_RESTARTS = st.tuples(CALM, restarts, CALM, restarts, CALM).map(
    lambda parts: [*parts[0], parts[1], *parts[2], parts[3], *parts[4]]
)


@dataclass
class World:
    """A server, its provider, and what was asked."""

    folder: Path
    provider: ScriptedProvider
    server: Process
    starts: int = 1
    asked: dict[str, str] = field(default_factory=dict)
    """Questions by the run that was to answer."""

    async def restart(self, number: int) -> None:
        """End the server and start it anew."""
        await self.server.end(signal.Signals(number))
        self.server = await process.start(self.folder, self.starts)
        self.starts += 1


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Start a provider and a server as a process."""
    async with ScriptedProvider(key=KEY) as provider:
        process.write_config(folder, profiles=[scripted_profile(provider)])
        made = World(folder, provider, await process.start(folder, 0))
        yield made
        await made.server.end(signal.SIGKILL)


async def play(made: World, steps: list[Step]) -> None:
    """Do the steps in a chat of their own, then compare."""
    chat_id = new_id("chat")
    opened = [Tab(lambda: made.server.page(), chat_id) for _ in range(TABS)]
    opened[0].send("create_chat", chat_id=chat_id)
    await opened[0].connect()
    # Killed before the chat is made, the server would refuse to open it to the other tabs, rightly.
    await opened[0].until_idle()
    for name, number, value in steps:
        await step(made, opened, name, opened[number], value)
    for tab in opened:
        await tab.connect()
    # A ping is answered ahead of a question that is still being taken: look again once the server is at rest.
    for _ in range(2):
        await until_quiet(opened)
        await until_over(made, chat_id)
    await until_quiet(opened)
    await compare(made, opened, chat_id)
    for tab in opened:
        await tab.cut()


async def until_over(made: World, chat_id: str) -> None:
    """Wait until the server has no run of the chat that goes on."""
    while True:
        messages = json.loads((await made.server.get(f"chats/{chat_id}/messages")).body)["messages"]
        if all(run["status"] == "finished" for message in messages for run in message["runs"]):
            return
        await asyncio.sleep(0.05)


async def until_quiet(opened: list[Tab]) -> None:
    """Wait until nothing more is to come in any tab: the command of one is news to another."""
    while True:
        for tab in opened:
            await tab.until_idle()
            tab.send("ping")  # its answer comes after all that was to be told
        for tab in opened:
            await tab.until_idle()
        if all(tab.is_idle for tab in opened):
            return


async def step(made: World, opened: list[Tab], name: str, tab: Tab, value: int) -> None:
    """Do one thing."""
    match name:
        case "ask":
            run_id, last = new_id("run"), tab.last()
            made.asked[run_id] = text = f"tokens={TOKENS} rate={value} number-{next(_questions)}"
            fields = question(tab.transcript.chat_id, text, run_id, last.message_id if last else None)
            tab.send("send_message", **fields)
        case "stop":
            if run := tab.live():
                shown = len(tab.longest.get(run.run_id, ""))
                tab.send("interrupt_run", run_id=run.run_id, shown=[shown * value])
        case "cut":
            await tab.cut()
        case "connect":
            await tab.connect()
        case "repeat":
            tab.repeat(value)
        case "pause":
            await asyncio.sleep(value / 1000)
        case "restart":
            await made.restart(value)
            for each in opened:
                await each.cut()


async def compare(made: World, opened: list[Tab], chat_id: str) -> None:
    """See that all pages show the same, what the provider sent, and what was shown before."""
    stored = json.loads((await made.server.get(f"chats/{chat_id}/messages")).body)["messages"]
    shown = [
        [message.model_dump(mode="json", exclude_none=True) for message in t.transcript.messages]
        for t in opened
    ]
    for one in shown:
        assert essence(one) == essence(shown[0])
    assert essence(stored)[-len(shown[0]) :] == essence(shown[0])
    final = {
        run.run_id: (run, text_of(message, run.run_id))
        for message in opened[0].transcript.messages
        for run in message.runs
    }
    for run, text in final.values():
        assert numbered(TOKENS).startswith(text)
        assert run.finish_reason in ("stop", "interrupted", "lost")
        if run.finish_reason == "stop":
            assert text == numbered(TOKENS)
    for tab in opened:
        for run_id, longest in tab.longest.items():
            if run_id in final:
                assert final[run_id][1].startswith(longest), "what was shown is gone"
    received = Counter(request.body["messages"][-1]["content"] for request in made.provider.requests)
    assert not [text for text, times in received.items() if times > 1], "asked twice"


def essence(messages: list[dict[str, Any]]) -> list[Any]:
    """Return what a reader sees of messages."""
    return [
        (
            m["message_id"],
            m["role"],
            m["content"],
            [(r["run_id"], r["status"], r.get("finish_reason")) for r in m["runs"]],
        )
        for m in messages
    ]


def run_plans(folder: Path, plans: st.SearchStrategy[list[Step]], examples: int) -> None:
    """Play that many plans, each in a chat of its own of one server."""
    with asyncio.Runner() as runner:
        manager = world(folder)
        made = runner.run(manager.__aenter__())

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=examples < 100,
            suppress_health_check=list(HealthCheck),
        )
        @given(plans)
        def play_one(steps: list[Step]) -> None:
            runner.run(play(made, steps))

        try:
            play_one()
        finally:
            runner.run(manager.__aexit__(*sys.exc_info()))


@pytest.mark.timeout(300)
def test_random_interleavings(tmp_path: Path) -> None:
    run_plans(tmp_path, CALM, 15)


@pytest.mark.timeout(300)
def test_random_interleavings_with_restarts(tmp_path: Path) -> None:
    run_plans(tmp_path, WITH_RESTARTS, 2)


@pytest.mark.stress
@pytest.mark.timeout(3600)
def test_many_random_interleavings(tmp_path: Path) -> None:
    run_plans(tmp_path, CALM, 500)


@pytest.mark.stress
@pytest.mark.timeout(3600)
def test_many_random_interleavings_with_restarts(tmp_path: Path) -> None:
    run_plans(tmp_path, WITH_RESTARTS, 100)
