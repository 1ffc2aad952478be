"""A data folder that hangs, for real: the spool's descriptor becomes a full pipe that nobody reads."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from typing import Any

import pytest

from .conftest import Server
from .page import PATIENCE, numbered


class HungFile:
    """A file to which writes take as long as the test wants."""

    def __init__(self, fd: int) -> None:
        """Take the place of ``fd``."""
        self._read, write = os.pipe()
        self.records = b""
        os.set_blocking(write, False)
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        self._filled = os.write(write, b" " * 4096)
        os.set_blocking(write, True)
        os.dup2(write, fd)
        os.close(write)

    def take(self) -> None:
        """Let writes through until the file is closed. Blocks."""
        data = b""
        while piece := os.read(self._read, 65536):
            data += piece
            self.records = data[self._filled :]
        os.close(self._read)

    def text(self) -> str:
        """Return the text that has been written, reasoning too."""
        lines = self.records.split(b"\n")[:-1]
        return "".join(json.loads(line)[-1] for line in lines)


def spool_of(services: Any, run_id: str) -> Any:
    """Return the spool of a live run."""
    spools = services.chat_service._ownership._ours.spools()
    return next(spool for spool in spools if spool.run_id == run_id)


@pytest.mark.parametrize("reasoning", ["", " reasoning=3 again=5"], ids=["one part", "many parts"])
async def test_a_folder_that_hangs_stops_nobody_else_and_shows_nothing_unwritten(
    server: Server, reasoning: str
) -> None:
    services = await server.extension.services()
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        other_chat = await other.new_chat()
        run_id = await page.ask(chat_id, "tokens=300 rate=100" + reasoning)
        await page.until_text(run_id, 20)
        hung = HungFile(spool_of(services, run_id)._fd)
        live = services.runs.live(run_id)
        async with asyncio.timeout(PATIENCE):
            while not live._buffer._unwritten:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            shown = sum(live.text.lengths)
            while len(live._buffer._unwritten) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        # The loop serves, and what is not written is nowhere: not on this page, not in a snapshot.
        assert (await other.command("ping"))["type"] == "command_accepted"
        assert (await other.command("update_chat", chat_id=other_chat, title="t"))["type"] == (
            "command_accepted"
        )
        await other.open_chat(chat_id)
        opened = await other.until_type("chat_opened", chat_id=chat_id)
        assert sum(len(part["text"]) for part in opened["messages"][-1]["content"]) == shown
        assert len(page.text(run_id)) + len(page.text(run_id, kind="reasoning")) <= shown
        # The folder answers again: all comes, in order, and nothing before it was written.
        reading = asyncio.create_task(asyncio.to_thread(hung.take))
        run = await page.finished(run_id)
        assert page.text(run_id) == numbered(300)
        assert run["finish_reason"] == "stop"
        await reading
        whole = "".join(str(part) for part in live.text)
        assert whole.endswith(hung.text())
        assert len(whole) - len(hung.text()) == shown


async def test_stop_is_obeyed_while_the_folder_hangs(server: Server) -> None:
    services = await server.extension.services()
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "tokens=9000 rate=100")
        await page.until_text(run_id, 20)
        hung = HungFile(spool_of(services, run_id)._fd)
        live = services.runs.live(run_id)
        async with asyncio.timeout(PATIENCE):
            while len(live._buffer._unwritten) < 3:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        started = time.monotonic()
        assert (await page.command("interrupt_run", run_id=run_id))["type"] == "command_accepted"
        assert time.monotonic() - started < PATIENCE / 2
        reading = asyncio.create_task(asyncio.to_thread(hung.take))
        run = await page.finished(run_id)
        await reading
        assert run["finish_reason"] == "interrupted"
        assert numbered(9000).startswith(page.text(run_id))
