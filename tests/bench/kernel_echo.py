"""A notebook's kernel while the local model writes: how long a cell's echo takes."""

from __future__ import annotations

import asyncio
import json
import time
import uuid

import aiohttp

from tests.bench.figures import Figure, best, median, percentile
from tests.bench.harness import Bench
from tests.server.page import Page

QUESTION = "How do I stop an answer?"
PAUSE_SECONDS = 0.05
"""Between two echoes: longer than the delayed acknowledgements (40 ms) that Jupyter's socket waits for."""


async def measure(bench: Bench) -> list[Figure]:
    """Measure a kernel of the server idle, then while the guide answers one question after the other."""
    echoes = bench.size(250, 40)
    idle, busy = [], []
    async with (
        aiohttp.ClientSession() as http,
        Kernel(http, bench.lab) as kernel,
        Page(bench.lab.replace("http", "ws") + "/stream-chat/ws", {}) as page,
    ):
        await page.until_type("workspace_loaded")
        await _answer(page)
        for _ in range(bench.rounds):
            idle.append([await kernel.echo() for _ in range(echoes)])
            talking = asyncio.create_task(_talk(page))
            busy.append([await kernel.echo() for _ in range(echoes)])
            talking.cancel()
            await asyncio.wait({talking})
    value, least = (best([percentile(times, 99) * 1000 for times in rounds]) for rounds in (busy, idle))
    typical = best([median(times) * 1000 for times in busy])
    return [
        Figure(
            "a kernel's echo while the guide answers, p99",
            value,
            "ms",
            2,
            least,
            relative=True,
            note=f"floor: the same, idle; median {typical:.3g} ms",
        )
    ]


async def _talk(page: Page) -> None:
    while True:
        await _answer(page)


async def _answer(page: Page) -> None:
    chat = await page.new_chat(profile_id="guide")
    run = await page.ask(chat, QUESTION)
    finished = await page.finished(run)
    if finished["finish_reason"] not in ("stop", "length"):
        raise RuntimeError(f"the guide did not answer: {finished}")


class Kernel:
    """A Python kernel of the server, over its WebSocket."""

    def __init__(self, http: aiohttp.ClientSession, lab: str) -> None:
        """Start it by entering."""
        self._http = http
        self._api = f"{lab}/api/kernels"

    async def __aenter__(self) -> Kernel:
        async with self._http.post(self._api, json={"name": "python3"}) as answer:
            self._id = (await answer.json())["id"]
        self._socket = await self._http.ws_connect(f"{self._api}/{self._id}/channels", max_msg_size=0)
        for _ in range(3):
            await self.echo()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._socket.close()
        async with self._http.delete(f"{self._api}/{self._id}"):
            pass

    async def echo(self) -> float:
        """Execute a cell; return the seconds until the kernel's first word, and let it rest for a moment.

        Later words wait in Jupyter's socket for the acknowledgement of this one: they would measure that.
        """
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "session": self._id,
            "username": "bench",
            "version": "5.3",
            "date": "",
        }
        content = {"code": "1 + 1", "silent": False, "store_history": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        start = time.perf_counter()
        await self._socket.send_str(json.dumps({**message, "channel": "shell", "buffers": []}))
        word = await self._reply(message_id)
        seconds = time.perf_counter() - start
        while word != "execute_reply":
            word = await self._reply(message_id)
        await asyncio.sleep(PAUSE_SECONDS)
        return seconds

    async def _reply(self, message_id: str) -> str:
        """Return the type of the next message about ours."""
        while True:
            reply = await self._socket.receive_json(timeout=60)
            if reply["parent_header"].get("msg_id") == message_id:
                return str(reply["msg_type"])
