"""Servers as processes: one is killed in mid-stream, two share a store."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from tests.scripted_provider import ScriptedProvider

from .conftest import scripted_profile
from .page import PATIENCE, Page, numbered, question

TOKEN = "a-token-of-the-tests"
START_SECONDS = 60.0
OTHER_EXTENSIONS = ("jupyterlab", "notebook", "notebook_shim", "jupyter_lsp", "jupyter_server_terminals")
"""Left out: they double the time of a start."""


class Process:
    """A Jupyter server in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    def page(self) -> Page:
        """Return a page of this server."""
        url = f"ws://127.0.0.1:{self.port}/stream-chat/ws"
        return Page(url, {"Authorization": f"token {TOKEN}"})

    async def get(self, path: str) -> HTTPResponse:
        """Send a REST request; refusals are returned, not raised."""
        url = f"http://127.0.0.1:{self.port}/stream-chat/api/{path}"
        return await AsyncHTTPClient().fetch(
            url, headers={"Authorization": f"token {TOKEN}"}, raise_error=False
        )

    async def end(self, number: signal.Signals) -> None:
        """Send a signal to this process alone and wait for its end."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()


StartProcess = Callable[[], Awaitable[Process]]


@pytest.fixture
async def start_process(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[StartProcess]:
    """Return a function that starts one more server on the same store."""
    config = {
        "ServerApp": {
            "jpserver_extensions": {**dict.fromkeys(OTHER_EXTENSIONS, False), "jupyter_stream_chat": True},
            "ip": "127.0.0.1",
            "port": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": str(tmp_path),
        },
        "IdentityProvider": {"token": TOKEN},
        "StreamChat": {"data_dir": str(tmp_path / "chats"), "profiles": [scripted_profile(provider)]},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "none"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    started: list[Process] = []

    async def start() -> Process:
        log = (tmp_path / f"server-{len(started)}.log").open("wb")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_server", f"--config={tmp_path / 'config.json'}"),
            env=environment,
            stdout=log,
            stderr=log,
        )
        server = Process(process, await _port(process, tmp_path))
        started.append(server)
        return server

    yield start
    for server in started:
        await server.end(signal.SIGKILL)


async def _port(process: asyncio.subprocess.Process, folder: Path) -> int:
    """Wait for the file in which a server says where it listens."""
    announcement = folder / "runtime" / f"jpserver-{process.pid}.json"
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            if announcement.exists():
                try:
                    return int(json.loads(announcement.read_text())["port"])
                except json.JSONDecodeError:
                    pass  # half written
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the server did not start, see {folder}/server-*.log")


def answer_in(opened: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the text and the run of the last answer in a snapshot."""
    message = opened["messages"][-1]
    text = "".join(part["text"] for part in message["content"] if part["type"] == "text")
    return text, message["runs"][-1]


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
        await page.command("open_chat", chat_id=chat_id)
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
            "held": {run_id: {"content": len(page.text(run_id))}},
        }
        await server.end(signal.SIGKILL)
    server = await start_process()
    async with server.page() as page:
        await page.command("open_chat", chat_id=chat_id, reason="reconnected", **held)
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
        await two.command("open_chat", chat_id=chat_id)
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
        await two.command("open_chat", chat_id=chat_id)
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
        await page.command("open_chat", chat_id=chat_id)
        text, run = answer_in(await page.until_type("chat_opened"))
        assert text.startswith(sent)
        assert run["status"] == "finished"
