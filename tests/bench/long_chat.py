"""Opening a chat of ten thousand messages, beside one that is a single screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, best
from tests.bench.processes import jupyter
from tests.long_chat import answer_id, write_long_chat

if TYPE_CHECKING:
    from tests.bench.harness import Bench

LONG, SHORT = 10_000, 20
_SHORT = "-short"
_OPEN = """
(async (title, wanted) => {
  const root = document.querySelector('.jp-StreamChat');
  const until = async found => {
    let result;
    while (!(result = found())) await new Promise(requestAnimationFrame);
    return result;
  };
  root.querySelector('.jp-StreamChat-title').click();
  const button = await until(() => root.querySelector(`.jp-StreamChat-chatSwitch[title="${title}"]`));
  const begin = performance.now();
  button.click();
  await until(() => {
    const end = root.querySelector('.jp-StreamChat-scroll').getBoundingClientRect().bottom;
    const last = root.querySelector(`[data-message-id="${wanted}"] li:last-child`);
    return last && last.getBoundingClientRect().bottom <= end;
  });
  return performance.now() - begin;
})"""
"""Milliseconds from the click on a chat's line to the frame that has its last message in view."""


async def measure(bench: Bench) -> list[Figure]:
    """Open each in a fresh page: what a page has seen once, it does not ask for again."""
    async with jupyter(bench.provider, prepare=_write) as lab:
        long = [await _open(bench, lab, "A long chat", answer_id(LONG // 2)) for _ in range(bench.rounds)]
        title, wanted = f"A long chat{_SHORT}", answer_id(SHORT // 2, _SHORT)
        short = [await _open(bench, lab, title, wanted) for _ in range(bench.rounds)]
    return [
        Figure(
            f"opening a chat of {LONG:,} messages",
            best(long),
            "ms",
            300,
            floor=best(short),
            note=f"the floor: a chat of {SHORT} messages, which is one screen",
        )
    ]


def _write(home: Path) -> None:
    write_long_chat(home / "stream-chat", LONG)
    write_long_chat(home / "stream-chat", SHORT, suffix=_SHORT)


async def _open(bench: Bench, lab: str, title: str, wanted: str) -> float:
    async with bench.panel(lab) as chat:
        milliseconds: float = await chat.page.evaluate(f"{_OPEN}({json.dumps(title)}, {json.dumps(wanted)})")
    return milliseconds
