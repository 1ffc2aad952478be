"""A store with one very long chat, written at once: for tests and benchmarks of what a long chat costs."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import TypeAdapter

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.sqlite import Database
from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.chats.tree import digests_of
from jupyter_stream_chat.protocol import ChatInfo, Part, RunInfo, TextPart

CHAT_ID = "long-chat-0001"
TITLE = "A long chat"
_ANSWER = """Answer {number} has **words**, `code` and a list:

- one
- two
"""
_PARTS: TypeAdapter[list[Part]] = TypeAdapter(list[Part])


def question_id(number: int, suffix: str = "") -> str:
    """Return the id of a question; the first is number 1."""
    return f"question-{number:06}{suffix}"


def answer_id(number: int, suffix: str = "") -> str:
    """Return the id of the answer to a question."""
    return f"answer-{number:06}{suffix}"


def write_long_chat(folder: Path, messages: int, *, suffix: str = "") -> None:
    """Write a chat of so many messages, question and answer by turns, into the store of a folder.

    ``suffix`` tells its title and its ids from those of another one there.
    """
    chat = ChatInfo(chat_id=CHAT_ID + suffix, title=TITLE + suffix, created_at=1.0, updated_at=1.0)
    store = ChatStore(folder)
    store.create_chat("", chat)
    store.close()
    database = Database(folder)
    with database.transaction("IMMEDIATE"):
        for number in range(1, messages // 2 + 1):
            _write_turn(database, number, suffix)
    database.close()


def _write_turn(database: Database, number: int, suffix: str) -> None:
    parent = answer_id(number - 1, suffix) if number > 1 else None
    asked, answered = question_id(number, suffix), answer_id(number, suffix)
    text = _ANSWER.format(number=number)
    run = _run(number, text, suffix)
    question, answer = TextPart(text=f"Question {number}?"), TextPart(text=text, run_id=run.run_id)
    for row in (
        (asked, parent, "user", "Ada", question),
        (answered, asked, "assistant", "Test model", answer),
    ):
        message_id, parent_id, role, author, part = row
        content = _PARTS.dump_json([part], exclude_none=True).decode()
        values = (message_id, run.chat_id, parent_id, role, author, content, float(number))
        database.execute("INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", values)
    info = run.model_dump_json(exclude_none=True)
    values = (run.run_id, run.chat_id, run.message_id, info, 1)
    database.execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?)", values)


def _run(number: int, text: str, suffix: str) -> RunInfo:
    return RunInfo(
        run_id=f"run-{number:08}{suffix}",
        chat_id=CHAT_ID + suffix,
        message_id=answer_id(number, suffix),
        profile_id="test",
        model="test-1",
        streaming="on",
        created_at=float(number),
        status="finished",
        finish_reason="stop",
        digest=digests_of(RunText([("text", text)])),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.long_chat", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("messages", type=int)
    options = parser.parse_args()
    write_long_chat(options.folder, options.messages)
