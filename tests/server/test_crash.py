"""Servers as processes: one is killed in mid-stream, two share a store."""

from __future__ import annotations

import asyncio
import json
import signal

from .page import numbered, question
from .process import StartProcess, answer_in


async def test_kill_9_loses_nothing_that_was_sent(start_process: StartProcess) -> None:
    server = await start_process()
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=200")
        await page.until_text(run_id, 400)
        await server.end(signal.SIGKILL)
        await page.until_closed()
        sent = page.text(run_id)
    server = await start_process()
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert [chat["running"] for chat in loaded["chats"]] == [False]
        await page.open_chat(chat_id)
        text, run = answer_in(await page.until_type("chat_opened"))
        assert text.startswith(sent)
        assert numbered(5000).startswith(text)
        assert (run["run_id"], run["status"], run["finish_reason"]) == (run_id, "finished", "lost")
        assert run["error"]["code"] == "server_restarted"
        answer_id = run["message_id"]
        again = await page.ask(chat_id, "tokens=2", parent_id=answer_id)
        assert (await page.finished(again))["finish_reason"] == "stop"


async def test_a_page_that_reconnects_after_the_crash_gets_a_snapshot(start_process: StartProcess) -> None:
    server = await start_process()
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=200")
        await page.until_text(run_id, 100)
        held = {
            "epoch": page.events[0]["epoch"],
            "after_seq": page.of_type("run_started")[0]["seq"],
            "known_lengths": {run_id: [len(page.text(run_id))]},
        }
        await server.end(signal.SIGKILL)
    server = await start_process()
    async with server.page() as page:
        await page.open_chat(chat_id, reason="reconnected", **held)
        assert page.of_type("chat_opened")
        assert not page.of_type("chat_resumed")
        assert page.events[0]["epoch"] != held["epoch"]


async def test_a_second_server_touches_no_live_run(start_process: StartProcess) -> None:
    first, second = await asyncio.gather(start_process(), start_process())
    async with first.page() as one, second.page() as two:
        chat_id = await one.new_chat()
        run_id = await one.ask(chat_id, "tokens=600 rate=200")
        await one.until_text(run_id, 100)
        await two.until_type("workspace_loaded")
        await two.open_chat(chat_id)
        opened = await two.until_type("chat_opened")
        assert opened["read_only"]["code"] == "chat_read_only"
        parent = opened["messages"][-1]["message_id"]
        refused = await two.command("send_message", **question(chat_id, "tokens=1", parent_id=parent))
        assert refused["error"]["code"] == "chat_read_only"
        events = await second.get(f"runs/{run_id}/events")
        assert events.code == 409, "what goes on elsewhere has no end that could be sent"
        assert json.loads(events.body)["error"]["code"] == "chat_read_only"
        other = await two.new_chat()
        await two.finished(await two.ask(other, "tokens=2"))
        run = await one.finished(run_id)
        assert run["finish_reason"] == "stop"
        assert one.text(run_id) == numbered(600)
        await two.open_chat(chat_id)
        at = len(two.of_type("chat_opened"))
        text, seen = answer_in(two.of_type("chat_opened")[at - 1])
        assert (text, seen["finish_reason"]) == (numbered(600), "stop")
        assert "read_only" not in two.of_type("chat_opened")[at - 1]


async def test_a_polite_end_keeps_the_text_too(start_process: StartProcess) -> None:
    server = await start_process()
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=200")
        await page.until_text(run_id, 100)
        await server.end(signal.SIGTERM)
        await page.until_closed()
        sent = page.text(run_id)
    server = await start_process()
    async with server.page() as page:
        await page.open_chat(chat_id)
        text, run = answer_in(await page.until_type("chat_opened"))
        assert text.startswith(sent)
        assert run["status"] == "finished"
