"""A real Jupyter server with our extension, a scripted provider behind it, and pages before it.

The server is built by pytest-jupyter's fixtures; only its loop is taken from pytest-asyncio, on which all our
asynchronous tests run.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import tornado.httpserver
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_core import (  # noqa: F401 - fixtures
    echo_kernel_spec,
    jp_config_dir,
    jp_data_dir,
    jp_env_config_path,
    jp_env_jupyter_path,
    jp_environ,
    jp_home_dir,
    jp_kernel_dir,
    jp_runtime_dir,
    jp_system_config_path,
    jp_system_jupyter_path,
)
from pytest_jupyter.jupyter_server import (  # noqa: F401 - fixtures
    jp_argv,
    jp_base_url,
    jp_configurable_serverapp,
    jp_http_port,
    jp_logging_stream,
    jp_nbconvert_templates,
    jp_root_dir,
    jp_server_config,
)
from pytest_jupyter.pytest_tornasync import http_server_port  # noqa: F401 - a fixture
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jupyter_stream_chat.server.app import StreamChat
from tests.scripted_provider import ScriptedProvider

from . import process
from .page import Page
from .process import Process, StartProcess

KEY = "sk-scripted-0123456789"


@pytest.fixture
async def jp_asyncio_loop() -> asyncio.AbstractEventLoop:
    """Give pytest-jupyter's fixtures the loop of the test."""
    return asyncio.get_running_loop()


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """Return a provider that does as the question says."""
    async with ScriptedProvider(key=KEY) as server:
        yield server


def scripted_profile(provider: ScriptedProvider, **more: Any) -> dict[str, Any]:
    """Return the configuration of a profile that the scripted provider serves."""
    return {
        "id": "scripted",
        "label": "Scripted",
        "provider": "openai-compatible",
        "model": "scripted",
        "base_url": provider.openai_url,
        "api_key": KEY,
        **more,
    }


@dataclass
class Server:
    """A running Jupyter server."""

    app: ServerApp
    port: int
    base_url: str

    @property
    def extension(self) -> StreamChat:
        """Our part of it."""
        (extension,) = self.app.extension_manager.extension_apps["jupyter_stream_chat"]
        return extension

    @property
    def token(self) -> str:
        """What a browser has in its address."""
        return str(self.app.identity_provider.token)

    def url(self, path: str, scheme: str = "http", **query: str) -> str:
        """Return the address of one of our paths."""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{scheme}://127.0.0.1:{self.port}{self.base_url}stream-chat/{path}{asked}"

    def page(self, **headers: str) -> Page:
        """Return a page that will connect as an authenticated user."""
        return Page(self.url("ws", "ws"), {"Authorization": f"token {self.token}", **headers})

    async def fetch(self, method: str, path: str, body: Any = None, **kwargs: Any) -> HTTPResponse:
        """Send a REST request; refusals are returned, not raised."""
        headers = {"Authorization": f"token {self.token}", **kwargs.pop("headers", {})}
        return await AsyncHTTPClient().fetch(
            self.url(f"api/{path}"),
            method=method,
            headers=headers,
            body=body if isinstance(body, str | None) else json.dumps(body),
            raise_error=False,
            allow_nonstandard_methods=True,
            **kwargs,
        )

    async def rest(self, method: str, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Any]:
        """Send a REST request; return status and JSON."""
        response = await self.fetch(method, path, body, **kwargs)
        return response.code, json.loads(response.body)


StartServer = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start_server(
    jp_configurable_serverapp: Callable[..., ServerApp],  # noqa: F811
    http_server_port: Any,  # noqa: F811
    jp_base_url: str,  # noqa: F811
    provider: ScriptedProvider,
) -> AsyncIterator[StartServer]:
    """Return a function that starts the one server of a test with the given settings of ours."""
    started: list[tuple[ServerApp, tornado.httpserver.HTTPServer]] = []

    async def start(*, server_settings: dict[str, Any] | None = None, **settings: Any) -> Server:
        settings.setdefault("profiles", [scripted_profile(provider)])
        config = {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_stream_chat": True},
                **(server_settings or {}),
            },
            "StreamChat": settings,
        }
        app = jp_configurable_serverapp(config=config)
        http = tornado.httpserver.HTTPServer(app.web_app)
        http.add_socket(http_server_port[0])
        started.append((app, http))
        return Server(app, http_server_port[1], jp_base_url)

    yield start
    for app, http in started:
        http.stop()
        await app._cleanup()
        await http.close_all_connections()
        if hasattr(app, "kernel_manager"):
            app.kernel_manager.context.destroy()
    ServerApp.clear_instance()


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    """Start a server with one scripted profile."""
    return await start_server()


@pytest.fixture
async def start_process(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[StartProcess]:
    """Return a function that starts one more server, as a process, on the same store."""
    process.write_config(tmp_path, profiles=[scripted_profile(provider)])
    started: list[Process] = []

    async def start(*prefix: str) -> Process:
        started.append(await process.start(tmp_path, len(started), prefix))
        return started[-1]

    yield start
    for server in started:
        await server.end(signal.SIGKILL)
