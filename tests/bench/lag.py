"""From the provider's write to the page, token by token: plain text at 50 tokens/s, Markdown at four."""

from __future__ import annotations

import time

from tests.bench.chat import Chat
from tests.bench.figures import Figure, best, percentile
from tests.bench.harness import Bench

RATE = 50
"""Tokens per second of plain text."""

LIMITS = {25: (3, 25), 50: (3, 25), 100: (10, 40), 250: (17, 50)}
"""Median and 99th percentile of the lag of Markdown, in ms, by tokens per second."""

BUSY_RATE, BUSY_PERCENT = 250, 35
"""How much of the main thread Markdown may take at a rate."""

Lags = list[float]


async def measure(bench: Bench) -> list[Figure]:
    """Measure plain text and Markdown on both pages."""
    seconds = bench.size(8, 2)
    plain = f"tokens={RATE * seconds} rate={RATE}"
    markdown = {rate: f"tokens={rate * seconds} rate={rate} text=words" for rate in LIMITS}
    text: list[Lags] = []
    text_floor: list[Lags] = []
    lags: dict[int, list[Lags]] = {rate: [] for rate in LIMITS}
    floors: dict[int, list[Lags]] = {rate: [] for rate in LIMITS}
    busy, busy_floor = [], []
    for _ in range(bench.rounds):
        async with bench.bare() as bare:
            text_floor.append(await _lags(bare, plain))
            for rate, question in markdown.items():
                floors[rate].append(await _lags(bare, question))
            busy_floor.append(await _busy_percent(bare, markdown[BUSY_RATE]))
        async with bench.panel() as panel:
            text.append(await _lags(panel, plain))
            for rate, question in markdown.items():
                await panel.new_chat()
                lags[rate].append(await _lags(panel, question))
            await panel.new_chat()
            busy.append(await _busy_percent(panel, markdown[BUSY_RATE]))
    figures = [
        _figure(f"lag at {RATE} tokens/s, plain", text, text_floor, 50, 2.2, relative=True),
        _figure(f"lag at {RATE} tokens/s, plain", text, text_floor, 99, 5, relative=True),
    ]
    for rate, limits in LIMITS.items():
        for percent, limit in zip((50, 99), limits, strict=True):
            name = f"lag at {rate} tokens/s, Markdown"
            figures.append(_figure(name, lags[rate], floors[rate], percent, limit))
    share = f"main thread at {BUSY_RATE} tokens/s, Markdown"
    return [*figures, Figure(share, best(busy), "%", BUSY_PERCENT, best(busy_floor))]


def _figure(
    name: str, rounds: list[Lags], floor: list[Lags], percent: int, limit: float, relative: bool = False
) -> Figure:
    value, least = (best([percentile(lags, percent) * 1000 for lags in r]) for r in (rounds, floor))
    name = f"{name}, " + ("median" if percent == 50 else f"p{percent}")
    return Figure(name, value, "ms", limit, least, relative=relative)


async def _lags(chat: Chat, question: str) -> Lags:
    """Return the seconds from the write of each token to the page; the first has a figure of its own."""
    answer = await chat.ask(question, watch="tokens")
    sent = answer.request["sent"]
    if len(answer.seen) != len(sent):
        raise RuntimeError(f"{len(sent)} tokens were sent, {len(answer.seen)} were seen")
    return [seen - at for seen, at in zip(answer.seen, sent, strict=True)][1:]


async def _busy_percent(chat: Chat, question: str) -> float:
    """Return how much of the main thread an answer takes while it streams, on a page that is not watched."""
    used, start = await chat.page.cpu_seconds(), time.monotonic()
    await chat.send(question)
    await chat.page.until("probe.isOver", 120, every=0.1)
    return 100 * (await chat.page.cpu_seconds() - used) / (time.monotonic() - start)
