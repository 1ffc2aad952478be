"""Long runs: nothing that a server does again and again takes more each time; no length holds its loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.tree import conversation
from tests.long_chat import CHAT_ID, answer_id, write_long_chat

from .conftest import Server, StartServer
from .page import Page, numbered
from .process import StartProcess, answer_in

pytestmark = [pytest.mark.stress, pytest.mark.timeout(1200)]

KILLS = 20
MESSAGES = 20_000
SUFFIX = "-of-20000"
RUNS = 2000
RECONNECTS = 1000

Record = Callable[[str, object], None]


async def test_20_kills(start_process: StartProcess, record_property: Record) -> None:
    record_property("tried", KILLS)
    dice = random.Random(20)
    chat_id, parent_id = "", None
    answers: list[str] = []
    for number in range(KILLS):
        server = await start_process()
        async with server.page() as page:
            if number == 0:
                chat_id = await page.new_chat()
            else:
                opened = await page.open_chat(chat_id)
                kept = ["".join(each["text"] for each in m["content"]) for m in opened["messages"][1::2]]
                assert all(text.startswith(sent) for text, sent in zip(kept, answers, strict=True))
                assert all(numbered(5000).startswith(text) for text in kept)
                _, run = answer_in(opened)
                assert run["finish_reason"] == "lost"
                parent_id = run["message_id"]
            run_id = await page.ask(chat_id, "tokens=5000 rate=500", parent_id=parent_id)
            await page.until_text(run_id, dice.randrange(1, 2000))
            await server.end(signal.SIGKILL)
            await page.until_closed()
            answers.append(page.text(run_id))


def held(server: Server) -> dict[str, int]:
    """Return what may grow with what was done."""
    gc.collect()
    process = psutil.Process()
    return {
        "descriptors": process.num_fds(),
        "threads": process.num_threads(),
        "tasks": len(asyncio.all_tasks()),
        "MiB": process.memory_info().rss // 2**20,
    }


def expect_flat(before: dict[str, int], after: dict[str, int]) -> None:
    allowed = {"descriptors": 10, "threads": 8, "tasks": 10, "MiB": 60}
    assert {
        name: after[name] - before[name] for name in before if after[name] > before[name] + allowed[name]
    } == {}


async def run_once(page: Page) -> None:
    chat_id = await page.new_chat()
    await page.finished(await page.ask(chat_id, "tokens=2"))
    await page.command("delete_chat", chat_id=chat_id)
    page.events.clear()
    page.frames.clear()


async def test_2000_runs_leave_nothing_behind(
    server: Server, caplog: pytest.LogCaptureFixture, record_property: Record
) -> None:
    record_property("tried", RUNS)
    caplog.set_level("ERROR")  # pytest keeps what is logged
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        for _ in range(RUNS // 4):
            await run_once(page)
        before = held(server)
        for _ in range(RUNS):
            await run_once(page)
        expect_flat(before, held(server))


async def test_1000_reconnects_leave_nothing_behind(server: Server, record_property: Record) -> None:
    record_property("tried", RECONNECTS)
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "hang=3")
        await page.until_text(run_id, 6)

        async def reconnect() -> None:
            async with server.page() as other:
                await other.open_chat(chat_id)
                await other.cut()

        for _ in range(RECONNECTS // 4):
            await reconnect()
        before = held(server)
        for _ in range(RECONNECTS):
            await reconnect()
        expect_flat(before, held(server))
        await page.command("interrupt_run", run_id=run_id)
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"


@contextlib.asynccontextmanager
async def loop_watched() -> AsyncIterator[list[float]]:
    """Yield the seconds that each turn of the loop took beyond what it was to wait."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - start - 0.005)

    task = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        task.cancel()


async def test_a_chat_of_20_000_messages_holds_the_loop_for_no_step_of_it(
    start_server: StartServer, tmp_path: Path, record_property: Record
) -> None:
    record_property("tried", MESSAGES)
    chat_id = CHAT_ID + SUFFIX
    write_long_chat(tmp_path / "long", MESSAGES, suffix=SUFFIX)
    start = time.perf_counter()
    store = ChatStore(tmp_path / "long")
    conversation(store.path_to_root(chat_id, answer_id(MESSAGES // 2, SUFFIX)))
    whole = time.perf_counter() - start
    store.close()
    server = await start_server(data_dir=str(tmp_path / "long"))
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        await page.finished(await page.ask(await page.new_chat(), "tokens=2"))  # what loads with the first
        async with loop_watched() as lags:
            opened = await page.open_chat(chat_id)
            before = opened["messages"][0]["message_id"]
            await page.command("load_messages", chat_id=chat_id, before=before)
            last = opened["messages"][-1]["message_id"]
            run = await page.finished(await page.ask(chat_id, "tokens=20", parent_id=last))
            assert run["finish_reason"] == "stop"
            await page.open_chat(chat_id)
    # Reading it on the loop, even once, would hold the loop for as long as that takes.
    assert max(lags) < whole / 2, (max(lags), whole)
