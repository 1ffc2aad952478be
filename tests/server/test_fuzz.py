"""Frames that no page sends: none crashes the server, none leaves a run or a file handle behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_stream_chat import protocol

from .page import PATIENCE, Page
from .test_interleavings import World, world

FRAMES = 50
"""Frames of one example, which go out back to back."""
MEMORY = 64 * 2**20
"""Bytes that the server may have grown by: caches fill, chats are made, and are not forgotten."""

COMMANDS = get_args(get_args(protocol.AnyCommand)[0])
CHATS = ("fuzz-chat-0", "fuzz-chat-1")
names = st.integers(0, 10**6).map("fuzz-{:07d}".format)
texts = st.one_of(names, st.sampled_from(["", "tokens=2", "hang=1", "\0", "‮", "x" * 300]), st.text())
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
parts = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "reasoning", "image"]), "text": texts})
)
lengths = st.lists(st.integers(-1, 2**70), max_size=3)


def field(name: str) -> st.SearchStrategy[Any]:
    """Return what a field should hold."""
    likely = {
        "chat_id": st.sampled_from(CHATS),
        "profile_id": st.just("scripted"),
        "content": parts,
        "shown": lengths,
        "title": texts,
    }
    return likely.get(name, names if name.endswith("_id") or name == "before" else json_values)


@st.composite
def commands(draw: st.DrawFn) -> str:
    """Return a command; of five one has something missing, strange, or too much."""
    kind = draw(st.sampled_from(COMMANDS))
    fields = {"type": kind.model_fields["type"].default, "command_id": draw(names)}
    for name, info in kind.model_fields.items():
        if name not in fields and (info.is_required() or not draw(st.integers(0, 4))):
            fields[name] = draw(field(name))
    match draw(st.integers(0, 14)):
        case 0:
            fields.pop(draw(st.sampled_from(sorted(fields))))
        case 1:
            fields[draw(st.sampled_from(sorted(fields)))] = draw(json_values)
        case 2:
            fields[draw(texts)] = draw(json_values)
    return json.dumps(fields)


frames = st.one_of(
    commands(),
    commands(),
    commands(),
    json_values.map(json.dumps),
    st.text(max_size=100),
    st.binary(max_size=100),
)


async def send(page: Page, batch: list[str | bytes]) -> int:
    """Send frames about two chats that exist, see that the connection lives; return how many took effect."""
    for chat_id in CHATS:
        page.send("create_chat", chat_id=chat_id)
    for frame in batch:
        with contextlib.suppress(UnicodeEncodeError):  # a lone surrogate is no UTF-8: no client can send it
            page.write(frame)
    at = len(page.events)
    command_id = page.send("ping")
    await page.until(lambda event: event.get("command_id") == command_id, after=at)
    accepted = sum(event["type"] == "command_accepted" for event in page.events)
    page.events.clear()
    return accepted - len(CHATS) - 1


async def delete_all(made: World) -> None:
    """Delete every chat, which stops what hangs and waits for it; afterwards nothing is live."""
    async with asyncio.timeout(PATIENCE):
        # Again until none is left: what a page asked for just before it left is still done.
        while chats := await listed(made):
            async with made.server.page() as page:
                for chat_id in chats:
                    await page.command("delete_chat", chat_id=chat_id)


async def listed(made: World) -> list[str]:
    """Return the ids of all chats."""
    async with made.server.page() as page:
        return [chat["chat_id"] for chat in (await page.until_type("workspace_loaded"))["chats"]]


def fuzz(folder: Path, count: int) -> None:
    """Send that many frames to one server."""
    with asyncio.Runner() as runner:
        manager = world(folder)
        made = runner.run(manager.__aenter__())
        process = psutil.Process(made.server.process.pid)
        page = made.server.page()
        runner.run(page.__aenter__())
        runner.run(page.until_type("workspace_loaded"))
        before: dict[str, int] = {}
        accepted = 0

        @settings(
            max_examples=math.ceil(count / FRAMES),
            deadline=None,
            database=None,
            derandomize=count < 10_000,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(frames, min_size=FRAMES, max_size=FRAMES))
        def batch(sent: list[str | bytes]) -> None:
            nonlocal accepted
            accepted += runner.run(send(page, sent))
            # After the first ones, when what is loaded once is loaded.
            before.setdefault("handles", process.num_fds())
            before.setdefault("memory", process.memory_info().rss)

        try:
            batch()
            runner.run(page.leave())
            runner.run(delete_all(made))
            runner.run(works(made))
            grown = process.memory_info().rss - before["memory"]
            print(f"{count} frames, {accepted} taken: {grown / 2**20:.1f} MiB more than after the first")
            assert accepted > count / 100, "some frames must get through"
            assert grown < MEMORY
            assert process.num_fds() <= before["handles"] + 4
            assert "Traceback" not in (folder / "server-0.log").read_text(), "an error that nobody foresaw"
        finally:
            runner.run(manager.__aexit__(None, None, None))


async def works(made: World) -> None:
    """Ask a question after all that."""
    async with made.server.page() as page:
        chat_id = await page.new_chat()
        run = await page.finished(await page.ask(chat_id, "tokens=5"))
        assert run["finish_reason"] == "stop"


@pytest.mark.timeout(300)
def test_strange_frames(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    record_property("tried", 1500)
    fuzz(tmp_path, 1500)


@pytest.mark.stress
@pytest.mark.timeout(7200)
def test_100_000_strange_frames(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    record_property("tried", 100_000)
    fuzz(tmp_path, 100_000)
