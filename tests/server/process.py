"""Jupyter servers as processes of their own: what is killed, and what shares a store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from .page import PATIENCE, Page

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


StartProcess = Callable[..., Awaitable[Process]]
"""``await start_process(*prefix)`` starts one more server on the same store, by a command before its own."""


def write_config(folder: Path, **settings: Any) -> None:
    """Write what the servers of a test are configured by, with these settings of ours."""
    config = {
        "ServerApp": {
            "jpserver_extensions": {**dict.fromkeys(OTHER_EXTENSIONS, False), "jupyter_stream_chat": True},
            "ip": "127.0.0.1",
            "port": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": str(folder),
        },
        "IdentityProvider": {"token": TOKEN},
        "StreamChat": {"data_dir": str(folder / "chats"), **settings},
    }
    (folder / "config.json").write_text(json.dumps(config))


async def start(folder: Path, number: int, prefix: tuple[str, ...] = ()) -> Process:
    """Start the server that ``folder`` configures; ``number`` names its log."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "JUPYTER_CONFIG_DIR": str(folder / "none"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    with (folder / f"server-{number}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(*prefix, sys.executable, "-m", "jupyter_server", f"--config={folder / 'config.json'}"),
            env=environment,
            stdout=log,
            stderr=log,
        )
    return Process(process, await _port(process, folder))


async def _port(process: asyncio.subprocess.Process, folder: Path) -> int:
    """Wait until a server listens where its file says, and return the port."""
    announcement = folder / "runtime" / f"jpserver-{process.pid}.json"
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            # The file may be half written, or be there before the server listens.
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, ConnectionRefusedError):
                port = int(json.loads(announcement.read_text())["port"])
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return port
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the server did not start, see {folder}/server-*.log")


def answer_in(opened: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the text and the run of the last answer in a snapshot."""
    message = opened["messages"][-1]
    text = "".join(part["text"] for part in message["content"] if part["type"] == "text")
    return text, message["runs"][-1]
