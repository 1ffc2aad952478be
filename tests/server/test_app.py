"""The extension in a Jupyter server: its start, its settings, its end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Server, StartServer

START = """
import json, sys
import jupyter_server.serverapp, jupyter_server.extension.application
from jupyter_server.services.kernels import websocket
before = set(sys.modules)
import jupyter_stream_chat
jupyter_stream_chat._jupyter_server_extension_points()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_jupyters_start_loads_next_to_nothing() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    modules = json.loads(subprocess.check_output([sys.executable, "-c", START], env=environment, timeout=60))
    assert {module.split(".")[0] for module in modules} == {"jupyter_stream_chat"}
    light = {"config", "nonces", "server", "server.access", "server.app", "server.gc_tuning", "server.warm"}
    light |= {"server.http", "server.http.doctor", "server.http.rest", "server.http.sse"}
    light |= {"server.page", "server.page.websocket"}
    ours = {module.removeprefix("jupyter_stream_chat.") for module in modules}
    assert ours - {"jupyter_stream_chat", "_version"} == light


async def test_it_can_be_configured(start_server: StartServer) -> None:
    server = await start_server(streaming="off", max_open_chats=7)
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert loaded["streaming"] == "off"
        assert page.events[0]["limits"]["open_chats"] == 7


async def test_settings_and_keys_are_not_in_the_web_settings(server: Server) -> None:
    config: Any = server.app.web_app.settings["jupyter_stream_chat_config"]
    assert "profiles" not in config


async def test_data_stay_in_jupyters_data_folder(server: Server, jp_data_dir: Any) -> None:
    async with server.page() as page:
        await page.new_chat()
    assert (jp_data_dir / "stream-chat").is_dir()


async def test_the_end_finishes_runs_and_is_quick(server: Server) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "hang=3")
        await page.until_text(run_id, 9)
        await server.extension.stop_extension()
        run = await page.finished(run_id)
        assert run["finish_reason"] == "lost"
        assert run["kept"]["content"] == 9
    with pytest.raises(RuntimeError):
        await server.extension.services()


async def test_runs_are_among_the_lines_of_jupyters_log(server: Server) -> None:
    lines: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    server.app.log.addHandler(handler)
    try:
        async with server.page() as page:
            run_id = await page.ask(await page.new_chat(), "tokens=3")
            await page.finished(run_id)
    finally:
        server.app.log.removeHandler(handler)
    assert len([line for line in lines if run_id in line]) == 2, "one line at its start, one at its end"


async def test_damaged_chats_are_put_aside_and_told(start_server: StartServer, tmp_path: Path) -> None:
    (tmp_path / "chats.sqlite3").write_text("not a database " * 100)
    server = await start_server(data_dir=str(tmp_path))
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert loaded["store_damaged"]["code"] == "store_damaged"
        assert "not_saved" not in loaded
        await page.finished(await page.ask(await page.new_chat(), "tokens=1"))
    (aside,) = [name for name in os.listdir(tmp_path) if "damaged" in name]
    assert loaded["store_damaged"]["detail"] == str(tmp_path / aside)


async def test_an_opened_page_starts_the_engine_of_a_local_default(start_server: StartServer) -> None:
    server = await start_server(profiles=[])
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert loaded["default_profile_id"] == "guide"
        services = await server.extension.services()
        await asyncio.gather(*services.tasks)
        assert services.engine.pid
