"""An answer that reasons, speaks, reasons and speaks: four parts in this order, live, reloaded, recovered."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import Server
from .page import PATIENCE, Page, numbered
from .process import StartProcess
from .test_session import digest
from .test_sse import Reader, start

QUESTION = "tokens=40 rate=200 reasoning=3 again=10"
THOUGHT = "r0 r1 r2 "
PARTS = [
    ("reasoning", THOUGHT),
    ("text", numbered(10)),
    ("reasoning", THOUGHT),
    ("text", numbered(40).removeprefix(numbered(10))),
]
HANGS = "tokens=40 hang=12 reasoning=3 again=10"
"""The last part has two tokens then."""
UNTIL_IT_HANGS = 2 * len(THOUGHT) + len(numbered(12))


def parts_in(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the parts of an answer."""
    return [(part["type"], part["text"]) for part in message["content"]]


def streamed(page: Page, run_id: str, held: list[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
    """Fold the deltas that a page got, behind the parts that it held."""
    parts = list(held or [])
    for delta in page.of_type("delta"):
        if delta["run_id"] == run_id:
            if delta["part"] == len(parts) and delta["offset"] == 0:
                parts.append((delta["kind"], ""))
            assert delta["part"] == len(parts) - 1
            kind, text = parts[-1]
            assert delta["offset"] == len(text)
            parts[-1] = (kind, text + delta["text"])
    return parts


async def until_characters(page: Page, run_id: str, count: int) -> None:
    """Wait until so much has come of all parts together."""
    async with asyncio.timeout(PATIENCE):
        while sum(len(text) for _, text in streamed(page, run_id)) < count:
            await page.broadcast()


def known(page: Page, run_id: str, lengths: list[int]) -> dict[str, Any]:
    """Return what a page says that it has when it opens the chat again."""
    return {
        "epoch": page.events[0]["epoch"],
        "after_seq": page.of_type("run_started")[0]["seq"],
        "known_lengths": {run_id: lengths},
    }


async def test_live_and_after_a_reload(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, QUESTION)
        run = await page.finished(run_id)
        assert streamed(page, run_id) == PARTS
        assert run["digest"] == [digest(text) for _, text in PARTS]
    async with server.page() as page:
        await page.open_chat(chat_id)
        assert parts_in((await page.until_type("chat_opened"))["messages"][-1]) == PARTS


@pytest.mark.parametrize("characters", [4, 15, 40, 50, 70])
async def test_a_page_that_comes_back_goes_on_within_any_part(server: Server, characters: int) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, HANGS)
        await until_characters(page, run_id, UNTIL_IT_HANGS)
        whole = streamed(page, run_id)
        lengths, left = [], characters
        for _, text in whole:
            lengths.append(min(len(text), left))
            left -= lengths[-1]
        held = [(kind, text[:size]) for (kind, text), size in zip(whole, lengths, strict=True) if size]
        fields = known(page, run_id, [len(text) for _, text in held])
    async with server.page() as page:
        await page.open_chat(chat_id, reason="reconnected", **fields)
        assert page.of_type("chat_resumed")
        await page.command("interrupt_run", run_id=run_id)
        await page.finished(run_id)
        assert streamed(page, run_id, held) == whole


@pytest.mark.parametrize("lengths", [[9, 99], [3, 1], [9, 30, 9, 6, 9], [9, 0, 1], [999]])
async def test_a_page_that_claims_other_parts_gets_a_snapshot(server: Server, lengths: list[int]) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, HANGS)
        await until_characters(page, run_id, UNTIL_IT_HANGS)
        await page.open_chat(chat_id, **known(page, run_id, lengths))
        assert not page.of_type("chat_resumed")
        assert len(page.of_type("chat_opened")) == 2
        await page.command("interrupt_run", run_id=run_id)


async def test_a_stop_keeps_what_was_shown_of_each_part(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, HANGS)
        await until_characters(page, run_id, UNTIL_IT_HANGS)
        await page.command("interrupt_run", run_id=run_id, shown=[9, 30, 4])
        run = await page.finished(run_id)
        assert run["kept"] == [9, 30, 4, 0]
        await page.finished(await page.ask(chat_id, "tokens=1", parent_id=run["message_id"]))
        assert provider.requests[-1].body["messages"][1]["content"] == numbered(10)


async def test_an_event_stream_has_the_parts_and_goes_on_within_any(server: Server) -> None:
    run_id = await start(server, QUESTION)
    first = Reader(server, run_id)
    await first.response
    assert first.parts() == PARTS
    deltas = [event for event in first.events if event.name == "delta"]
    for at in range(0, len(deltas), 5):
        second = Reader(server, run_id, **{"Last-Event-ID": deltas[at].id})
        await second.response
        texts = [""] * len(PARTS)
        for event in [*deltas[: at + 1], *(event for event in second.events if event.name == "delta")]:
            assert event.data["offset"] == len(texts[event.data["part"]])
            texts[event.data["part"]] += event.data["text"]
        assert texts == [text for _, text in PARTS]


async def test_after_kill_9(start_process: StartProcess) -> None:
    server = await start_process()
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=200 reasoning=3 again=10")
        await until_characters(page, run_id, 2 * len(THOUGHT) + len(numbered(20)))
        await server.end(signal.SIGKILL)
        await page.until_closed()
        sent = streamed(page, run_id)
    server = await start_process()
    async with server.page() as page:
        await page.open_chat(chat_id)
        message = (await page.until_type("chat_opened"))["messages"][-1]
        recovered = parts_in(message)
        assert recovered[:3] == sent[:3] == PARTS[:3]
        assert recovered[3][0] == "text"
        assert recovered[3][1].startswith(sent[3][1])
        assert message["runs"][0]["kept"] == [len(text) for _, text in recovered]


async def test_reasoning_and_the_ids_of_runs_are_no_part_of_a_question(server: Server) -> None:
    _, made = await server.rest("POST", "chats", {})
    path = f"chats/{made['chat']['chat_id']}/messages"
    for part, field in [
        ({"type": "reasoning", "text": "x" * 300_000}, "content.0.type"),
        ({"type": "text", "text": "x", "run_id": "run-of-another"}, "content.0.run_id"),
    ]:
        status, answer = await server.rest("POST", path, {"content": [part]})
        assert (status, answer["error"]["code"], answer["error"]["field"]) == (400, "invalid_command", field)
