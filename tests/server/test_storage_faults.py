"""Servers as processes whose saved chats are damaged, deleted or locked under them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from .page import numbered
from .process import StartProcess, answer_in
from .test_disk import answers, until_saved

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_deleted_data_folder_is_told_and_the_chats_are_saved_again(
    tmp_path: Path, start_process: StartProcess
) -> None:
    server = await start_process()
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        chat_id = await page.new_chat()
        first = await page.finished(await page.ask(chat_id, "tokens=20"))
        other = await page.new_chat()
        live = await page.ask(other, "tokens=9000 rate=200")
        await page.until_text(live, 100)
        shutil.rmtree(tmp_path / "chats")
        told = await until_saved(page, False)
        assert told["not_saved"]["code"] == "store_gone"
        await until_saved(page, True)
        await page.finished(await page.ask(chat_id, "tokens=30", parent_id=first["message_id"]))
        await page.until_text(live, len(page.text(live)) + 100)
        shown = page.text(live)
        await server.end(signal.SIGTERM)
    server = await start_process()
    async with server.page() as page:
        assert await answers(page, chat_id) == [numbered(20), numbered(30)]
        at = len(page.events)
        await page.command("open_chat", chat_id=other)
        text, _ = answer_in(await page.until_type("chat_opened", after=at))
        assert text.startswith(shown)


async def test_damaged_records_are_told_and_all_else_works(
    tmp_path: Path, start_process: StartProcess
) -> None:
    server = await start_process()
    async with server.page() as page:
        bad, good = [await page.new_chat() for _ in range(2)]
        first = await page.finished(await page.ask(good, "tokens=20"))
        run_id = await page.ask(bad, "tokens=5000 rate=200")
        await page.until_text(run_id, 100)
        await server.end(signal.SIGKILL)
    with closing(sqlite3.connect(tmp_path / "chats" / "chats.sqlite3", isolation_level=None)) as db:
        db.execute(
            "UPDATE chats SET title = CAST(X'FFFE' AS TEXT), parameters = '{}}' WHERE chat_id = ?", (bad,)
        )
        db.execute("UPDATE runs SET info = 'null' WHERE chat_id = ?", (bad,))
        db.execute("INSERT INTO profiles (profile_id, fields) VALUES ('bad', '[1')")
    with (tmp_path / "chats" / "spool" / f"{run_id}.spool").open("ab") as spool:
        spool.write(b"[" * 100_000 + b"\n")
    server = await start_process()
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert {chat["chat_id"] for chat in loaded["chats"]} == {bad, good}
        assert loaded["store_damaged"]["code"] == "records_damaged"
        aside = sorted(name.split("-")[0] for name in os.listdir(loaded["store_damaged"]["detail"]))
        assert aside == ["chats", "profiles", "run", "runs"]
        assert "not_saved" not in loaded
        for chat_id in (bad, good):
            at = len(page.events)
            await page.command("open_chat", chat_id=chat_id)
            opened = await page.until_type("chat_opened", after=at)
            text, run = answer_in(opened)
            assert text
            assert run["status"] == "finished"
            parent_id = opened["messages"][-1]["message_id"]
            await page.finished(await page.ask(chat_id, "tokens=2", parent_id=parent_id))
        assert first["finish_reason"] == "stop"


async def test_a_locked_database_is_told_and_the_server_works(
    tmp_path: Path, start_process: StartProcess
) -> None:
    server = await start_process()
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        chat_id = await page.new_chat()
        first = await page.finished(await page.ask(chat_id, "tokens=20"))
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLD, str(tmp_path / "chats" / "chats.sqlite3")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        second = page.ask(chat_id, "tokens=30", parent_id=first["message_id"])
        await page.finished(await second)
        told = await until_saved(page, False)
        assert told["not_saved"]["code"] == "store_locked"
        assert await answers(page, chat_id) == [numbered(20), numbered(30)]
        holder.kill()
        await holder.wait()
        await until_saved(page, True)
        await server.end(signal.SIGKILL)
    server = await start_process()
    async with server.page() as page:
        assert await answers(page, chat_id) == [numbered(20), numbered(30)]
