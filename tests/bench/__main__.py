"""Measure, print the table, and keep it in docs/benchmarks.md when all was measured."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

from tests.bench import (
    cpu,
    endpoint,
    first_token,
    full_speed,
    guide,
    kernel_echo,
    lag,
    load,
    loading,
    local_chats,
    long_chat,
    magic,
    search,
    stop,
    wire_bytes,
)
from tests.bench.figures import Figure, table
from tests.bench.harness import Measure, bench
from tests.bench.report import describe_machine, write

GROUPS: dict[str, Measure] = {
    "lag": lag.measure,
    "first-token": first_token.measure,
    "full-speed": full_speed.measure,
    "cpu": cpu.measure,
    "stop": stop.measure,
    "wire-bytes": wire_bytes.measure,
    "kernel-echo": kernel_echo.measure,
    "load": load.measure,
    "guide": guide.measure,
    "loading": loading.measure,
    "local-chats": local_chats.measure,
    "long-chat": long_chat.measure,
    "magic": magic.measure,
    "endpoint": endpoint.measure,
    "search": search.measure,
}
REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


async def main(names: list[str], *, rounds: int, quick: bool) -> None:
    """Measure the groups of these names, or all."""
    task = asyncio.current_task()
    assert task is not None
    # Ended from outside, the servers and the browser must end as well.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    figures: list[Figure] = []
    busy = os.getloadavg()[0]
    async with bench(rounds=rounds, quick=quick) as run:
        machine = describe_machine(await run.browser.version(), busy)
        for name in names or GROUPS:
            print(f"{name} ...", flush=True)
            found = await GROUPS[name](run)
            print(table(found), flush=True)
            figures += found
    print(f"\n{machine}\n\n{table(figures)}")
    if not names and not quick:
        write(REPORT, figures, machine)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="group", help=", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each group; the best counts (3)")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works")
    options = parser.parse_args()
    if unknown := set(options.names) - set(GROUPS):
        parser.error(f"no such group: {', '.join(unknown)}")
    asyncio.run(main(options.names, rounds=1 if options.quick else options.rounds, quick=options.quick))
