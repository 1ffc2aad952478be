"""Contents of attachments in the store: once by owner and hash, deleted with their last message."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.attachments import UNUSED_SECONDS, StoredAttachment, UnknownAttachment
from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.protocol import AttachmentPart, ChatInfo, Message, RunInfo, TextPart

TEXT = "a = 1"
HASH = hashlib.sha256(TEXT.encode()).hexdigest()
STORED = StoredAttachment("text/plain", TEXT)


@pytest.fixture
def store(tmp_path: Path) -> ChatStore:
    """Return a store with two chats of ada and one of bob."""
    store = ChatStore(tmp_path)
    for owner, chat_id in [("ada", "chat-ada1"), ("ada", "chat-ada2"), ("bob", "chat-bob1")]:
        store.create_chat(owner, ChatInfo(chat_id=chat_id, title="", created_at=0, updated_at=0))
    return store


def ask(store: ChatStore, chat_id: str) -> None:
    """Ask a question with the attachment."""
    part = AttachmentPart(kind="cell", title="Cell 1", sha256=HASH, characters=len(TEXT))
    question = Message(
        message_id=f"{chat_id}-q",
        chat_id=chat_id,
        role="user",
        author="a",
        content=[part, TextPart(text="?")],
        created_at=0,
    )
    answer = question.model_copy(
        update={
            "message_id": f"{chat_id}-a",
            "parent_id": question.message_id,
            "role": "assistant",
            "content": [],
        }
    )
    run = RunInfo(
        run_id=f"{chat_id}-r",
        chat_id=chat_id,
        message_id=answer.message_id,
        profile_id="p",
        model="m",
        streaming="on",
        created_at=0,
    )
    store.start_run(question, answer, run)


def test_a_content_goes_with_the_last_message_that_uses_it(store: ChatStore) -> None:
    store.put_attachment("ada", HASH, STORED, now=0)
    ask(store, "chat-ada1")
    ask(store, "chat-ada2")
    store.delete_chat("chat-ada1")
    assert store.attachment("ada", HASH) == STORED
    assert store.attached_texts("chat-ada2", [HASH]) == {HASH: TEXT}
    store.delete_chat("chat-ada2")
    with pytest.raises(UnknownAttachment):
        store.attachment("ada", HASH)


def test_a_content_is_its_owners(store: ChatStore) -> None:
    store.put_attachment("ada", HASH, STORED, now=0)
    with pytest.raises(UnknownAttachment):
        store.attachment("bob", HASH)
    with pytest.raises(UnknownAttachment):
        ask(store, "chat-bob1")
    assert store.all_messages("chat-bob1") == []
    assert store.attached_texts("chat-bob1", [HASH]) == {}


def test_the_content_of_another_owner_stays(store: ChatStore) -> None:
    for owner in ("ada", "bob"):
        store.put_attachment(owner, HASH, STORED, now=0)
    ask(store, "chat-ada1")
    ask(store, "chat-bob1")
    store.delete_chat("chat-ada1")
    assert store.attachment("bob", HASH) == STORED


def test_what_no_message_uses_goes_after_a_day(store: ChatStore) -> None:
    store.put_attachment("ada", HASH, STORED, now=0)
    store.put_attachment("ada", "b" * 64, STORED, now=UNUSED_SECONDS)
    assert store.attachment("ada", HASH) == STORED
    store.put_attachment("ada", "c" * 64, STORED, now=UNUSED_SECONDS + 1)
    with pytest.raises(UnknownAttachment):
        store.attachment("ada", HASH)
    assert store.attachment("ada", "b" * 64) == STORED


def test_a_used_content_stays_however_old_it_is(store: ChatStore) -> None:
    store.put_attachment("ada", HASH, STORED, now=0)
    ask(store, "chat-ada1")
    store.put_attachment("ada", "b" * 64, STORED, now=10 * UNUSED_SECONDS)
    assert store.attachment("ada", HASH) == STORED
