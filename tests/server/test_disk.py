"""Disks that are full or cannot be written, for real: a small file system, in a mount namespace of its own.

Needs Linux with ``unshare`` and ``nsenter`` (util-linux); where this is not root, user namespaces too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .page import PATIENCE, Page, numbered
from .process import StartProcess, answer_in

SIZE = "2m"
NEEDED = "a small file system cannot be mounted here: run as root, or allow user namespaces"


class SmallDisk:
    """A file system of 2 MiB at ``folder``, seen by whoever is started with ``prefix``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder: asyncio.subprocess.Process | None = None

    async def mount(self) -> None:
        """Mount it where the test alone sees it, and keep it as long as the test lasts."""
        self._folder.mkdir()
        namespaces = "-m" if os.getuid() == 0 else "-rm"
        script = f'mount -t tmpfs -o size={SIZE},mode=700 none "$0" && echo mounted && exec sleep infinity'
        self._holder = await asyncio.create_subprocess_exec(
            *("unshare", namespaces, "sh", "-c", script, str(self._folder)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert await self._holder.stdout.readline() == b"mounted\n", NEEDED

    async def unmount(self) -> None:
        """Let it go."""
        if self._holder is not None and self._holder.returncode is None:
            self._holder.kill()
            await self._holder.wait()

    @property
    def prefix(self) -> tuple[str, ...]:
        """Return the command that starts another where the disk is seen."""
        assert self._holder is not None
        user = () if os.getuid() == 0 else ("-U", "--preserve-credentials")
        return ("nsenter", "-t", str(self._holder.pid), *user, "-m", "--")

    @property
    def inside(self) -> Path:
        """Where this process sees it."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    def fill(self) -> None:
        """Leave not a byte."""
        with (self.inside / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"x" * size)

    def free(self) -> None:
        """Take away what filled it."""
        (self.inside / "filler").unlink()

    async def remount(self, options: str) -> None:
        """Change how it is mounted, for whoever opens a file from now on."""
        remount = await asyncio.create_subprocess_exec(
            *(*self.prefix, "mount", "-o", f"remount,bind,{options}", str(self._folder))
        )
        assert await remount.wait() == 0, NEEDED


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SmallDisk]:
    """Mount a small disk where the servers keep their chats."""
    small = SmallDisk(tmp_path / "chats")
    await small.mount()
    yield small
    await small.unmount()


async def until_saved(page: Page, saved: bool) -> dict[str, Any]:
    """Wait until the newest workspace says that chats are saved, or are not."""
    async with asyncio.timeout(PATIENCE):
        while ("not_saved" in page.of_type("workspace_loaded")[-1]) == saved:
            await page.broadcast()
    return page.of_type("workspace_loaded")[-1]


async def answers(page: Page, chat_id: str) -> list[str]:
    """Open a chat anew and return its answers."""
    before = len(page.events)
    await page.open_chat(chat_id)
    opened = await page.until_type("chat_opened", after=before)
    return [
        "".join(part["text"] for part in message["content"])
        for message in opened["messages"]
        if message["role"] == "assistant"
    ]


async def test_a_disk_that_fills_in_mid_stream(
    disk: SmallDisk, start_process: StartProcess, provider: ScriptedProvider
) -> None:
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        chat_id = await page.new_chat()
        first = await page.ask(chat_id, "tokens=600 rate=300")
        await page.until_text(first, 100)
        disk.fill()
        told = await until_saved(page, False)
        assert told["not_saved"]["code"] == "not_saved"
        run = await page.finished(first)
        assert (run["finish_reason"], page.text(first)) == ("stop", numbered(600))
        parent = run["message_id"]
        second = await page.ask(chat_id, "tokens=50", parent_id=parent)
        await page.finished(second)
        assert page.text(second) == numbered(50)
        await until_saved(page, False)
    async with server.page() as page:  # a reload
        assert "not_saved" in await page.until_type("workspace_loaded")
        assert await answers(page, chat_id) == [numbered(600), numbered(50)]
        disk.free()
        await until_saved(page, True)
        assert await answers(page, chat_id) == [numbered(600), numbered(50)]
    assert len(provider.requests) == 2, "nothing was asked twice"
    await server.end(signal.SIGKILL)
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert "not_saved" not in loaded
        assert [chat["running"] for chat in loaded["chats"]] == [False]
        assert await answers(page, chat_id) == [numbered(600), numbered(50)]
    assert not list((disk.inside / "spool").glob("*.spool"))


async def test_a_run_that_saw_the_disk_full_and_free_survives_kill_9(
    disk: SmallDisk, start_process: StartProcess
) -> None:
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        chat_id, other = await page.new_chat(), await page.new_chat()
        before = await page.ask(chat_id, "tokens=9000 rate=100 spooled")
        await page.until_text(before, 50)
        disk.fill()
        meanwhile = await page.ask(other, "tokens=9000 rate=100 in-memory")
        await page.until_text(meanwhile, 50)
        await until_saved(page, False)
        disk.free()
        await until_saved(page, True)
        for run_id in (before, meanwhile):
            await page.until_text(run_id, len(page.text(run_id)) + 100)
        await server.end(signal.SIGKILL)
        await page.until_closed()
        sent = {chat_id: page.text(before), other: page.text(meanwhile)}
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        for each, text in sent.items():
            at = len(page.events)
            await page.open_chat(each)
            kept, run = answer_in(await page.until_type("chat_opened", after=at))
            assert kept.startswith(text)
            assert numbered(9000).startswith(kept)
            assert run["finish_reason"] == "lost"


async def test_a_disk_that_is_full_at_the_start(disk: SmallDisk, start_process: StartProcess) -> None:
    disk.fill()
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        assert "not_saved" in await page.until_type("workspace_loaded")
        chat_id = await page.new_chat()
        await page.finished(await page.ask(chat_id, "tokens=50"))
        disk.free()
        await until_saved(page, True)
        await server.end(signal.SIGKILL)
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        assert await answers(page, chat_id) == [numbered(50)]


async def test_a_folder_that_cannot_be_written(
    disk: SmallDisk, start_process: StartProcess, provider: ScriptedProvider
) -> None:
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        chat_id = await page.new_chat()
        run = await page.finished(await page.ask(chat_id, "tokens=20"))
    await server.end(signal.SIGTERM)
    await disk.remount("ro")
    files = {file: file.read_bytes() for file in disk.inside.iterdir() if file.is_file()}
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        assert "not_saved" in await page.until_type("workspace_loaded")
        assert await answers(page, chat_id) == [numbered(20)]
        second = await page.ask(chat_id, "tokens=30", parent_id=run["message_id"])
        await page.finished(second)
        assert page.text(second) == numbered(30)
        assert files == {file: file.read_bytes() for file in disk.inside.iterdir() if file.is_file()}
        await disk.remount("rw")
        await until_saved(page, True)
        await server.end(signal.SIGKILL)
    assert len(provider.requests) == 2
    server = await start_process(*disk.prefix)
    async with server.page() as page:
        assert await answers(page, chat_id) == [numbered(20), numbered(30)]
