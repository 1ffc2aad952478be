"""What the mechanisms for many chats at once buy: each is switched off in turn, with 5 chats and with 200.

``python -m tests.bench.many_chats`` prints CPU time and counts, which a busy machine hardly changes, with
ratios to those of the server as it is. Owns the order of measuring; ``counting`` makes the counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import psutil

from tests.bench.counting import MECHANISMS
from tests.bench.load import RATE, Stream, ask_all, connect, not_whole, pages, process_of
from tests.bench.processes import jupyter, module

SECONDS = 5
CHATS = (5, 200)
_POLL_SECONDS = 0.05
_COLUMNS = {
    "CPU s": "cpu",
    "CPU ms/token": "per_token",
    "frames/page": "frames",
    "longest turn, CPU ms": "longest_turn",
    "p99 turn, CPU ms": "p99_turn",
    "full collections": "full_collections",
    "collecting, CPU ms": "collecting",
    "first question, CPU ms": "first_question",
}


@dataclass
class Counter:
    """The counts of one server."""

    server: psutil.Process
    report: Path

    async def read(self) -> dict[str, float]:
        """Return what was counted since the last time."""
        self.report.unlink(missing_ok=True)
        self.server.send_signal(signal.SIGUSR2)
        while not self.report.exists():  # noqa: ASYNC110 - a file of another process
            await asyncio.sleep(_POLL_SECONDS)
        counted: dict[str, float] = json.loads(self.report.read_text())
        return counted


async def measure(provider: str, chats: int, without: str | None) -> dict[str, float]:
    """Return the counts of a fresh server with so many chats at a reader's pace."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "counts"
        environment = {"BENCH_COUNTS": str(report), "BENCH_WITHOUT": without or ""}
        async with (
            jupyter(provider, environment=environment) as lab,
            pages() as http,
            AsyncExitStack() as stack,
        ):
            counter = Counter(process_of(lab), report)
            first = await connect(stack, http, lab)
            await counter.read()
            await first.ask("tokens=1")
            first_question = await counter.read()
            streams = [await connect(stack, http, lab) for _ in range(chats)]
            await counter.read()
            await ask_all(streams, f"tokens={RATE * SECONDS} rate={RATE}")
            counted = await counter.read()
    if wrong := not_whole(streams, RATE * SECONDS):
        raise RuntimeError(f"{wrong} answers are not whole")
    return _in_units(counted, first_question, streams)


def _in_units(
    counted: dict[str, float], first_question: dict[str, float], streams: list[Stream]
) -> dict[str, float]:
    milliseconds = {name: 1000 * counted[name] for name in ("longest_turn", "p99_turn", "collecting")}
    return {
        **counted,
        **milliseconds,
        "per_token": 1000 * counted["cpu"] / (len(streams) * RATE * SECONDS),
        "frames": mean(stream.frames for stream in streams),
        "first_question": 1000 * first_question["cpu"],
    }


async def main(rounds: int) -> None:
    """Measure everything and print a table for each number of chats."""
    variants = (None, *MECHANISMS)
    async with module("tests.bench.provider") as provider:
        for chats in CHATS:
            print(f"\n{chats} chats, {RATE} tokens/s each, {SECONDS} s; rounds: {rounds}\n")
            print("| without | " + " | ".join(_COLUMNS) + " |")
            print("|---|" + "---|" * len(_COLUMNS))
            base: dict[str, float] = {}
            for without in variants:
                measured = [await measure(provider, chats, without) for _ in range(rounds)]
                found = {name: mean(each[name] for each in measured) for name in measured[0]}
                base = base or found
                cells = (_cell(found[name], base[name]) for name in _COLUMNS.values())
                print(f"| {without or '(as it is)'} | " + " | ".join(cells) + " |", flush=True)


def _cell(value: float, base: float) -> str:
    return f"{value:.3g}" + (f" ({value / base:.2f}x)" if base else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.many_chats", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="servers started for each line (1)")
    asyncio.run(main(parser.parse_args().rounds))
