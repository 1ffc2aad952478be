"""From Enter to the first token on the page, without the provider's own time."""

from __future__ import annotations

import asyncio

from tests.bench.chat import Chat
from tests.bench.figures import Figure, best, median
from tests.bench.harness import Bench
from tests.bench.processes import jupyter

QUESTION = "tokens=5 rate=50"
MARKDOWN = "tokens=5 rate=50 text=words"
OPENED_SECONDS = 5.0
"""How long the panel has been open when the first question is asked."""
ALLOWED_MS = 6


async def measure(bench: Bench) -> list[Figure]:
    """Measure questions to a server that has answered before, and the first question to a new one."""
    questions = bench.size(15, 5)
    floor, usual, markdown, first = [], [], [], []
    for _ in range(bench.rounds):
        async with bench.bare() as bare:
            floor.append(await _usual(bare, questions))
        async with bench.panel() as panel:
            usual.append(await _usual(panel, questions))
            markdown.append(await _usual(panel, questions, MARKDOWN))
        async with jupyter(bench.provider) as lab, bench.panel(lab, settle=OPENED_SECONDS) as panel:
            first.append(await _one(panel))
    least = best(floor)
    limit = round(least + ALLOWED_MS, 1)
    rounds = ", ".join(f"{value:.0f}" for value in first)
    return [
        Figure("Enter to first token, median", best(usual), "ms", limit, least),
        Figure("Enter to first token, Markdown, median", best(markdown), "ms", limit, least),
        Figure(
            "the same, first question of a new server", best(first), "ms", limit, least, note=f"all: {rounds}"
        ),
    ]


async def _usual(chat: Chat, questions: int, question: str = QUESTION) -> float:
    await _one(chat, question)
    return median([await _one(chat, question) for _ in range(questions)])


async def _one(chat: Chat, question: str = QUESTION) -> float:
    """Ask once; return milliseconds."""
    await chat.new_chat()
    answer = await chat.ask(question, watch="tokens")
    await asyncio.sleep(0.1)
    providers = answer.request["sent"][0] - answer.request["received"]
    return (answer.seen[0] - answer.enter - providers) * 1000
