"""The engine's wire: what is written is what is read."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.engine.messages import (
    Cancel,
    Event,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Queued,
    Request,
    Shutdown,
    Started,
    Text,
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


@pytest.mark.parametrize("request_", [QUESTION, Cancel("r1"), Shutdown()])
def test_requests_arrive_as_they_left(request_: Request) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize(
    "event",
    [
        Progress("r1", "loading", 0.62),
        Queued("r1", 2),
        Started("r1", 10, 4),
        Text("r1", "line\nline\u2028 今 \ud83d"),
        Finished("r1", "interrupted", Usage(10, 3), 4, 1),
        Failed("r1", "out_of_memory", "No.", "Less.", "Traceback\n"),
    ],
)
def test_events_arrive_as_they_left(event: Event) -> None:
    assert decode_event(encode(event)) == event


def test_every_message_is_one_line() -> None:
    assert encode(Text("r1", "a\nb\r\u2028\x85c")).count(b"\n") == 1


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b"{}", b'{"type": "sing"}', b'{"type": "cancel"}', b'{"type": "cancel", "x": 1}']
)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        decode_request(line)
