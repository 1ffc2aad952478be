"""Searching 10,000 chats of 50 messages: the time until the first hits are known to the store."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.sqlite import Database
from jupyter_stream_chat.protocol import Part, TextPart
from tests.bench.figures import Figure, best

if TYPE_CHECKING:
    from tests.bench.harness import Bench

CHATS, MESSAGES, HITS = 10_000, 50, 20
_QUERIES = {
    "a frequent word": "w0001",
    "a rare word": "needle",
    "two words": "w0002 w0003",
    "two Chinese characters": "罕见",
    "two frequent Chinese characters": "模型",
}
_WORDS = [f"w{number:04}" for number in range(3000)]
_CHINESE = "模型训练数据速度结果问题方法分析时间内存"
_PARTS: TypeAdapter[list[Part]] = TypeAdapter(list[Part])


async def measure(bench: Bench) -> list[Figure]:
    """Write the chats once, index them, and search for words that are frequent and rare."""
    return await asyncio.to_thread(figures, bench.size(CHATS, 200), bench.rounds)


def figures(chats: int, rounds: int) -> list[Figure]:
    """Return the time of each query; the floor is a query that occurs nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        write_chats(Path(folder), chats)
        store = ChatStore(Path(folder))
        while store.index_messages(5000):
            pass
        floor = _search(store, "nowhere", rounds)
        found = [
            Figure(
                f"search in {chats:,} chats of {MESSAGES} messages: {name}",
                _search(store, query, rounds),
                "ms",
                100,
                floor=floor,
                note="the floor: a word that occurs nowhere",
            )
            for name, query in _QUERIES.items()
        ]
        store.close()
    return found


def write_chats(folder: Path, chats: int) -> None:
    """Write so many chats at once; of their messages, one in ten thousand has the rare words."""
    ChatStore(folder).close()
    chance = random.Random(1)
    database = Database(folder)
    with database.transaction("IMMEDIATE"):
        for number in range(chats):
            chat_id = f"chat-{number:08}"
            row = (chat_id, "", f"Chat {number}", float(number), float(number))
            database.execute(
                "INSERT INTO chats (chat_id, owner, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                row,
            )
            for place in range(MESSAGES):
                parent = f"message-{number:06}-{place - 1:02}" if place else None
                content = _PARTS.dump_json([TextPart(text=_text(chance))], exclude_none=True).decode()
                message = (f"message-{number:06}-{place:02}", chat_id, parent, "user", "Ada", content, 1.0)
                database.execute("INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", message)
    database.close()


def _text(chance: random.Random) -> str:
    words = chance.choices(_WORDS, k=25)
    words.append("".join(chance.choices(_CHINESE, k=12)))
    if chance.random() < 0.0001:
        words += ["needle", "罕见"]
    return " ".join(words)


def _search(store: ChatStore, query: str, rounds: int) -> float:
    times: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        store.search("", query, HITS)
        times.append((time.perf_counter() - begun) * 1000)
    return best(times)
