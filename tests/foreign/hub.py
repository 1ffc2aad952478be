"""A JupyterHub of its own environment, with the users of a test, and what a browser of one of them sees."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from yarl import URL

from tests.server.page import PATIENCE, Page

from .processes import free_port, running

HUB = Path(f"{sys.prefix}-hub")
PASSWORD = "an-open-secret"
OF_THE_TEST = """
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {users!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{home}/{{username}}"
c.Spawner.args = ["--allow-root"]
c.Spawner.environment.update({environment!r})
c.Spawner.start_timeout = 110
c.Spawner.http_timeout = 110
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///{home}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{home}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = "{home}/proxy.pid"
"""
"""What a test of one process has instead of real users, and ports of its own."""


@dataclass
class RunningHub:
    """A hub and its process."""

    url: URL
    process: psutil.Process


@contextmanager
def running_hub(
    folder: Path, documented: str, profiles: Sequence[dict[str, Any]], users: Sequence[str]
) -> Iterator[RunningHub]:
    """Run a hub by a documented configuration; all its users have these profiles."""
    port = free_port()
    settings = {
        "ServerApp": {"jpserver_extensions": {"jupyter_stream_chat": True, "jupyterlab": True}},
        "LabApp": {"expose_app_in_browser": True},
        "StreamChat": {"profiles": list(profiles)},
    }
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings))
    environment = {"JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_PATH": f"{sys.prefix}/share/jupyter"}
    config = documented.replace("127.0.0.1:8000", f"127.0.0.1:{port}") + OF_THE_TEST.format(
        password=PASSWORD,
        users=set(users),
        home=str(folder),
        environment=environment,
        hub_port=free_port(),
        api_port=free_port(),
    )
    (folder / "jupyterhub_config.py").write_text(config)
    commands = [HUB / "bin", HUB / "node" / "node_modules" / ".bin", Path(sys.prefix) / "bin"]
    path = os.pathsep.join([*map(str, commands), os.environ["PATH"]])
    with running(
        [HUB / "bin" / "python", "-m", "jupyterhub", "-f", folder / "jupyterhub_config.py"],
        ready=f"http://127.0.0.1:{port}/hub/health",
        log=folder / "hub.log",
        environ={"PATH": path},
    ) as process:
        yield RunningHub(URL(f"http://127.0.0.1:{port}"), process)


@dataclass
class LoggedIn:
    """A browser in which a user has logged in."""

    url: URL
    user: str
    session: aiohttp.ClientSession

    def page(self) -> Page:
        """Return a page of the user's server, as the browser opens it."""
        cookies = self.session.cookie_jar.filter_cookies(self.url / "user" / self.user / "stream-chat")
        headers = {
            "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items()),
            "Origin": str(self.url).rstrip("/"),
            "Sec-Fetch-Mode": "websocket",
            "Sec-Fetch-Site": "same-origin",
        }
        return Page(f"ws://{self.url.authority}/user/{self.user}/stream-chat/ws", headers)


@asynccontextmanager
async def logged_in(url: URL, user: str) -> AsyncIterator[LoggedIn]:
    """Log in, and wait until the user's server is there."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        # The proxy is there before the hub.
        await _until_found(session, url / "hub" / "login")
        xsrf = session.cookie_jar.filter_cookies(url / "hub" / "login")["_xsrf"].value
        login = {"username": user, "password": PASSWORD, "_xsrf": xsrf}
        async with session.post(url / "hub" / "login", data=login) as answer:
            assert answer.status == 200, await answer.text()
        # A navigation, which logs the browser in at the user's server too.
        await _until_found(session, url / "user" / user / "lab")
        yield LoggedIn(url, user, session)


async def _until_found(session: aiohttp.ClientSession, url: URL) -> None:
    """Go to a page, again and again, until it is where it should be."""
    async with asyncio.timeout(2 * PATIENCE):
        while True:
            async with session.get(url, headers={"Sec-Fetch-Mode": "navigate"}) as page:
                if page.status == 200 and page.url.path == url.path:
                    return
            await asyncio.sleep(0.3)
