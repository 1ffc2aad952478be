"""Searching in titles and messages of all branches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_stream_chat.chats import search
from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.search import Hit, excerpt_of, words_of
from jupyter_stream_chat.chats.sqlite import FILE_NAME
from jupyter_stream_chat.chats.tree import parts_of

from .made import CHAT, answer, chat, question, run, run_text

OTHER = "chat-0002"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    opened = ChatStore(tmp_path)
    opened.create_chat("", chat(title="Capitals of Europe"))
    yield opened
    opened.close()


def ask(
    store: ChatStore, number: int, text: str, reply: str, kept: int | None = None, chat_id: str = CHAT
) -> None:
    """Write a question, its answer, and how much of that was shown."""
    asked = question(number, text=text, chat_id=chat_id)
    info = run(number, chat_id)
    store.start_run(asked, answer(number, chat_id), info)
    ended = info.model_copy(
        update={"status": "finished", "finish_reason": "stop", "kept": None if kept is None else [kept]}
    )
    store.finish_run(ended, parts_of(info.run_id, run_text(reply)))


def found(store: ChatStore, query: str, owner: str = "", limit: int = 20) -> list[Hit]:
    while store.index_messages(100):
        pass
    return store.search(owner, query, limit)[0]


def ids(hits: list[Hit]) -> list[str | None]:
    return [hit.message_id for hit in hits]


@pytest.mark.parametrize(
    "query",
    ["gradient", "GRADIENT", "adien", "gradient descent", "descent gradient", '"gradient"'[1:-1], "nt d"],
)
def test_a_message_is_found_by_parts_of_its_words_in_any_order(store: ChatStore, query: str) -> None:
    ask(store, 1, "What is it?", "Gradient descent follows the slope.")
    ask(store, 2, "And then?", "Momentum.")
    assert ids(found(store, query)) == ["answer-0001"]


@pytest.mark.parametrize("query", ["训练", "练", "模型训练", "训练 模型", "度", "速度"])
def test_chinese_is_found_by_one_two_and_more_characters(store: ChatStore, query: str) -> None:
    ask(store, 1, "怎么加快模型训练的速度", "用更大的批次。")
    ask(store, 2, "天气如何", "晴。")
    assert ids(found(store, query)) == ["question-1"]


@pytest.mark.parametrize(
    "query", ["no such", "gradient nosuch", "zq", '"', "AND", "*", "NEAR(", "\x00", "  "]
)
def test_what_occurs_nowhere_is_not_found(store: ChatStore, query: str) -> None:
    ask(store, 1, "What?", "Gradient descent.")
    assert found(store, query) == []


@pytest.mark.parametrize("query", ["100%", "a_b", "c\\d", '"x"', "%", "_"])
def test_signs_of_the_query_languages_are_plain_characters(store: ChatStore, query: str) -> None:
    ask(store, 1, "Nothing", "Not this one: 100 axb cd x")
    ask(store, 2, "That", 'Take 100% of a_b and c\\d and "x" then')
    assert ids(found(store, query)) == ["answer-0002"]


def test_a_frequent_short_word_is_found_too(store: ChatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_TERMS_AT_MOST", 1)
    ask(store, 1, "ab1 ab2 ab3 ab4", "cd")
    assert ids(found(store, "ab")) == ["question-1"]
    assert found(store, "ab xyz") == []


def test_titles_come_first_and_newest_messages_next(store: ChatStore) -> None:
    ask(store, 1, "Europe?", "A continent.")
    ask(store, 2, "And Europe again", "Yes.")
    hits = found(store, "europe")
    assert ids(hits) == [None, "question-2", "question-1"]
    assert [hit.title for hit in hits] == ["Capitals of Europe"] * 3
    assert len(found(store, "europe", limit=2)) == 2
    assert store.search("", "europe", 2)[1]
    assert not store.search("", "europe", 3)[1]


def test_what_was_not_shown_of_a_stopped_answer_is_not_found(store: ChatStore) -> None:
    ask(store, 1, "Tell", "shown hidden", kept=5)
    assert ids(found(store, "shown")) == ["answer-0001"]
    assert found(store, "hidden") == []


def test_an_edited_answer_is_found_by_what_counts_now(store: ChatStore) -> None:
    ask(store, 1, "Tell", "before")
    assert found(store, "before")
    store.edit_answer(CHAT, "answer-0001", "afterwards")
    assert found(store, "before") == []
    assert ids(found(store, "afterwards")) == ["answer-0001"]


def test_branches_that_are_not_shown_are_searched(store: ChatStore) -> None:
    ask(store, 1, "first version", "one")
    ask(store, 2, "second version", "two")
    assert ids(found(store, "version")) == ["question-2", "question-1"]


def test_each_owner_finds_the_own_chats_alone(store: ChatStore) -> None:
    store.create_chat("ada", chat(OTHER, title="Secret capitals"))
    ask(store, 1, "Mine of gold", "ok")
    ask(store, 2, "Hers of gold", "ok", chat_id=OTHER)
    assert ids(found(store, "gold")) == ["question-1"]
    assert ids(found(store, "gold", owner="ada")) == ["question-2"]
    assert [hit.chat_id for hit in found(store, "capitals", owner="ada")] == [OTHER]
    assert found(store, "gold", owner="eve") == []


def test_a_deleted_chat_leaves_nothing_in_the_index(store: ChatStore, tmp_path: Path) -> None:
    ask(store, 1, "Mine of gold", "ok")
    assert found(store, "gold")
    store.delete_chat(CHAT)
    assert found(store, "gold") == []
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        assert db.execute("SELECT count(*) FROM message_texts").fetchone() == (0,)


def test_messages_of_other_programs_and_damaged_ones_are_indexed(store: ChatStore, tmp_path: Path) -> None:
    ask(store, 1, "Mine of gold", "ok")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        row = ("from-outside", CHAT, None, "user", "Ada", '[{"type": "text", "text": "silver"}]', 5.0)
        db.execute("INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("UPDATE messages SET content = 'no JSON' WHERE message_id = 'question-1'")
    assert ids(found(store, "silver")) == ["from-outside"]
    assert found(store, "gold") == []


def test_without_the_tokenizer_titles_are_searched(store: ChatStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_TABLES", ("CREATE VIRTUAL TABLE x USING no_such_module (text)",))
    ask(store, 1, "Europe?", "ok")
    assert ids(found(store, "europe")) == [None]
    store.delete_chat(CHAT)


def test_an_excerpt_has_the_words_marked() -> None:
    text = "start " * 40 + "the needle and the Thread\n\n" + "end " * 60
    pieces = excerpt_of(text, words_of("needle thread"))
    assert [piece.text for piece in pieces if piece.is_match] == ["needle", "Thread"]
    whole = "".join(piece.text for piece in pieces)
    assert whole.startswith("…")
    assert whole.endswith("…")
    assert len(whole) < 170
