"""From the click on Stop to the provider's noticing that its client has left."""

from __future__ import annotations

import asyncio

from tests.bench.chat import STOP, Chat
from tests.bench.figures import Figure, best, percentile
from tests.bench.harness import Bench

QUESTION = "tokens=5000 rate=50"


async def measure(bench: Bench) -> list[Figure]:
    """Stop many answers on both pages."""
    clicks = bench.size(30, 8)
    floor, stops = [], []
    for _ in range(bench.rounds):
        async with bench.bare() as bare:
            floor.append([await _stop(bare) for _ in range(clicks)])
        async with bench.panel() as panel:
            stops.append([await _stop(panel) for _ in range(clicks)])
    value, least = (best([percentile(times, 95) for times in rounds]) for rounds in (stops, floor))
    typical = best([percentile(times, 50) for times in stops])
    return [
        Figure(
            "click on Stop to the provider's disconnect, p95",
            value,
            "ms",
            15,
            least,
            note=f"median {typical:.3g} ms",
        )
    ]


async def _stop(chat: Chat) -> float:
    """Stop one answer after some tokens; return milliseconds."""
    await chat.new_chat()
    await chat.send(QUESTION, watch="tokens")
    await chat.page.until("probe.seen.length > 5")
    await chat.page.click(STOP)
    async with asyncio.timeout(10):
        while (gone := (await chat.request())["disconnected"]) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await chat.page.until("probe.isOver")
    clicked = chat.moment(await chat.page.evaluate("probe.click"))
    return (gone - clicked) * 1000
