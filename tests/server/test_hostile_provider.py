"""A provider that means harm, or is broken: its answer ends within the limits, by name, and others go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_stream_chat.chats.text import MOST_PARTS
from jupyter_stream_chat.providers.openai import event_stream
from tests.providers.wire_server import WireServer, chunk, said

from .conftest import StartServer
from .test_wire import asked, kept, opened

LIMIT = 20_000
DEEP = "[" * 200_000


def repeated(text: str, **more: Any) -> list[str]:
    """Return a stream of far more characters than an answer may have."""
    return [chunk({"content": text, **more})] * (4 * LIMIT // max(1, len(text)))


ENDLESS: dict[str, list[str]] = {
    "line ends": repeated("\n"),
    "white space within reasoning": [chunk({"content": "<think>"}), *repeated(" \t\n")],
    "white space behind reasoning": [chunk({"content": "<think>a</think>"}), *repeated("   ")],
    "halves of characters": repeated("\ud83d"),
    "beginnings of tags": repeated("<"),
    "controls": repeated("\x00\x1b[2J"),
}


@pytest.mark.parametrize("stream", ENDLESS.values(), ids=ENDLESS)
async def test_text_of_every_kind_counts_for_the_limit(start_server: StartServer, stream: list[str]) -> None:
    async with WireServer({"stream": [*stream, "hang"]}) as wire:
        server = await opened(start_server, wire, on_repetition="off")
        runs = (await server.extension.services()).runs
        runs._settings = replace(runs._settings, max_characters=LIMIT)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert (run["finish_reason"], run["error"]["code"]) == ("length", "answer_too_long")


BROKEN: dict[str, list[Any]] = {
    "an event without end": ["data: ", *["x" * 4096] * 600],
    "a line without end": ["y" * 4096] * 600,
    "JSON of 200,000 levels": [f"data: {DEEP}\n\n", "data: [DONE]\n\n"],
    "a choice of 200,000 levels": ['data: {"choices": ', DEEP, "}\n\n", "data: [DONE]\n\n"],
    "a number of 200,000 digits": [f'data: {{"choices": [{{"index": {"9" * 200_000}}}]}}\n\n', *said("a")],
}


@pytest.mark.parametrize("stream", BROKEN.values(), ids=BROKEN)
async def test_what_is_no_answer_is_told_and_the_next_one_comes(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, stream: list[Any]
) -> None:
    monkeypatch.setattr(event_stream, "_LONGEST", 2**20)
    async with WireServer({"stream": stream}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, _ = await asked(page, chat_id, "hello")
            assert run["finish_reason"] == "error"
            error = run["error"]
            assert error["code"] != "internal_error"
            assert len(error["message"]) + len(error.get("detail") or "") < 10_000
            wire.answer = {"stream": said("one", " two")}
            run, _ = await asked(page, await page.new_chat(), "hello")
            assert run["finish_reason"] == "stop"


async def test_kinds_that_change_without_end_are_not_as_many_boxes(start_server: StartServer) -> None:
    turns = 2 * MOST_PARTS
    stream = [
        piece
        for number in range(turns)
        for piece in (chunk({"reasoning_content": f"r{number} "}), chunk({"content": f"t{number} "}))
    ]
    async with WireServer({"stream": [*stream, *said("end")]}) as wire:
        server = await opened(start_server, wire, on_repetition="off")
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, fields = await asked(page, chat_id, "hello")
            assert run["finish_reason"] == "stop"
            text, reasoning = await kept(server, chat_id, fields["answer_id"])
            opened_chat = await page.open_chat(chat_id)
    assert len(opened_chat["messages"][-1]["content"]) <= MOST_PARTS + 1
    words = f"{reasoning} {text}".split()
    assert len(words) == 2 * turns + 1, "nothing is lost"
    assert text.endswith(f"r{turns - 1} t{turns - 1} end")
