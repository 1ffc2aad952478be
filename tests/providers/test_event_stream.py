"""An event stream gives the same events however it is cut, and whatever stands between them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_stream_chat.providers.openai.event_stream import Event, EventDecoder
from jupyter_stream_chat.providers.openai.payload_fixes import MalformedAnswer
from jupyter_stream_chat.providers.openai.sse_decoder import _OwnDecoder
from jupyter_stream_chat.providers.openai.stream_reader import Growth, StreamReader

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NOISE = st.sampled_from([": ping", ":", "retry: 3000", "id: 7", "id", "event: ping", "foo: bar", "data:", ""])
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def decoded(*pieces: bytes) -> list[Event]:
    decoder = EventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()


def cut(data: bytes, cuts: set[int]) -> list[bytes]:
    at = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(at)]


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(TEXTS), st.lists(NOISE), LINE_ENDS, st.booleans(), st.data())
def test_a_stream_cut_anywhere_gives_the_same_text(
    texts: list[str], noise: list[str], end: str, has_mark: bool, data: st.DataObject
) -> None:
    def between() -> str:
        return "".join(each + end + end for each in data.draw(st.permutations(noise)))

    body = "\ufeff" if has_mark else ""
    for text in texts:
        value = json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=data.draw(st.booleans()))
        body += f"{between()}data:{data.draw(st.sampled_from(['', ' ']))}{value}{end}{end}"
    body += f"{between()}data: [DONE]{end}{end}"
    raw = body.encode()
    pieces = cut(raw, data.draw(st.sets(st.integers(0, len(raw)), max_size=20)))
    reader = StreamReader()
    reader._growth = {}  # texts of chance may look like one that grows
    chunks = [chunk for event in decoded(*pieces) for chunk in reader.read(event)]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "".join(texts)
    assert reader.is_done


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b"data: a\n\n", [Event("a")]),
        (b"data: a\ndata: b\n\n", [Event("a\nb")]),
        (b"data: 1\ndata: 2\n\n", [Event("1"), Event("2")]),
        (b"event: error\ndata: {}\n\n", [Event("{}", "error")]),
        (b"event: ping\n\ndata: 1\n\n", [Event("1")]),
        (b'error: {"code": 1}\n\n', [Event('{"code": 1}', "error")]),
        (b'{"a": 1}\n{"b": 2}\n', [Event('{"a": 1}', is_bare=True), Event('{"b": 2}', is_bare=True)]),
        (b'{\n  "a": 1\n}\n', [Event('{\n  "a": 1\n}', is_bare=True)]),
        (b"data: \xff1\n\n", [Event("\ufffd1")]),
        (b"data: 1", [Event("1")]),
        (b'data: {"half', []),
        (b"data: [DONE]", [Event("[DONE]")]),
        (b"", []),
    ],
)
def test_what_servers_send(body: bytes, events: list[Event]) -> None:
    assert decoded(body) == events
    assert decoded(*(bytes([byte]) for byte in body)) == events


def test_a_web_page_is_kept() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"<!DOCTYPE html>\n<html>\n\n<title>Sign in</title>\n") == []
    assert decoder.close() == []
    assert "<title>Sign in</title>" in decoder.other


@pytest.mark.parametrize(
    ("deltas", "text"),
    [
        (["ha", "ha", "ha"], "hahaha"),
        (["ha", "haha"], "hahaha"),
        (["1", "10", "0"], "1100"),
        (["  ", "    ", "x"], "      x"),
        (["| a", "| a | b |", "| a | b |\n|-"], "| a | b |\n|-"),
        (["The answer", "The answer is", "The answer is 4."], "The answer is 4."),
        (["The whole of it at once", "The whole of it at once and more"], "The whole of it at once and more"),
    ],
)
def test_text_that_grows_is_shown_once(deltas: list[str], text: str) -> None:
    growth = Growth()
    assert "".join(growth.add(delta) for delta in deltas) + growth.close() == text


def test_a_last_delta_that_holds_all_again() -> None:
    growth = Growth()
    deltas = ["This is the ", "whole answer."]
    shown = "".join(growth.add(delta) for delta in deltas) + growth.add("".join(deltas), is_last=True)
    assert shown == "This is the whole answer."


async def endless(*pieces: bytes) -> AsyncIterator[bytes]:
    """Yield these pieces, and then comments as long as anybody listens."""
    for piece in pieces:
        yield piece
    while True:
        await asyncio.sleep(0.02)
        yield b": ping\n\n"


def event_of(**chunk: object) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


END = event_of(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


@pytest.mark.parametrize("pieces", [[END], [END, DONE], [END + DONE], [DONE]])
async def test_what_comes_after_the_end_does_not_prolong_it(pieces: list[bytes]) -> None:
    async with asyncio.timeout(20):
        events = [each async for each in _OwnDecoder().aiter_bytes(endless(*pieces))]
    assert len(events) == (0 if pieces == [DONE] else 1)


@pytest.mark.parametrize("done", [[], [DONE]])
async def test_usage_that_comes_late_counts(done: list[bytes]) -> None:
    async def late() -> AsyncIterator[bytes]:
        yield END
        await asyncio.sleep(0.2)
        for piece in (event_of(choices=[], usage=USAGE), *done):
            yield piece
        await asyncio.Event().wait()

    async with asyncio.timeout(20):
        events = [each.json() async for each in _OwnDecoder().aiter_bytes(late())]
    assert [event["usage"] for event in events] == [None, USAGE]


ENDLESS = {
    "a line": b"x" * 4096,
    "a line of data": b"data: x" + b"y" * 4089,
    "lines of data": b'data: {"a": [\n',
    "lines of JSON": b"data: [1,\n",
    "values": b"data: 1,\n",
    "carriage returns": b"data: {\r",
    "brackets": b"[\n",
    "braces": b"}\n",
    "tags": b"<a>\n",
    "names of fields": b"event: " + b"e" * 1000 + b"\n",
    "comments": b": " + b"c" * 1000 + b"\n",
    "line ends": b"\n\r\n\r",
    "errors": b"error: {\n",
}
"""What a server may send again and again. Work that grows with its square takes longer than a test may."""


@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS)
def test_a_stream_that_never_comes_to_an_event_costs_what_it_is_long(piece: bytes) -> None:
    decoder = EventDecoder()
    data = piece * (8 * 2**20 // len(piece))
    for at in range(0, len(data), 1024):
        decoder.feed(data[at : at + 1024])
    assert len(decoder.other) < 100_000


def test_an_event_that_does_not_end_is_refused() -> None:
    decoder = EventDecoder()
    for _ in range(32):
        decoder.feed(b"x" * 2**20)
    with pytest.raises(MalformedAnswer, match="more than 33554432 characters"):
        decoder.feed(b"x")


def test_what_deltas_repeat_is_found_at_the_cost_of_a_look() -> None:
    growth = Growth()
    shown = [growth.add("ab c") for _ in range(1_000_000)]
    assert "".join(shown) == "ab c" * 1_000_000
    assert growth.add("ab c" * 1_000_000, is_last=True) == ""
    assert growth.length == 4_000_000
