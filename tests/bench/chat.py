"""A chat on a page, the panel or the floor, as a user drives it and a stop-watch sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.chromium import Chromium, Page

PROBE = Path(__file__).with_name("probe.js").read_text()
INPUT = ".jp-StreamChat-input"
STOP = '.jp-StreamChat-send[data-action="stop"]'
SEND = '.jp-StreamChat-send[data-action="send"]'


@dataclass(frozen=True)
class Answer:
    """What was measured of one answer. Times are ``time.monotonic()`` seconds."""

    enter: float
    """When Enter was pressed."""
    changed: float
    """When the answer's text last changed (only watched as ``frames``)."""
    seen: list[float]
    """When each token was on the page (only watched as ``tokens``)."""
    steps: int
    """Frames in which the text had changed."""
    longest: float
    """Seconds of the longest task; those below 0.05 are not reported by the browser, and count as 0."""
    request: dict[str, Any]
    """What the provider recorded: when it received the request, when it sent each token."""


class Chat:
    """Asks questions; what the provider is to answer is said in the question's words."""

    def __init__(self, page: Page, provider: str, http: aiohttp.ClientSession) -> None:
        """Drive a page that has been loaded."""
        self.page = page
        self._provider = provider
        self._http = http
        self._origin = 0.0

    async def start(self) -> None:
        """Learn the page's clock."""
        self._origin = await self.page.time_origin()

    async def new_chat(self) -> None:
        """Begin another conversation, where the page has more than one."""

    async def send(self, question: str, watch: str = "nothing") -> None:
        """Type a question and press Enter."""
        async with self._http.delete(f"{self._provider}/_requests"):
            pass
        await self.page.evaluate(f"probe.watch({json.dumps(watch)})")
        await self.page.evaluate(f"document.querySelector('{INPUT}').focus()")
        await self.page.call("Input.insertText", text=question)
        await self.page.press_enter()

    async def ask(self, question: str, watch: str = "nothing", seconds: float = 120) -> Answer:
        """Ask, and return once the whole answer is on the page."""
        await self.send(question, watch)
        await self.page.until("probe.isOver", seconds, every=0.1)
        # What the page does once the answer is over (final rendering, links) is part of it.
        await asyncio.sleep(0.2)
        return await self.answer()

    async def answer(self) -> Answer:
        """Return what was measured of the last answer."""
        found = await self.page.evaluate(
            "({enter: probe.enter, changed: probe.changed, seen: probe.seen, steps: probe.steps,"
            " longest: probe.longest})"
        )
        return Answer(
            enter=self.moment(found["enter"]),
            changed=self.moment(found["changed"]),
            seen=[self.moment(at) for at in found["seen"]],
            steps=found["steps"],
            longest=found["longest"] / 1000,
            request=await self.request(),
        )

    async def request(self) -> dict[str, Any]:
        """Return the provider's record of the last request."""
        async with self._http.get(f"{self._provider}/_requests") as answer:
            requests: list[dict[str, Any]] = await answer.json()
        return requests[-1]

    async def first_sent(self) -> float:
        """Wait for the first token; return when the provider sent it."""
        while True:
            async with self._http.get(f"{self._provider}/_requests") as answer:
                for request in await answer.json():
                    if request["sent"]:
                        return float(request["sent"][0])
            await asyncio.sleep(0.02)

    def moment(self, milliseconds: float) -> float:
        """Convert ``performance.now()`` of the page into ``time.monotonic()`` seconds."""
        return self._origin + milliseconds / 1000


class Panel(Chat):
    """The panel in JupyterLab."""

    async def start(self) -> None:
        """Wait for JupyterLab, open the panel."""
        await self.page.until("window.jupyterapp")
        await self.page.evaluate("jupyterapp.restored.then(() => undefined)")
        await self._execute("stream-chat:open")
        await self.page.until(f"document.querySelector('{SEND}')")
        await super().start()

    async def new_chat(self) -> None:
        """Begin another conversation: a question carries those before it."""
        await self._execute("stream-chat:new-chat")
        await self.page.until("!document.querySelector('.jp-StreamChat-message')")

    async def _execute(self, command: str) -> None:
        await self.page.evaluate(f"jupyterapp.commands.execute('{command}').then(() => undefined)")


@asynccontextmanager
async def open_chat(browser: Chromium, url: str, provider: str, kind: type[Chat]) -> AsyncIterator[Chat]:
    """Open a page with a chat."""
    address = f"{url}/lab" if kind is Panel else f"{url}/"
    async with aiohttp.ClientSession() as http, browser.page(address, PROBE) as page:
        chat = kind(page, provider, http)
        await page.until("document.readyState === 'complete'")
        await chat.start()
        yield chat
