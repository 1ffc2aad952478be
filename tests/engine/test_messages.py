"""The engine's wire: what is written is what is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_stream_chat.engine.messages import (
    Cancel,
    Event,
    Failed,
    Finished,
    Freed,
    Generate,
    LoadOptions,
    Parameters,
    Pause,
    Progress,
    Queued,
    ReleaseMemory,
    Report,
    Request,
    Resume,
    Shutdown,
    Started,
    Status,
    Text,
    Unload,
    Usage,
    decode_event,
    decode_request,
    encode,
)

QUESTION = Generate(
    "r1",
    "org/model",
    [{"role": "user", "content": "a\nb 今 😀 \ud83d"}],
    Parameters(temperature=0.0, stop=["\n\n"]),
    LoadOptions(dtype="float32"),
    continue_final=True,
)


REQUESTS: list[Request] = [
    QUESTION,
    Cancel("r1"),
    Pause("r1"),
    Resume("r1"),
    Unload("org/model"),
    ReleaseMemory(),
    Shutdown(),
]
EVENTS: list[Event | Report] = [
    Progress("r1", "loading", 0.62),
    Queued("r1", 2),
    Started("r1", 10, 4),
    Text("r1", "line\nline\u2028 今 \ud83d"),
    Finished("r1", "interrupted", Usage(10, 3), 4, 1),
    Failed("r1", "out_of_memory", "No.", "Less.", "Traceback\n"),
    Status([], 5),
    Freed("caches", "org/model", 7),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests_arrive_as_they_left(request_: Request) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize("event", EVENTS)
def test_events_arrive_as_they_left(event: Event | Report) -> None:
    assert decode_event(encode(event)) == event


def test_every_message_is_one_line() -> None:
    assert encode(Text("r1", "a\nb\r\u2028\x85c")).count(b"\n") == 1


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_no_request(event: Event | Report) -> None:
    with pytest.raises(ValueError, match="direction"):
        decode_request(encode(event))


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_no_event(request_: Request) -> None:
    with pytest.raises(ValueError, match="direction"):
        decode_event(encode(request_))


@pytest.mark.parametrize("decode", [decode_request, decode_event])
@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"type": "sing"}',
        b'{"type": ["cancel"]}',
        b'{"type": "cancel"}',
        b'{"type": "cancel", "x": 1}',
        b'{"type": "cancel", "request_id": []}',
        b'{"type": "finished", "request_id": {}}',
        b'{"type": "status", "models": 1}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_message_is_refused(decode: Callable[[bytes], object], line: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        decode(line)
