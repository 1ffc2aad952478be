"""Behind Debian's nginx, with the configurations of ``docs/deployment.md``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doctor.conftest import examined, scripted
from tests.scripted_provider import ScriptedProvider
from tests.server.conftest import Server, StartServer, scripted_profile
from tests.server.page import PATIENCE, numbered
from tests.server.process import TOKEN
from tests.server.test_doctor import Reader as DoctorReader
from tests.server.test_sse import Reader

from . import browser
from .processes import free_port, running

pytestmark = pytest.mark.proxy

DOCS = Path(__file__).parents[2] / "docs" / "deployment.md"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""
"""What Debian's own nginx.conf has around a site, for a process without rights."""


def documented(heading: str) -> str:
    """Return the configuration below a heading of the documentation."""
    section = DOCS.read_text().split(f"## {heading}\n")[1]
    return section.split("```nginx\n")[1].split("```")[0]


@contextmanager
def nginx(server: str, upstream: str, folder: Path) -> Iterator[int]:
    """Run nginx before ``upstream``, with ports of this test; yield its port."""
    port = free_port()
    server = re.sub(r"listen \d+;", f"listen 127.0.0.1:{port};", server)
    server = re.sub(r"proxy_pass http://[\d.:]+;", f"proxy_pass {upstream};", server)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, server=server))
    command = [NGINX, "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"]
    with running(command, ready=f"tcp://127.0.0.1:{port}", log=folder / "log"):
        yield port


def panel_site(buffering: str) -> str:
    """Return the documented configuration with buffering on or off."""
    panel = documented("The panel behind nginx")
    assert "proxy_buffering on;" in panel
    return panel.replace("proxy_buffering on;", f"proxy_buffering {buffering};")


@contextmanager
def behind_nginx(server: Server, buffering: str, folder: Path) -> Iterator[Server]:
    """Yield the same Jupyter server, as it is seen through nginx."""
    with nginx(panel_site(buffering), f"http://127.0.0.1:{server.port}", folder) as port:
        yield replace(server, port=port)


@pytest.fixture
def lab(provider: ScriptedProvider, tmp_path: Path) -> Iterator[str]:
    """Run a JupyterLab with the scripted profile; yield its address."""
    port, folder = free_port(), tmp_path / "lab"
    folder.mkdir()
    settings = {
        "ServerApp": {"ip": "127.0.0.1", "port": port, "port_retries": 0, "root_dir": str(folder)},
        "IdentityProvider": {"token": TOKEN},
        "LabApp": {"expose_app_in_browser": True, "open_browser": False},
        "StreamChat": {"data_dir": str(folder / "chats"), "profiles": [scripted_profile(provider)]},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--config", folder / "config.json"]
    environ = {"JUPYTER_CONFIG_DIR": str(folder), "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    environ["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    with running(command, ready=f"http://127.0.0.1:{port}/api", log=folder / "log", environ=environ):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("buffering", ["on", "off"])
async def test_the_panel_streams_and_stops(start_server: StartServer, buffering: str, tmp_path: Path) -> None:
    with behind_nginx(await start_server(), buffering, tmp_path) as server:
        async with server.page(Origin=f"http://127.0.0.1:{server.port}") as page:
            run_id = await page.ask(await page.new_chat(), "tokens=500 hang=5")
            # The provider holds the rest back: what is here was not collected on the way.
            await page.until_text(run_id, len(numbered(5)))
            await page.command("interrupt_run", run_id=run_id)
            run = await page.finished(run_id)
            assert run["finish_reason"] == "interrupted"
            assert page.text(run_id) == numbered(5)


@pytest.mark.parametrize("buffering", ["on", "off"])
async def test_event_streams_and_the_doctor_are_not_held_back(
    start_server: StartServer, provider: ScriptedProvider, buffering: str, tmp_path: Path
) -> None:
    with behind_nginx(await start_server(), buffering, tmp_path) as server:
        async with server.page() as page:
            run_id = await page.ask(await page.new_chat(), "tokens=500 hang=5")
            reader = Reader(server, run_id)
            await reader.until_text(len(numbered(5)))
            assert reader.text() == numbered(5)
            assert not reader.response.done()
            await page.command("interrupt_run", run_id=run_id)
            await reader.response
        values = scripted(provider, "hang=before-headers")
        examination = DoctorReader(server, {"values": values})
        assert (await examination.until("key_accepted"))["outcome"] == "pass"
        await examination.leave()
        request = await provider.request(1)
        async with asyncio.timeout(PATIENCE):
            await request.gone.wait()
        assert request.disconnected, "nginx tells that the page has gone"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("buffering", ["on", "off"])
async def test_in_a_browser(lab: str, provider: ScriptedProvider, buffering: str, tmp_path: Path) -> None:
    with nginx(panel_site(buffering), lab, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/lab?token={TOKEN}"
        await browser.passes(browser.STREAMS, url, provider.url, tmp_path)
    assert any(request.disconnected for request in provider.requests), "Stop reached the provider"


@pytest.mark.timeout(300)
async def test_the_doctor_finds_that_no_websocket_comes_through(
    lab: str, provider: ScriptedProvider, tmp_path: Path
) -> None:
    site = re.sub(r"proxy_set_header (Upgrade|Connection) [^;]*;", "", panel_site("on"))
    with nginx(site, lab, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/lab?token={TOKEN}"
        await browser.passes(browser.SAYS_WHAT_TO_CHANGE, url, provider.url, tmp_path)


@pytest.mark.parametrize("collects", [True, False])
async def test_a_provider_behind_it_is_examined(
    provider: ScriptedProvider, collects: bool, tmp_path: Path
) -> None:
    site = documented("A provider behind nginx")
    if collects:
        for name in ("proxy_buffering", "gzip"):
            assert f"{name} off;" in site
            site = site.replace(f"{name} off;", f"{name} on;")
        site = site.replace("gzip on;", "gzip on; gzip_types text/event-stream; gzip_proxied any;")
    with nginx(site, provider.url, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/v1"
        findings = await examined(scripted(provider, "tokens=60,rate=40", base_url=url))
    found = findings["buffering"]
    assert found.outcome == ("warn" if collects else "pass"), found
    assert ("proxy_buffering off, gzip off" in (found.hint or "")) is collects
    assert findings["stop"].outcome == "pass"
    if not collects:  # else the answer may be complete before its first text is here
        await provider.requests[-1].gone.wait()
        assert provider.requests[-1].disconnected, "Stop reaches the provider through nginx"
