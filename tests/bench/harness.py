"""What every group of benchmarks is given: the servers, the browser, and how long to measure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from tests.bench.chat import Chat, Panel, open_chat
from tests.bench.chromium import Chromium, chromium
from tests.bench.figures import Figure
from tests.bench.processes import jupyter, module

SETTLE_SECONDS = 3.0
"""JupyterLab goes on loading for a while after it is restored."""


@dataclass(frozen=True)
class Bench:
    """A run of the benchmarks."""

    browser: Chromium
    provider: str
    floor: str
    lab: str
    rounds: int
    quick: bool

    def size(self, full: int, quick: int) -> int:
        """Return how many of something to measure."""
        return quick if self.quick else full

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[Chat]:
        """Open the floor's page."""
        async with open_chat(self.browser, self.floor, self.provider, Chat) as chat:
            yield chat

    @asynccontextmanager
    async def panel(self, lab: str = "", settle: float = SETTLE_SECONDS) -> AsyncIterator[Chat]:
        """Open JupyterLab with the panel, and let it come to rest for ``settle`` seconds."""
        async with open_chat(self.browser, lab or self.lab, self.provider, Panel) as chat:
            await asyncio.sleep(settle)
            yield chat

    async def loop_seconds(self, question: str) -> float:
        """Return the seconds in which the floor's loop alone consumes an answer."""
        async with aiohttp.ClientSession() as http, http.post(f"{self.floor}/loop", data=question) as answer:
            seconds: float = await answer.json()
            return seconds


Measure = Callable[[Bench], Awaitable[list[Figure]]]


@asynccontextmanager
async def bench(*, rounds: int, quick: bool) -> AsyncIterator[Bench]:
    """Start everything; stop it with the block."""
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(module("tests.bench.provider"))
        floor = await stack.enter_async_context(module("tests.bench.floor", provider))
        lab = await stack.enter_async_context(jupyter(provider))
        browser = await stack.enter_async_context(chromium())
        yield Bench(browser, provider, floor, lab, rounds, quick)
