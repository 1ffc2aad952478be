"""From the provider's write to the page, token by token, at a person's reading speed."""

from __future__ import annotations

from tests.bench.chat import Chat
from tests.bench.figures import Figure, best, percentile
from tests.bench.harness import Bench

RATE = 50


async def measure(bench: Bench) -> list[Figure]:
    """Measure plain text on both pages, Markdown on the panel."""
    tokens = bench.size(400, 100)
    plain = f"tokens={tokens} rate={RATE}"
    floor, text, markdown = [], [], []
    for _ in range(bench.rounds):
        async with bench.bare() as bare:
            floor.append(await _lags(bare, plain))
        async with bench.panel() as panel:
            text.append(await _lags(panel, plain))
            await panel.new_chat()
            markdown.append(await _lags(panel, f"{plain} text=document"))

    def figure(kind: str, rounds: list[list[float]], percent: int, limit: float) -> Figure:
        value, least = (best([percentile(lags, percent) * 1000 for lags in r]) for r in (rounds, floor))
        name = f"lag at {RATE} tokens/s, {kind}, " + ("median" if percent == 50 else f"p{percent}")
        return Figure(name, value, "ms", limit, least, relative=True)

    p99 = best([percentile(lags, 99) * 1000 for lags in markdown])
    typical = figure("Markdown", markdown, 50, 4.5)
    return [
        figure("plain", text, 50, 2.2),
        figure("plain", text, 99, 5),
        Figure(**{**vars(typical), "note": f"p99 {p99:.3g} ms"}),
    ]


async def _lags(chat: Chat, question: str) -> list[float]:
    """Return the seconds from the write of each token to the page; the first has a figure of its own."""
    answer = await chat.ask(question, watch="tokens")
    sent = answer.request["sent"]
    if len(answer.seen) != len(sent):
        raise RuntimeError(f"{len(sent)} tokens were sent, {len(answer.seen)} were seen")
    return [seen - at for seen, at in zip(answer.seen, sent, strict=True)][1:]
