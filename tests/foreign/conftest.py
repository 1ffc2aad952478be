"""A tiny model of our own behind ``transformers serve``, and our Jupyter server before it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest

from tests.server.conftest import *  # noqa: F403 - fixtures, and what they are made of
from tests.tiny_model import make_tiny_model

from .processes import free_port, running

ENDLESS = 10_000_000
"""Tokens that take the tiny model longer than any test."""


@dataclass
class Served:
    """``transformers serve`` and the model that it serves."""

    process: psutil.Process
    url: str
    model: str

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return sum(each.status == psutil.CONN_ESTABLISHED for each in self.process.net_connections())

    def profile(self, **more: Any) -> dict[str, Any]:
        """Return a profile that asks it, greedily."""
        return {
            "id": "served",
            "provider": "openai-compatible",
            "model": self.model,
            "base_url": self.url,
            "parameters": {"temperature": 0, "max_tokens": 60},
        } | more


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve one tiny model until the block ends."""
    model = make_tiny_model(folder / "model", context=2 * ENDLESS)
    (folder / "hub").mkdir()
    port = free_port()
    options = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    with running(
        [Path(sys.executable).parent / "transformers", "serve", model, *options],
        ready=f"http://127.0.0.1:{port}/health",
        log=folder / "log",
        environ={"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(folder / "hub"), "OMP_NUM_THREADS": "1"},
    ) as process:
        yield Served(process, f"http://127.0.0.1:{port}/v1", str(model))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve one tiny model to all tests of the session."""
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture
async def public_client(served: Served) -> AsyncIterator[openai.AsyncOpenAI]:
    """Return the public client of that server."""
    async with openai.AsyncOpenAI(base_url=served.url, api_key="none", max_retries=0) as client:
        yield client


async def publicly(client: openai.AsyncOpenAI, model: str, question: str, *, streamed: bool) -> str:
    """Return the answer that the public client gives."""
    asked: Any = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "temperature": 0,
        "max_tokens": 60,
    }
    if not streamed:
        whole = await client.chat.completions.create(**asked)
        return whole.choices[0].message.content or ""
    stream = await client.chat.completions.create(**asked, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
