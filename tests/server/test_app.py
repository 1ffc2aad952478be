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

from jupyter_stream_chat.server import activity

from .conftest import Server, StartServer
from .page import PATIENCE

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
    light = {
        "config",
        "server",
        "server.access",
        "server.activity",
        "server.app",
        "server.extension",
        "server.gc_tuning",
    }
    light |= {
        "server.http",
        "server.http.completions",
        "server.http.rest",
        "server.http.websocket",
        "server.warm",
    }
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
        assert run["kept"][0] == 9
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


async def test_a_running_answer_is_activity_and_an_open_page_is_none(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "INTERVAL_SECONDS", 0.02)
    manager, web_app = server.app.extension_manager, server.app.web_app
    assert not manager.any_activity()
    async with server.page() as page:
        chat_id = await page.new_chat()
        before = web_app.last_activity()
        await page.command("ping")
        assert not manager.any_activity()
        assert web_app.last_activity() == before, "an idle page keeps no server alive"
        run_id = await page.ask(chat_id, "hang=3")
        assert manager.any_activity()
        server.app.shutdown_no_activity_timeout = 0
        server.app.shutdown_no_activity()  # would stop the server
        started = web_app.last_activity()
        assert started > before
        async with asyncio.timeout(PATIENCE):
            while web_app.last_activity() == started:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        await page.until_text(run_id, 9)
        await page.command("interrupt_run", run_id=run_id)
        await page.finished(run_id)
        async with asyncio.timeout(PATIENCE):
            while manager.any_activity():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        ended = web_app.last_activity()
        await page.command("ping")
        assert web_app.last_activity() == ended
