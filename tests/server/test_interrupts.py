"""Interrupts at random moments over a page's socket: all end, none is swallowed, nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.held import held
from tests.providers.conftest import profile_values
from tests.runs.test_interrupts import QUESTIONS
from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_counting_model

from .conftest import Server, StartServer
from .page import PATIENCE, Page, new_id, numbered, question
from .test_session import digest

Record = Callable[[str, object], None]

SHAPES = ("openai", "azure", "openai-compatible")
LOCAL_QUESTIONS = ("Count.", "What is this? " * 100)


async def interrupt_at_random(server: Server, questions: Sequence[str], times: int) -> None:
    """Ask and stop ``times`` times, each at another moment from before its acknowledgement to mid-stream."""
    moments = random.Random(11)
    async with server.page() as page:
        await page.finished(await ask(page, questions[0]))  # opens what stays open
    await settled(server)
    before = held()
    async with server.page() as page:
        for number in range(times):
            asked = questions[number % len(questions)]
            run_id = await ask(page, asked, streaming="off" if number % 10 == 9 else "on")
            await asyncio.sleep(moments.choice([0, moments.uniform(0, 0.01), moments.uniform(0, 0.1)]))
            await stop(page, run_id, may_be_over=not asked.startswith("hang"))
    await settled(server)
    await assert_nothing_more_than(before)


async def ask(page: Page, text: str, *, streaming: str = "on") -> str:
    """Ask in a chat of its own, and wait for nothing: a Stop may overtake its question."""
    chat_id, run_id = new_id("chat"), new_id("run")
    page.send("create_chat", chat_id=chat_id, streaming=streaming)
    page.send("open_chat", chat_id=chat_id)
    page.send("send_message", **question(chat_id, text, run_id))
    return run_id


async def stop(page: Page, run_id: str, *, may_be_over: bool) -> None:
    """Stop a run, and see that it ends as a page expects."""
    shown = page.text(run_id)
    answer = await page.command("interrupt_run", run_id=run_id, shown=[len(shown)])
    assert answer["type"] == "command_accepted"
    run = await page.finished(run_id)
    text = page.text(run_id)
    assert text.startswith(shown)
    assert numbered(5000).startswith(text)
    assert digest(text) == [*run["digest"], digest("")][0], "a token was lost, or came twice"
    if run["finish_reason"] == "stop":
        assert may_be_over, "a hanging run cannot have finished"
        assert answer.get("note") == "not_running", "the interrupt was swallowed"
        return
    assert run["finish_reason"] == "interrupted"
    assert sum(run["kept"]) == len(shown)
    assert run["timings"].get("disconnect_ms") is not None, "orphaned"
    await page.command("close_chat", chat_id=run["chat_id"])


async def settled(server: Server) -> None:
    """Wait until the server has let go of its pages and of what they asked."""
    running = await server.extension.running()
    async with asyncio.timeout(PATIENCE):
        while running.pages.sessions or running.services.tasks:  # noqa: ASYNC110 - nobody tells that a page has gone
            await asyncio.sleep(0.01)


async def assert_nothing_more_than(before: dict[str, int]) -> None:
    """See that nothing is held but what was."""
    spare = {"tasks": 0, "threads": 1, "handles": 1}  # asyncio.to_thread's; the pool's second connection
    # The other side needs a moment to close its ends of the sockets.
    async with asyncio.timeout(PATIENCE):
        while any(count > before[what] + spare[what] for what, count in held().items()):
            gc.collect()
            await asyncio.sleep(0.05)


async def interrupt_hosted(server: Server, provider: ScriptedProvider, times: int) -> None:
    """Interrupt runs of the scripted provider, which sees every client leave."""
    await interrupt_at_random(server, QUESTIONS, times)
    async with asyncio.timeout(PATIENCE):
        for request in provider.requests:
            await request.gone.wait()
    assert not [r for r in provider.requests if r.finished is None and r.disconnected is None]


async def interrupt_local(server: Server, times: int) -> None:
    """Interrupt runs of a local model; its one process survives them all."""
    async with server.page() as page:
        await page.finished(await ask(page, "Count."))
    engine = (await server.extension.services()).engine
    pid = engine.pid
    await interrupt_at_random(server, LOCAL_QUESTIONS, times)
    assert engine.pid == pid, "no stop had to end the process"


@pytest.fixture
async def hosted(start_server: StartServer, provider: ScriptedProvider, shape: str) -> Server:
    """Start a server whose one profile is of this shape."""
    return await start_server(profiles=[profile_values(shape, provider)])


@pytest.fixture
async def local(start_server: StartServer, tmp_path: Path) -> Server:
    """Start a server whose one profile is a local model."""
    model = make_counting_model(tmp_path / "model", numbers=1000, layers=2)
    profile = {"id": "counter", "provider": "huggingface", "model": str(model)}
    return await start_server(profiles=[profile], engine_threads=1)


@pytest.mark.parametrize("shape", SHAPES)
async def test_40_interrupts(hosted: Server, provider: ScriptedProvider, record_property: Record) -> None:
    record_property("tried", 40)
    await interrupt_hosted(hosted, provider, 40)


async def test_40_interrupts_of_a_local_model(local: Server, record_property: Record) -> None:
    record_property("tried", 40)
    await interrupt_local(local, 40)


@pytest.mark.stress
@pytest.mark.timeout(900)
@pytest.mark.parametrize("shape", SHAPES)
async def test_300_interrupts(hosted: Server, provider: ScriptedProvider, record_property: Record) -> None:
    record_property("tried", 300)
    await interrupt_hosted(hosted, provider, 300)


@pytest.mark.stress
@pytest.mark.timeout(900)
async def test_300_interrupts_of_a_local_model(local: Server, record_property: Record) -> None:
    record_property("tried", 300)
    await interrupt_local(local, 300)
