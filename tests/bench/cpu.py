"""What a Markdown answer costs the page's main thread as it grows, at 200 tokens/s."""

from __future__ import annotations

import asyncio
import time

from tests.bench.chat import Chat
from tests.bench.figures import Figure, best, growth_exponent
from tests.bench.harness import Bench

RATE = 200
SIZES = [500, 1_000, 2_000, 4_000, 8_000, 16_000]
NAMED = 4_000


async def measure(bench: Bench) -> list[Figure]:
    """Measure one long answer per round, at each of the sizes on its way."""
    sizes = SIZES[: bench.size(len(SIZES), 4)]
    floor, rounds = [], []
    for _ in range(bench.rounds):
        async with bench.bare() as bare:
            floor += await _costs(bare, [NAMED])
        async with bench.panel() as panel:
            rounds.append(await _costs(panel, sizes))
    costs = [best(costs) for costs in zip(*rounds, strict=True)]
    note = ", ".join(f"{size:,}: {cost:.2f} s" for size, cost in zip(sizes, costs, strict=True))
    return [
        Figure(
            f"CPU growth exponent, Markdown at {RATE} tokens/s",
            best([growth_exponent(sizes, costs) for costs in rounds]),
            "",
            1.05,
            note=note,
        ),
        Figure(
            f"CPU of {NAMED:,} tokens",
            costs[sizes.index(NAMED)],
            "s",
            2.5,
            best(floor),
            note="of 20 s; floor: as bare text",
        ),
    ]


async def _costs(chat: Chat, sizes: list[int]) -> list[float]:
    """Return the main thread's CPU seconds until so many tokens were sent and shown.

    Watched from outside: nothing runs in the page that a reader's would not run.
    """
    before = await chat.page.cpu_seconds()
    await chat.send(f"tokens={sizes[-1]} rate={RATE} text=document")
    start = await chat.first_sent()
    costs = []
    for size in sizes:
        await asyncio.sleep(max(0.0, start + size / RATE + 0.05 - time.monotonic()))
        costs.append(await chat.page.cpu_seconds() - before)
    await chat.page.until("probe.isOver", seconds=30)
    shown = await chat.page.evaluate(r"Number(/(\d+)\D*$/.exec(probe.content.textContent)[1])")
    if shown != sizes[-1] - 1:
        raise RuntimeError(f"the last token shown is {shown}")
    return costs
