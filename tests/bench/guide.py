"""The guide's first answer, its engine's start included, and the memory that it takes."""

from __future__ import annotations

import time

import psutil

from jupyter_stream_chat import guide
from jupyter_stream_chat.engine.messages import ChatMessage, Generate, Text
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from tests.bench.figures import Figure, best
from tests.bench.harness import Bench
from tests.bench.processes import jupyter
from tests.server.page import Page

QUESTION = "How do I stop an answer?"
MEGABYTE = 1_000_000


async def measure(bench: Bench) -> list[Figure]:
    """Measure a new server's first question to the guide with no engine there, and the engine's peak."""
    first = [await _first_words(bench) for _ in range(bench.rounds)]
    peaks = [await _peak() for _ in range(bench.rounds)]
    rounds = ", ".join(f"{seconds:.1f}" for seconds in first)
    return [
        Figure("the guide's first words, engine start included", best(first), "s", 3, note=f"all: {rounds}"),
        Figure("peak memory of the guide's engine", best(peaks), "MB", 600),
    ]


async def _first_words(bench: Bench) -> float:
    """Return the seconds from the question to the first words of its answer.

    The default profile of the server is another one, so that nothing started the engine ahead.
    """
    async with (
        jupyter(bench.provider) as lab,
        Page(lab.replace("http", "ws") + "/stream-chat/ws", {}) as page,
    ):
        chat = await page.new_chat(profile_id="guide")
        start = time.perf_counter()
        await page.until_text(await page.ask(chat, QUESTION), 1)
        return time.perf_counter() - start


async def _peak() -> float:
    client = EngineClient()
    try:
        request = Generate("bench", str(guide.path()), [ChatMessage(role="user", content=QUESTION)])
        words = [event async for event in client.stream(request) if isinstance(event, Text)]
        if not words or client.pid is None:
            raise RuntimeError("the guide did not answer")
        return max(psutil.Process(client.pid).memory_info().rss, _high_water(client.pid)) / MEGABYTE
    finally:
        await client.close()


def _high_water(pid: int) -> int:
    """Return the most bytes that a process has had in memory; 0 where the system does not keep count."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0
