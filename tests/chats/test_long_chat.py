"""A chat of ten thousand messages: its end, any page of it, and all of it for a prompt."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from jupyter_stream_chat.chats import chat_service as chat_service_module
from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.tree import Turn, conversation
from jupyter_stream_chat.protocol import Message
from tests.long_chat import CHAT_ID, answer_id, question_id, write_long_chat

MESSAGES = 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with the chat."""
    folder = tmp_path_factory.mktemp("long")
    write_long_chat(folder, MESSAGES)
    return folder


async def test_it_opens_at_its_end_and_is_read_to_its_beginning(folder: Path) -> None:
    chat_service = await ChatService.open(folder)
    opened = await chat_service.snapshot(CHAT_ID)
    assert opened.messages[-1].message_id == answer_id(MESSAGES // 2)
    held, has_more = list(opened.messages), opened.has_more
    while has_more:
        older, has_more = await chat_service.messages_before(CHAT_ID, held[0].message_id, 200)
        held = [*older, *held]
    assert [message.message_id for message in held] == [
        name(number) for number in range(1, MESSAGES // 2 + 1) for name in (question_id, answer_id)
    ]
    await chat_service.close()


async def test_all_of_it_is_the_context_of_the_next_question(folder: Path) -> None:
    chat_service = await ChatService.open(folder)
    turns = await chat_service.context(CHAT_ID, answer_id(MESSAGES // 2))
    assert len(turns) == MESSAGES
    assert turns[0].parts[0].text == "Question 1?"
    await chat_service.close()


async def test_the_context_is_made_off_the_loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loop it stopped every notebook for a second."""
    threads: list[int] = []

    def seen(path: Sequence[Message]) -> list[Turn]:
        threads.append(threading.get_ident())
        return conversation(path)

    monkeypatch.setattr(chat_service_module, "conversation", seen)
    chat_service = await ChatService.open(folder)
    await chat_service.context(CHAT_ID, answer_id(MESSAGES // 2))
    assert threads
    assert threading.get_ident() not in threads
    await chat_service.close()


async def test_its_first_message_can_be_selected_again(folder: Path) -> None:
    chat_service = await ChatService.open(folder)
    await chat_service.select_branch(CHAT_ID, question_id(1))
    assert chat_service.feed(CHAT_ID).seq == 0, "it leads where it led"
    await chat_service.close()
