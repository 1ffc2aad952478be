"""What a page may ask for at most: each limit has a named error, and nothing is done beyond it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.providers.wire_server import WireServer, chunk, said
from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_tiny_model

from .conftest import Server, StartServer, scripted_profile
from .page import Page, new_id, question
from .test_wire import asked, kept, opened

LIMITS: dict[str, Any] = {
    "max_frame_bytes": 4096,
    "max_message_characters": 100,
    "max_live_runs": 2,
    "max_queued_runs": 1,
    "max_pending_commands": 3,
    "max_open_chats": 2,
    "max_attachments": 3,
    "max_attachment_bytes": 2048,
}


async def frame_too_large(page: Page, server: Server) -> str:
    return page.send("ping", pad="x" * 4096)


async def message_too_long(page: Page, server: Server) -> str:
    return page.send("send_message", **question(await page.new_chat(), "x" * 101))


async def empty_message(page: Page, server: Server) -> str:
    return page.send("send_message", **question(await page.new_chat(), " \n "))


async def too_many_runs(page: Page, server: Server) -> str:
    chats = [await page.new_chat(), await page.new_chat()]
    for chat_id in chats:
        await page.ask(chat_id, "hang=before-headers")
    third = new_id("chat")
    await page.command("create_chat", chat_id=third)
    return page.send("send_message", **question(third, "one more"))


async def chat_busy(page: Page, server: Server) -> str:
    chat_id = await page.new_chat()
    fields = question(chat_id, "hang=before-headers")
    await page.command("send_message", **fields)
    return page.send("send_message", **question(chat_id, "and this", parent_id=fields["answer_id"]))


async def too_many_open_chats(page: Page, server: Server) -> str:
    await page.new_chat()
    await page.new_chat()
    third = new_id("chat")
    await page.command("create_chat", chat_id=third)
    return page.send("open_chat", chat_id=third)


async def too_many_commands(page: Page, server: Server) -> str:
    chat_service = (await server.extension.services()).chat_service
    chat_id = await page.new_chat()
    async with chat_service._lock(chat_id):  # the commands cannot be done as long as this is held
        sent = [page.send("update_chat", chat_id=chat_id, title="t") for _ in range(4)]
        await page.answer(sent[-1])
    return sent[-1]


Exceed = Callable[[Page, Server], Awaitable[str]]
EXCEED: list[Exceed] = [
    frame_too_large,
    message_too_long,
    empty_message,
    too_many_runs,
    chat_busy,
    too_many_open_chats,
    too_many_commands,
]
"""For each named error a way to get it; it returns the id of the command that is one too many."""


@pytest.mark.parametrize("exceed", EXCEED, ids=lambda exceed: exceed.__name__)
async def test_each_limit_has_a_named_error(
    start_server: StartServer, provider: ScriptedProvider, exceed: Exceed
) -> None:
    server = await start_server(**LIMITS)
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        answer = await page.answer(await exceed(page, server))
        assert answer["type"] == "command_rejected", answer
        assert answer["error"]["code"] == exceed.__name__
        assert answer["error"]["message"]
        assert (await page.command("ping"))["type"] == "command_accepted", "the socket lives on"
        assert len(provider.requests) <= 2
        asked = [request.body["messages"][-1]["content"] for request in provider.requests]
        assert set(asked) <= {"hang=before-headers"}, "nothing was asked beyond the limit"


async def test_every_limit_is_told_to_the_page(start_server: StartServer) -> None:
    server = await start_server(**LIMITS)
    async with server.page() as page:
        hello = await page.until_type("hello")
        told = {f"max_{name}": value for name, value in hello["limits"].items()}
        assert told == LIMITS


async def test_a_place_is_free_again_after_its_run(start_server: StartServer) -> None:
    server = await start_server(**LIMITS)
    async with server.page() as page:
        chats = [await page.new_chat(), await page.new_chat()]
        runs = [await page.ask(chat_id, "hang=after-headers") for chat_id in chats]
        await page.command("interrupt_run", run_id=runs[0])
        await page.finished(runs[0])
        again = await page.ask(chats[0], "tokens=1")
        await page.finished(again)
        await page.command("close_chat", chat_id=chats[0])
        await page.new_chat()
        assert not page.of_type("command_rejected")


async def test_the_queue_for_the_local_model_has_an_end(
    start_server: StartServer, provider: ScriptedProvider, tmp_path: Path
) -> None:
    folder = make_tiny_model(tmp_path / "tiny", layers=4, hidden=128, context=8192)
    endless = {"on_repetition": "off", "parameters": {"temperature": 1.0, "seed": 1}}
    tiny = {"id": "tiny", "provider": "huggingface", "model": str(folder), **endless}
    server = await start_server(
        profiles=[tiny, scripted_profile(provider)], max_queued_runs=1, engine_max_chats=1
    )
    async with server.page() as page:
        running = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(running, 1)
        queued = await page.ask(await page.new_chat(), "Hello")
        await page.until(lambda e: e.get("run_id") == queued and e.get("status") == "queued")
        assert REGISTRY.get_sample_value("stream_chat_runs_queued") == 1
        third = await page.new_chat()
        refused = await page.command("send_message", **question(third, "Hello"))
        assert (refused["type"], refused["error"]["code"]) == ("command_rejected", "too_many_queued_runs")
        status, answer = await server.rest("POST", f"chats/{third}/messages", {"text": "Hello"})
        assert (status, answer["error"]["code"]) == (429, "too_many_queued_runs")
        hosted = await page.command("send_message", **question(third, "tokens=1"), profile_id="scripted")
        assert hosted["type"] == "command_accepted", "no other model has that queue"
        await page.command("interrupt_run", run_id=queued)
        await page.finished(queued)
        again = await page.ask(await page.new_chat(), "Hello")
        for run_id in (running, again):
            await page.command("interrupt_run", run_id=run_id)
            await page.finished(run_id)


@pytest.mark.stress
async def test_an_answer_of_100_mb_ends_at_the_limit_and_costs_no_more_per_character(
    start_server: StartServer,
) -> None:
    piece = chunk({"content": "0123456789abcdef" * 4096})
    endless = {"stream": [*[piece] * 1600, *said("never")]}  # 105 million characters
    limits = (1_000_000, 8_000_000)
    seconds: list[float] = []
    async with WireServer(endless) as wire:
        server = await opened(start_server, wire, on_repetition="off")
        runs = (await server.extension.services()).runs
        for limit in limits:
            runs._settings = replace(runs._settings, max_characters=limit)
            async with server.page() as page:
                chat_id = await page.new_chat()
                start = time.process_time()
                run, fields = await asked(page, chat_id, "hello")
                seconds.append(time.process_time() - start)
                text, _ = await kept(server, chat_id, fields["answer_id"])
            assert (run["finish_reason"], run["error"]["code"]) == ("length", "answer_too_long")
            assert limit <= len(text) < limit + 65_536
    # Eight times the text; a cost that grows with its square would be sixty-four times as much.
    assert seconds[1] < 24 * seconds[0], seconds
