"""The store: what is written is there again, twice is once, and a branch is read in pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.command_error import ChatBusy, IdTaken, UnknownChat, UnknownMessage
from jupyter_stream_chat.chats.tree import parts_of, text_of
from jupyter_stream_chat.protocol import Message, Parameters, TextPart

from .made import CHAT, Writing, answer, chat, question, run, run_text


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    """An empty store with the chat ``chat-0001``."""
    store = ChatStore(tmp_path)
    store.create_chat("", chat())
    yield store
    store.close()


def ask(store: ChatStore, number: int, parent_id: str | None = None, text: str = "Yes.") -> list[Message]:
    """Ask and answer; return both messages as they are stored."""
    assert store.start_run(question(number, parent_id), answer(number), run(number))
    writing = Writing(run(number))
    writing.text.append("text", text)
    assert store.finish_run(writing.ended(), parts_of(run(number).run_id, run_text(text, "Hm.")))
    return store.path_to_root(CHAT, answer(number).message_id)[-2:]


def test_a_reopened_store_has_it_all(tmp_path: Path) -> None:
    store = ChatStore(tmp_path)
    store.create_chat("ada", chat())
    store.owners.save_profile("mine", {"id": "mine", "model": "m"})
    written = ask(store, 1)
    chats = store.chats("ada")
    store.close()
    again = ChatStore(tmp_path)
    assert again.not_saved is None
    assert again.messages(CHAT, None, 10) == (written, False)
    assert again.chats("ada") == chats
    assert again.owners.profiles() == [{"id": "mine", "model": "m"}]
    assert again.unfinished_runs() == []
    again.close()


def test_twice_is_once(store: ChatStore) -> None:
    assert store.create_chat("", chat(title="Another title")) is False
    assert store.chat(CHAT).info.title == ""
    arguments = (question(1), answer(1), run(1))
    assert store.start_run(*arguments) == [question(1), answer(1)]
    assert store.start_run(*arguments) is None
    writing = Writing(run(1))
    first = parts_of("run-00001", run_text("first"))
    second = parts_of("run-00001", run_text("second"))
    assert store.finish_run(writing.ended(), first) is True
    assert store.finish_run(writing.ended(kept=0), second) is False
    assert store.start_run(*arguments) is None, "also when it has ended"
    (_, stored), _ = store.messages(CHAT, None, 10)
    assert (stored.content, stored.runs) == (first, [writing.ended()])


def test_an_answer_is_not_written_into_a_message_that_is_another(store: ChatStore) -> None:
    ask(store, 1)
    store.finish_run(run(1).model_copy(update={"status": "finished", "finish_reason": "stop"}), [])
    asked = question(2, "answer-0001")
    as_asked = answer(2).model_copy(update={"message_id": asked.message_id})
    as_other_question = answer(2).model_copy(update={"message_id": "question-1"})
    as_other_answer = answer(2).model_copy(update={"message_id": "answer-0001"})
    for written in (as_asked, as_other_question, as_other_answer):
        with pytest.raises(IdTaken):
            store.start_run(asked, written, run(2).model_copy(update={"message_id": written.message_id}))
    messages, _ = store.messages(CHAT, None, 10)
    assert [message.message_id for message in messages] == ["question-1", "answer-0001"]


def test_an_id_that_is_something_else_s_is_refused(store: ChatStore) -> None:
    other = "chat-0002"
    store.create_chat("ada", chat(other))
    with pytest.raises(IdTaken):
        store.create_chat("bob", chat(other))
    ask(store, 1)
    with pytest.raises(IdTaken):
        store.start_run(question(2, chat_id=other), answer(2, other), run(1, other))
    with pytest.raises(IdTaken):
        store.start_run(question(1, chat_id=other), answer(2, other), run(2, other))
    assert store.messages(other, None, 10) == ([], False)


def test_a_run_needs_its_chat_and_its_parent_and_leaves_nothing_behind(store: ChatStore) -> None:
    with pytest.raises(UnknownMessage) as refused:
        store.start_run(question(1, "not-there"), answer(1), run(1))
    assert refused.value.error.field == "parent_id"
    with pytest.raises(UnknownChat):
        store.start_run(question(1, chat_id="chat-none"), answer(1, "chat-none"), run(1, "chat-none"))
    assert store.messages(CHAT, None, 10) == ([], False)
    assert store.unfinished_runs() == []


def test_one_unfinished_run_per_chat(store: ChatStore) -> None:
    store.start_run(question(1), answer(1), run(1))
    assert store.chat(CHAT).info.running
    with pytest.raises(ChatBusy) as busy:
        store.start_run(question(2, "answer-0001"), answer(2), run(2))
    assert busy.value.run_id == "run-00001"
    assert [one.run_id for one in store.unfinished_runs(CHAT)] == ["run-00001"]
    store.finish_run(Writing(run(1)).ended(), [])
    assert not store.chat(CHAT).info.running
    assert store.start_run(question(2, "answer-0001"), answer(2), run(2))


def test_a_second_run_goes_on_in_the_same_answer(store: ChatStore) -> None:
    ask(store, 1, text="One, ")
    more = run(2).model_copy(update={"message_id": "answer-0001"})
    assert store.start_run(None, answer(1), more) == []
    store.finish_run(Writing(more).ended(), parts_of(more.run_id, run_text("two.")))
    (_, message), _ = store.messages(CHAT, None, 10)
    assert [part.text for part in message.content] == ["Hm.", "One, ", "two."]
    assert [one.run_id for one in message.runs] == ["run-00001", "run-00002"]


def test_the_first_question_names_the_chat(store: ChatStore) -> None:
    store.start_run(question(1, text="What is this?\nTell me."), answer(1), run(1))
    assert store.chat(CHAT).info.title == "What is this?"
    store.finish_run(Writing(run(1)).ended(), [])
    store.start_run(question(2, "answer-0001"), answer(2), run(2))
    assert store.chat(CHAT).info.title == "What is this?"


def test_pages_go_back_along_the_active_branch(store: ChatStore) -> None:
    first = ask(store, 1)
    second = ask(store, 2, "answer-0001")
    third = ask(store, 3, "answer-0002")
    assert store.messages(CHAT, None, 2) == (third, True)
    assert store.messages(CHAT, "question-3", 3) == ([first[1], *second], True)
    assert store.messages(CHAT, "question-2", 50) == (first, False)
    assert store.messages(CHAT, "question-1", 50) == ([], False)
    other, its_answer = ask(store, 4, "answer-0001")
    fork = [other.model_copy(update={"siblings": ["question-2", "question-4"]}), its_answer]
    assert store.messages(CHAT, None, 50) == ([*first, *fork], False)
    assert store.path_to_root(CHAT, "answer-0003") == [*first, *second, *third]


def regenerate(store: ChatStore, number: int, question_id: str) -> list[Message]:
    """Answer a question once more; return what was added."""
    added = store.start_run(None, answer(number).model_copy(update={"parent_id": question_id}), run(number))
    assert added is not None
    store.finish_run(Writing(run(number)).ended(), parts_of(run(number).run_id, run_text("Otherwise.")))
    return added


def ids(store: ChatStore) -> list[str]:
    """Return the messages of the active branch."""
    return [message.message_id for message in store.messages(CHAT, None, 50)[0]]


def test_another_answer_to_the_same_question_is_its_sibling(store: ChatStore) -> None:
    ask(store, 1)
    ask(store, 2, "answer-0001")
    (added,) = regenerate(store, 3, "question-1")
    assert added.siblings == ["answer-0001", "answer-0003"]
    assert ids(store) == ["question-1", "answer-0003"]
    (_, shown), _ = store.messages(CHAT, None, 50)
    assert shown.siblings == added.siblings


def test_only_a_question_is_answered_once_more(store: ChatStore) -> None:
    ask(store, 1)
    for parent in ("answer-0001", "not-there"):
        with pytest.raises(UnknownMessage):
            regenerate(store, 3, parent)
    assert ids(store) == ["question-1", "answer-0001"]


def test_a_branch_that_is_selected_stays_so_and_leads_to_its_newest_message(tmp_path: Path) -> None:
    store = ChatStore(tmp_path)
    store.create_chat("", chat())
    ask(store, 1)
    ask(store, 2, "answer-0001")
    regenerate(store, 3, "question-1")
    ask(store, 4, "answer-0001")
    regenerate(store, 5, "question-1")
    selected = store.select_branch(CHAT, "answer-0001")
    assert selected is not None
    messages, has_more = selected
    assert [message.message_id for message in messages] == ["answer-0001", "question-4", "answer-0004"]
    assert [message.siblings for message in messages] == [
        ["answer-0001", "answer-0003", "answer-0005"],
        ["question-2", "question-4"],
        None,
    ]
    assert has_more
    assert store.select_branch(CHAT, "question-4") is None, "it leads there already"
    store.close()
    again = ChatStore(tmp_path)
    assert ids(again) == ["question-1", "answer-0001", "question-4", "answer-0004"]
    ask(again, 6, "answer-0003")
    assert ids(again) == ["question-1", "answer-0003", "question-6", "answer-0006"]
    again.close()


def test_a_question_that_opens_the_chat_has_siblings_too(store: ChatStore) -> None:
    ask(store, 1)
    ask(store, 2)
    assert store.select_branch(CHAT, "question-1") is not None
    messages, has_more = store.messages(CHAT, None, 50)
    assert messages[0].siblings == ["question-1", "question-2"]
    assert not has_more


def test_what_counts_of_an_answer_is_replaced_and_what_was_written_stays(store: ChatStore) -> None:
    (_, original) = ask(store, 1)
    changed = store.edit_answer(CHAT, "answer-0001", "Mine.")
    assert changed is not None
    assert text_of(changed) == "Mine."
    assert changed.content == [*original.content, TextPart(text="Mine.")]
    assert store.edit_answer(CHAT, "answer-0001", "Mine.") is None
    dropped = store.edit_answer(CHAT, "answer-0001", "")
    assert dropped is not None
    assert text_of(dropped) == ""
    assert store.messages(CHAT, None, 50)[0][1] == dropped
    assert store.edit_answer(CHAT, "answer-0001", None) == original


def test_what_is_written_after_an_edit_follows_it(store: ChatStore) -> None:
    ask(store, 1, text="One, ")
    store.edit_answer(CHAT, "answer-0001", "Uno, ")
    more = run(2).model_copy(update={"message_id": "answer-0001"})
    store.start_run(None, answer(1), more)
    store.finish_run(Writing(more).ended(), parts_of(more.run_id, run_text("two.")))
    assert text_of(store.messages(CHAT, None, 50)[0][1]) == "Uno, two."


def test_a_running_answer_forbids_to_change_the_branch_and_answers(store: ChatStore) -> None:
    ask(store, 1)
    ask(store, 2)
    store.start_run(question(3, "answer-0002"), answer(3), run(3))
    with pytest.raises(ChatBusy):
        store.select_branch(CHAT, "question-1")
    with pytest.raises(ChatBusy):
        store.edit_answer(CHAT, "answer-0001", "Mine.")


def test_only_answers_are_edited_and_only_the_chat_s_messages_selected(store: ChatStore) -> None:
    store.create_chat("", chat("chat-0002"))
    ask(store, 1)
    for chat_id, message_id in ((CHAT, "question-1"), ("chat-0002", "answer-0001"), (CHAT, "not-there")):
        with pytest.raises(UnknownMessage):
            store.edit_answer(chat_id, message_id, "Mine.")
    with pytest.raises(UnknownMessage):
        store.select_branch("chat-0002", "answer-0001")


def test_messages_of_another_chat_are_unknown(store: ChatStore) -> None:
    store.create_chat("", chat("chat-0002"))
    ask(store, 1)
    with pytest.raises(UnknownMessage):
        store.messages("chat-0002", "question-1", 5)
    with pytest.raises(UnknownMessage):
        store.path_to_root("chat-0002", "question-1")


def test_a_deleted_chat_takes_everything_with_it(store: ChatStore) -> None:
    ask(store, 1)
    store.start_run(question(2, "answer-0001"), answer(2), run(2))
    store.delete_chat(CHAT)
    assert store.chats("") == []
    assert store.unfinished_runs() == []
    assert store.run("run-00001") is None
    assert store.finish_run(Writing(run(2)).ended(), []) is False
    with pytest.raises(UnknownChat):
        store.delete_chat(CHAT)
    with pytest.raises(UnknownChat):
        store.update_chat(CHAT, {"title": "x"})


def test_chats_are_the_owner_s_the_one_last_asked_in_first(store: ChatStore) -> None:
    store.create_chat("", chat("chat-0002", at=5.0))
    store.create_chat("ada", chat("chat-0003"))
    assert [one.chat_id for one in store.chats("")] == ["chat-0002", CHAT]
    ask(store, 1)
    assert [one.chat_id for one in store.chats("")] == [CHAT, "chat-0002"]
    assert [one.chat_id for one in store.chats("ada")] == ["chat-0003"]


def test_only_fields_that_are_present_change(store: ChatStore) -> None:
    store.update_chat(CHAT, {"title": "Named", "streaming": "off", "profile_id": "guide"})
    changed = store.update_chat(CHAT, {"profile_id": None}).info
    assert (changed.title, changed.streaming, changed.profile_id) == ("Named", "off", None)
    assert store.update_chat(CHAT, {"parameters": Parameters(stop=["é"])}).info.parameters == Parameters(
        stop=["é"]
    )
    assert store.update_chat(CHAT, {"title": "Again"}).info.parameters is not None
    assert store.update_chat(CHAT, {"parameters": None}).info.parameters is None
