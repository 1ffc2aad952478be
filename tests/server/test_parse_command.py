"""Frames as pages, scripts and attackers send them."""

from __future__ import annotations

import json

import pytest

from jupyter_stream_chat.protocol import CommandRejected, SendMessage
from jupyter_stream_chat.server.page.parse_command import parse_command

LIMIT = 1024
ID = "command-1"


def rejected(frame: str | bytes) -> CommandRejected:
    """Read a frame that must be refused."""
    answer = parse_command(frame, LIMIT)
    assert isinstance(answer, CommandRejected)
    return answer


def command(**fields: object) -> str:
    """Write a frame."""
    return json.dumps({"command_id": ID, **fields})


def test_a_command_is_read() -> None:
    read = parse_command(
        command(
            type="send_message",
            chat_id="chat-0001",
            message_id="message-1",
            content=[{"type": "text", "text": "héllo"}],
            answer_id="answer-01",
            run_id="run-00001",
        ),
        LIMIT,
    )
    assert isinstance(read, SendMessage)
    assert read.content[0].text == "héllo"


def asking(*content: dict[str, object]) -> str:
    """Write a question with these parts."""
    ids = {"message_id": "message-1", "answer_id": "answer-01", "run_id": "run-00001"}
    return command(type="send_message", chat_id="chat-0001", content=list(content), **ids)


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        ("", "invalid_command", None),
        ("{", "invalid_command", None),
        ("[]", "invalid_command", None),
        ("null", "invalid_command", None),
        ("[" * 500, "invalid_command", None),
        ('{"command_id": "\\ud800"}', "invalid_command", None),
        (b"\x00\x01", "invalid_command", None),
        (command(), "invalid_command", "type"),
        (command(type="explode"), "unknown_command", "type"),
        (command(type=7), "unknown_command", "type"),
        (command(type="open_chat"), "invalid_command", "chat_id"),
        (command(type="ping", extra=1), "invalid_command", "extra"),
        ('{"type": "ping"}', "invalid_command", "command_id"),
        (command(type="close_chat", chat_id="../../etc/passwd"), "invalid_command", "chat_id"),
        (
            command(type="open_chat", chat_id="chat-0001", known_lengths={"run-00001": [-1]}),
            "invalid_command",
            "known_lengths.run-00001.0",
        ),
        (
            command(
                type="send_message",
                chat_id="chat-0001",
                message_id="message-1",
                content=[{"type": "hologram"}],
                answer_id="answer-01",
                run_id="run-00001",
            ),
            "invalid_command",
            "content.0.type",
        ),
        (asking({"type": "reasoning", "text": "x"}), "invalid_command", "content.0.type"),
        (
            asking({"type": "text", "text": "x"}, {"type": "text", "text": "y", "run_id": "run-00009"}),
            "invalid_command",
            "content.1.run_id",
        ),
        (asking({"type": "text", "text": "x", "run_id": None}), "invalid_command", "content.0.run_id"),
        (asking(), "invalid_command", "content"),
    ],
)
def test_what_is_wrong_is_named(frame: str | bytes, code: str, field: str | None) -> None:
    error = rejected(frame).error
    assert (error.code, error.field) == (code, field)
    assert error.message


def test_a_refusal_names_its_command_even_in_broken_json() -> None:
    assert rejected('{"command_id": "command-1", "type": "ping"').command_id == ID
    assert rejected(command(type="explode")).command_id == ID


def test_the_id_is_not_taken_from_inside_a_text() -> None:
    assert rejected(json.dumps({"type": "ping", "text": '"command_id": "stolen-id"'})).command_id is None


@pytest.mark.parametrize("filler", ["x" * LIMIT, "é" * (LIMIT // 2), "😀" * (LIMIT // 4)])
def test_the_limit_counts_bytes(filler: str) -> None:
    frame = json.dumps({"command_id": ID, "type": "ping", "filler": filler}, ensure_ascii=False)
    answer = rejected(frame)
    assert (answer.command_id, answer.error.code) == (ID, "frame_too_large")


def test_a_frame_of_just_the_limit_is_read() -> None:
    frame = command(type="ping")
    assert not isinstance(parse_command(frame + " " * (LIMIT - len(frame)), LIMIT), CommandRejected)
