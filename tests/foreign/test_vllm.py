"""vLLM, started for real: many chats at once, Stop, Continue, and what its own client gets."""

from __future__ import annotations

import asyncio
import re
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.server.conftest import StartServer
from tests.server.page import PATIENCE
from tests.server.test_continue import continued
from tests.tiny_model import make_tiny_model

from .conftest import publicly
from .processes import free_port, running

pytestmark = pytest.mark.scale

VLLM = Path(f"{sys.prefix}-vllm") / "bin" / "vllm"
START_SECONDS = 400.0
"""vLLM imports for a minute, on two cores that do nothing else."""

LONG = 8000
"""Tokens of an answer that nobody waits for."""


@dataclass
class Engine:
    """A running vLLM."""

    address: str

    def profile(self, **more: Any) -> dict[str, Any]:
        """Return a profile that asks it, greedily."""
        return {
            "id": "vllm",
            "provider": "openai-compatible",
            "preset": "vllm",
            "model": "tiny",
            "base_url": f"{self.address}/v1",
            "parameters": {"temperature": 0, "max_tokens": 60},
        } | more

    def _live(self) -> int:
        """Return how many answers it computes, or holds in its queue."""
        with urllib.request.urlopen(f"{self.address}/metrics") as response:
            found = re.findall(
                r"^vllm:num_requests_(?:running|waiting)\{.*?\} (\S+)$",
                response.read().decode(),
                re.MULTILINE,
            )
        return int(sum(map(float, found)))

    async def until(self, live: int) -> None:
        """Return when it has so many answers."""
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(self._live) != live:
                pass


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Serve one tiny model; its heads are as wide as vLLM computes them on a CPU."""
    folder, port = tmp_path_factory.mktemp("vllm"), free_port()
    model = make_tiny_model(folder / "model", hidden=256, context=2 * LONG)
    options = ["--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--enforce-eager"]
    with running(
        [VLLM, "serve", model, *options],
        ready=f"http://127.0.0.1:{port}/health",
        log=folder / "log",
        environ={"VLLM_CPU_KVCACHE_SPACE": "2", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"},
        start_seconds=START_SECONDS,
    ):
        yield Engine(f"http://127.0.0.1:{port}")


@pytest.mark.timeout(START_SECONDS + PATIENCE)
@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_the_same_text_as_the_public_client_gives(
    vllm: Engine, start_server: StartServer, streaming: str
) -> None:
    server = await start_server(profiles=[vllm.profile(streaming=streaming)])
    async with openai.AsyncOpenAI(base_url=f"{vllm.address}/v1", api_key="none", max_retries=0) as client:
        expected = await publicly(client, "tiny", "Hello", streamed=streaming == "on")
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        run = await page.finished(run_id)
        assert run["finish_reason"] == "length", run
        assert page.text(run_id) == expected
        assert run["usage"]["output_tokens"] == 60


async def test_many_chats_are_written_together_and_stop_frees_each(
    vllm: Engine, start_server: StartServer
) -> None:
    server = await start_server(profiles=[vllm.profile(parameters={"max_tokens": LONG})])
    async with server.page() as page:
        runs = [await page.ask(await page.new_chat(), f"Question {number}") for number in range(8)]
        for run_id in runs:
            await page.until_text(run_id, 20)
        assert not page.of_type("run_finished"), "all are written side by side"
        await vllm.until(8)
        for left, run_id in enumerate(reversed(runs)):
            await page.command("interrupt_run", run_id=run_id)
            assert (await page.finished(run_id))["finish_reason"] == "interrupted"
            await vllm.until(7 - left)


async def test_continue_goes_on_in_the_same_words(vllm: Engine, start_server: StartServer) -> None:
    server = await start_server(profiles=[vllm.profile(parameters={"temperature": 0, "max_tokens": 20})])
    async with server.page() as page:
        chat_id = await page.new_chat()
        first = await page.ask(chat_id, "Hello")
        run = await page.finished(first)
        more = await continued(page, chat_id, run["message_id"])
        assert more["finish_reason"] == "length", more
        async with openai.AsyncOpenAI(base_url=f"{vllm.address}/v1", api_key="none") as client:
            whole = await publicly(client, "tiny", "Hello", streamed=False)
        assert whole.startswith(page.text(first))
        assert page.text(more["run_id"]), "the words that follow"


async def test_the_doctor_finds_nothing_wrong(vllm: Engine, start_server: StartServer) -> None:
    server = await start_server(profiles=[vllm.profile()])
    response = await server.fetch("POST", "doctor", {"profile_id": "vllm"}, request_timeout=PATIENCE)
    assert b'"fail"' not in response.body, response.body.decode()
