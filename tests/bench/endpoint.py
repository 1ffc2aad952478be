"""The endpoint for programs, beside the provider behind it asked by the same client."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

import openai

from tests.bench.figures import Figure, best, median
from tests.bench.harness import Bench

QUESTION = "tokens=3 rate=50"
FIRST_MS = 15
TOKEN_RATIO = 2.0


async def measure(bench: Bench) -> list[Figure]:
    """Ask both in turn, so that the machine's other work meets both."""
    questions, count = bench.size(40, 10), bench.size(5_000, 1_000)
    firsts: dict[str, list[float]] = {"direct": [], "endpoint": []}
    tokens: dict[str, list[float]] = {"direct": [], "endpoint": []}
    async with AsyncExitStack() as stack:
        clients = {}
        for name, address in ("direct", f"{bench.provider}/v1"), ("endpoint", f"{bench.lab}/stream-chat/v1"):
            client = openai.AsyncOpenAI(base_url=address, api_key="not-a-secret", max_retries=0)
            clients[name] = await stack.enter_async_context(client)
        for _ in range(bench.rounds):
            first: dict[str, list[float]] = {name: [] for name in clients}
            for _ in range(questions):
                for name, client in clients.items():
                    first[name].append((await _ask(client, QUESTION))[0])
            for name, client in clients.items():
                firsts[name].append(1000 * median(first[name]))
                begun, ended = await _ask(client, f"tokens={count}")
                tokens[name].append(1000 * (ended - begun) / count)
    return [
        Figure(
            "endpoint: first token behind the provider's own, median",
            best(firsts["endpoint"]) - best(firsts["direct"]),
            "ms",
            FIRST_MS,
            note=f"directly {best(firsts['direct']):.3g} ms",
        ),
        Figure(
            "endpoint: what a token takes at full speed",
            best(tokens["endpoint"]),
            "ms",
            TOKEN_RATIO,
            best(tokens["direct"]),
            relative=True,
            note=f"{count:,} tokens; floor: the provider asked by the same client",
        ),
    ]


async def _ask(client: openai.AsyncOpenAI, question: str) -> tuple[float, float]:
    """Return the seconds to the first text and to the end of an answer."""
    begun, first = time.perf_counter(), 0.0
    stream = await client.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": question}], stream=True
    )
    async for chunk in stream:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun
