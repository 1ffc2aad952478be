"""Through JupyterHub and its proxy: log in, ask on the panel's socket, stop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from tornado.httpclient import HTTPClientError
from yarl import URL

from tests.scripted_provider import ScriptedProvider
from tests.server.conftest import scripted_profile
from tests.server.page import PATIENCE, Page, numbered

from . import browser
from .processes import free_port, running

pytestmark = pytest.mark.proxy

DOCS = Path(__file__).parents[2] / "docs" / "deployment.md"
HUB = Path(f"{sys.prefix}-hub")
USER, PASSWORD = "ada", "an-open-secret"
OF_THE_TEST = """
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {{{user!r}}}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r}
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {environment!r}
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
class Hub:
    """A running hub. ``session`` is a browser that has logged in."""

    url: URL
    session: aiohttp.ClientSession

    def page(self) -> Page:
        """Return a page of the user's server, as the browser opens it."""
        cookies = self.session.cookie_jar.filter_cookies(self.url / "user" / USER / "stream-chat")
        headers = {
            "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items()),
            "Origin": str(self.url).rstrip("/"),
            "Sec-Fetch-Mode": "websocket",
            "Sec-Fetch-Site": "same-origin",
        }
        return Page(f"ws://{self.url.authority}/user/{USER}/stream-chat/ws", headers)


@pytest.fixture
def hub_url(provider: ScriptedProvider, tmp_path: Path) -> Iterator[URL]:
    """Run a hub whose users have the scripted profile."""
    port = free_port()
    settings = {
        "ServerApp": {"jpserver_extensions": {"jupyter_stream_chat": True, "jupyterlab": True}},
        "LabApp": {"expose_app_in_browser": True},
        "StreamChat": {"profiles": [scripted_profile(provider)]},
    }
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(settings))
    environment = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    environment["JUPYTER_PATH"] = f"{sys.prefix}/share/jupyter"  # the panel is installed beside the hub
    documented = DOCS.read_text().split("## JupyterHub\n")[1].split("```python\n")[1].split("```")[0]
    config = documented.replace("127.0.0.1:8000", f"127.0.0.1:{port}") + OF_THE_TEST.format(
        user=USER,
        password=PASSWORD,
        home=str(tmp_path),
        environment=environment,
        hub_port=free_port(),
        api_port=free_port(),
    )
    (tmp_path / "jupyterhub_config.py").write_text(config)
    path = os.pathsep.join([str(HUB / "bin"), str(HUB / "node/node_modules/.bin"), os.environ["PATH"]])
    with running(
        [HUB / "bin" / "python", "-m", "jupyterhub", "-f", tmp_path / "jupyterhub_config.py"],
        ready=f"http://127.0.0.1:{port}/hub/health",
        log=tmp_path / "hub.log",
        environ={"PATH": path},
    ):
        yield URL(f"http://127.0.0.1:{port}")


@pytest.fixture
async def hub(hub_url: URL) -> AsyncIterator[Hub]:
    """Log in, and wait until the user's server is there."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        # The proxy is there before the hub.
        await until_found(session, hub_url / "hub" / "login")
        xsrf = session.cookie_jar.filter_cookies(hub_url / "hub" / "login")["_xsrf"].value
        login = {"username": USER, "password": PASSWORD, "_xsrf": xsrf}
        async with session.post(hub_url / "hub" / "login", data=login) as answer:
            assert answer.status == 200, await answer.text()
        # A navigation, which logs the browser in at the user's server too.
        await until_found(session, hub_url / "user" / USER / "lab")
        yield Hub(hub_url, session)


async def until_found(session: aiohttp.ClientSession, url: URL) -> None:
    """Go to a page, again and again, until it is where it should be."""
    async with asyncio.timeout(2 * PATIENCE):
        while True:
            async with session.get(url, headers={"Sec-Fetch-Mode": "navigate"}) as page:
                if page.status == 200 and page.url.path == url.path:
                    return
            await asyncio.sleep(0.3)


async def test_an_answer_streams_through_the_hub_and_stops(hub: Hub, provider: ScriptedProvider) -> None:
    async with hub.page() as page:
        whole = await page.ask(await page.new_chat(), "tokens=300 rate=300")
        assert (await page.finished(whole))["finish_reason"] == "stop"
        assert page.text(whole) == numbered(300)
        held = await page.ask(await page.new_chat(), "tokens=500 hang=5")
        # The provider holds the rest back: what is here was not collected on the way.
        await page.until_text(held, len(numbered(5)))
        await page.command("interrupt_run", run_id=held)
        assert (await page.finished(held))["finish_reason"] == "interrupted"
    request = provider.requests[-1]
    await request.gone.wait()
    assert request.disconnected, "Stop reached the provider"
    stranger = Page(f"ws://{hub.url.authority}/user/{USER}/stream-chat/ws", {"Origin": str(hub.url)})
    with pytest.raises(HTTPClientError, match="403"):
        async with stranger:
            pass


@pytest.mark.timeout(300)
async def test_in_a_browser(hub_url: URL, provider: ScriptedProvider, tmp_path: Path) -> None:
    user = {"JSC_USER": USER, "JSC_PASSWORD": PASSWORD}
    await browser.passes(browser.STREAMS, str(hub_url), provider.url, tmp_path, **user)
    assert any(request.disconnected for request in provider.requests), "Stop reached the provider"
