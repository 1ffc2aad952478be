"""A real Chromium, driven over its DevTools protocol. Knows nothing of chats.

Spoken directly: a driver between would add its own scripts, and its own milliseconds, to the page.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.bench.processes import START_SECONDS, process

EXECUTABLE = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1280,900",
    "--disable-background-networking",
    "--disable-component-update",
    # A page that nobody looks at is slowed down; this one is meant to be looked at.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)
_LISTENING = "DevTools listening on ws://"

Event = dict[str, Any]


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Speak through ``socket``; ``read`` must run meanwhile."""
        self.listeners: dict[str, Callable[[Event], None]] = {}
        """Called with the parameters of each event of that name."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Event]] = {}

    async def read(self) -> None:
        """Receive until the tab is closed."""
        async for frame in self._socket:
            message = json.loads(frame.data)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif listener := self.listeners.get(message["method"]):
                listener(message["params"])

    async def call(self, method: str, **parameters: Any) -> Event:
        """Call a method of the protocol. RuntimeError when the browser refuses."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps({"id": number, "method": method, "params": parameters}))
        message = await answer
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']['message']}")
        result: Event = message["result"]
        return result

    async def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression; a promise is awaited."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if problem := answer.get("exceptionDetails"):
            raise RuntimeError(problem.get("exception", {}).get("description", problem["text"]))
        return answer["result"].get("value")

    async def until(self, condition: str, seconds: float = 60, every: float = 0.05) -> None:
        """Wait until a JavaScript expression is true. TimeoutError otherwise."""
        async with asyncio.timeout(seconds):
            while not await self.evaluate(f"Boolean({condition})"):  # noqa: ASYNC110
                await asyncio.sleep(every)

    async def metrics(self) -> dict[str, float]:
        """Return the browser's counters of the page; times are in seconds."""
        answer = await self.call("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in answer["metrics"]}

    async def cpu_seconds(self) -> float:
        """Return the CPU time of the page's main thread so far.

        Not ``TaskDuration``, which is wall time within tasks and grows when others use the processor.
        """
        return (await self.metrics())["ThreadTime"]

    async def time_origin(self) -> float:
        """Return the ``time.monotonic()`` at which the page's ``performance.now()`` was 0.

        Chromium's clock is the system's monotonic clock, as Python's: no synchronisation is needed.
        """
        return (await self.metrics())["NavigationStart"]

    async def press_enter(self) -> None:
        """Press and release Enter."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    async def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        x, y = await self.evaluate(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", type="mousePressed", **at)
        await self.call("Input.dispatchMouseEvent", type="mouseReleased", **at)


class Chromium:
    """A browser with a profile of its own."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        """``address``: host and port of its DevTools."""
        self._address = address
        self._http = http

    async def version(self) -> str:
        """Return the browser's name and version."""
        async with self._http.get(f"http://{self._address}/json/version") as answer:
            return str((await answer.json())["Browser"])

    @asynccontextmanager
    async def page(self, url: str, script: str) -> AsyncIterator[Page]:
        """Open a tab; ``script`` runs in it before the page's own."""
        base = f"http://{self._address}/json"
        async with self._http.put(f"{base}/new?about:blank") as answer:
            target = await answer.json()
        async with self._http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            page = Page(socket)
            reading = asyncio.create_task(page.read())
            await page.call("Page.enable")
            await page.call("Performance.enable")
            await page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
            await page.call("Page.navigate", url=url)
            yield page
            reading.cancel()
        async with self._http.get(f"{base}/close/{target['id']}"):
            pass


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """Run the browser."""
    with tempfile.TemporaryDirectory(prefix="stream-chat-chromium-", ignore_cleanup_errors=True) as folder:
        command = (EXECUTABLE, *FLAGS, f"--user-data-dir={folder}", "about:blank")
        async with process(*command, stdout=DEVNULL, stderr=PIPE) as started, aiohttp.ClientSession() as http:
            assert started.stderr is not None
            async with asyncio.timeout(START_SECONDS):
                line = ""
                while not line.startswith(_LISTENING):
                    line = (await started.stderr.readline()).decode()
            draining = asyncio.create_task(started.stderr.read())
            yield Chromium(line.removeprefix(_LISTENING).split("/")[0], http)
            draining.cancel()
