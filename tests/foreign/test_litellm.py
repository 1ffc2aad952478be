"""The Azure path against the LiteLLM proxy, with ``transformers serve`` behind it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.server.conftest import StartServer

from .conftest import ENDLESS, Served, publicly
from .processes import free_port, running, scripted_provider, until_idle

pytestmark = pytest.mark.azure

KEY = "sk-litellm-0123456789"
VERSION = "2024-10-21"
LITELLM = Path(f"{sys.prefix}-litellm") / "bin" / "litellm"
CONFIG = Path(__file__).parent / "litellm_config.yaml"


@dataclass
class Proxy:
    """The LiteLLM proxy. It logs what it is asked."""

    url: str
    log: Path

    def profile(self, **more: Any) -> dict[str, Any]:
        """Return a profile of a deployment."""
        return {
            "id": "azure",
            "provider": "azure",
            "azure_endpoint": self.url,
            "azure_deployment": "tiny",
            "api_version": VERSION,
            "api_key": KEY,
            "parameters": {"temperature": 0, "max_tokens": 60},
        } | more


@pytest.fixture(scope="module")
def proxy(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Run the proxy before ``transformers serve``."""
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    with scripted_provider(folder / "provider.log") as scripted:
        filled = CONFIG.read_text()
        names = {"SERVED_MODEL": served.model, "SERVED_URL": served.url, "SCRIPTED_URL": scripted}
        for name, value in {**names, "LITELLM_KEY": KEY}.items():
            filled = filled.replace(name, value)
        (folder / "config.yaml").write_text(filled)
        options = ["--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
        with running(
            [LITELLM, *options, "--telemetry", "False"],
            ready=f"http://127.0.0.1:{port}/health/liveliness",
            log=folder / "log",
            environ={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"},
        ):
            yield Proxy(f"http://127.0.0.1:{port}", folder / "log")


@pytest.fixture
async def azure_client(proxy: Proxy) -> AsyncIterator[openai.AsyncOpenAI]:
    """Return the public client of that deployment."""
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=proxy.url, azure_deployment="tiny", api_version=VERSION, api_key=KEY, max_retries=0
    ) as client:
        yield client


@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_the_same_text_as_the_public_client_gives(
    proxy: Proxy, start_server: StartServer, azure_client: openai.AsyncOpenAI, streaming: str
) -> None:
    server = await start_server(profiles=[proxy.profile(streaming=streaming)])
    expected = await publicly(azure_client, "tiny", "Hello", streamed=streaming == "on")
    assert expected
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        run = await page.finished(run_id)
        assert run["finish_reason"] == "length", run
        assert page.text(run_id) == expected
        assert (run["counts"]["tokens"] > 1) is (streaming == "on")


async def test_stop_reaches_the_far_end(proxy: Proxy, served: Served, start_server: StartServer) -> None:
    server = await start_server(profiles=[proxy.profile(parameters={"max_tokens": ENDLESS})])
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(run_id, 50)
        await page.command("interrupt_run", run_id=run_id)
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"
    await until_idle(served.process)


async def test_an_unknown_deployment(proxy: Proxy, start_server: StartServer) -> None:
    server = await start_server(profiles=[proxy.profile(azure_deployment="nobody")])
    async with server.page() as page:
        run = await page.finished(await page.ask(await page.new_chat(), "Hello"))
        assert run["error"]["code"] == "unknown_model", run["error"]
        assert run["error"]["field"] == "azure_deployment"
        assert run["error"]["hint"]


@pytest.mark.parametrize("version", ["2023-05-15", VERSION, "2025-01-01-preview"])
async def test_the_api_version_is_passed_unchanged(
    proxy: Proxy, start_server: StartServer, version: str
) -> None:
    server = await start_server(profiles=[proxy.profile(api_version=version)])
    async with server.page() as page:
        run = await page.finished(await page.ask(await page.new_chat(), "Hello"))
        assert run["finish_reason"] == "length", run
    asked = f"/openai/deployments/tiny/chat/completions?api-version={version} "
    assert asked in proxy.log.read_text()


async def test_a_rejected_api_version_gets_its_cure(proxy: Proxy, start_server: StartServer) -> None:
    server = await start_server(profiles=[proxy.profile(azure_deployment="old-version")])
    async with server.page() as page:
        run = await page.finished(await page.ask(await page.new_chat(), "Hello"))
        assert run["error"]["code"] == "unknown_api_version", run["error"]
        assert run["error"]["field"] == "api_version"
        assert "api_version" in run["error"]["hint"]
