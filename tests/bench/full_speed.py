"""A provider that is faster than any reader: from Enter until the whole answer is on the page."""

from __future__ import annotations

from tests.bench.chat import Answer
from tests.bench.figures import Figure, best
from tests.bench.harness import Bench

LOOP = "the loop over the chunks alone"


async def measure(bench: Bench) -> list[Figure]:
    """Measure a long plain answer and a long Markdown answer against the loop with no page."""
    plain_tokens, markdown_tokens = bench.size(20_000, 4_000), bench.size(16_000, 4_000)
    plain, markdown = f"tokens={plain_tokens}", f"tokens={markdown_tokens} text=document"
    loop_plain, loop_markdown, plains, markdowns = [], [], [], []
    for _ in range(bench.rounds):
        async with bench.panel() as panel:
            loop_plain.append(await bench.loop_seconds(plain))
            plains.append(await panel.ask(plain, watch="frames"))
            await panel.new_chat()
            loop_markdown.append(await bench.loop_seconds(markdown))
            markdowns.append(await panel.ask(markdown, watch="frames"))
    longest = best([answer.longest for answer in markdowns]) * 1000
    return [
        Figure(
            f"{plain_tokens:,} plain tokens at full speed",
            best([_seconds(answer) for answer in plains]),
            "s",
            1.5,
            best(loop_plain),
            relative=True,
            note=f"floor: {LOOP}; {max(a.steps for a in plains)} steps",
        ),
        Figure(
            f"{markdown_tokens:,} Markdown tokens at full speed",
            best([_seconds(answer) for answer in markdowns]),
            "s",
            1.5,
            best(loop_markdown),
            relative=True,
            note=f"floor: {LOOP}",
        ),
        Figure("visible steps of it", max(a.steps for a in markdowns), "", 20, at_least=True),
        Figure(
            "longest task of it", longest, "ms", 100, note="below 50 ms it is not reported, and counts as 0"
        ),
    ]


def _seconds(answer: Answer) -> float:
    return answer.changed - answer.enter
