"""Through JupyterHub and its proxy: log in, ask on the panel's socket, stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError
from yarl import URL

from tests.scripted_provider import ScriptedProvider
from tests.server.conftest import scripted_profile
from tests.server.page import Page, numbered

from . import browser
from .hub import PASSWORD, logged_in, running_hub

pytestmark = pytest.mark.proxy

DOCS = Path(__file__).parents[2] / "docs" / "deployment.md"
USER = "ada"


@pytest.fixture
def hub_url(provider: ScriptedProvider, tmp_path: Path) -> Iterator[URL]:
    """Run a hub whose user has the scripted profile."""
    documented = DOCS.read_text().split("## JupyterHub\n")[1].split("```python\n")[1].split("```")[0]
    with running_hub(tmp_path, documented, [scripted_profile(provider)], [USER]) as hub:
        yield hub.url


async def test_an_answer_streams_through_the_hub_and_stops(hub_url: URL, provider: ScriptedProvider) -> None:
    async with logged_in(hub_url, USER) as browser_of_user, browser_of_user.page() as page:
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
    stranger = Page(f"ws://{hub_url.authority}/user/{USER}/stream-chat/ws", {"Origin": str(hub_url)})
    with pytest.raises(HTTPClientError, match="403"):
        async with stranger:
            pass


@pytest.mark.timeout(300)
async def test_in_a_browser(hub_url: URL, provider: ScriptedProvider, tmp_path: Path) -> None:
    user = {"JSC_USER": USER, "JSC_PASSWORD": PASSWORD}
    await browser.passes(browser.STREAMS, str(hub_url), provider.url, tmp_path, **user)
    assert any(request.disconnected for request in provider.requests), "Stop reached the provider"
