"""The library: written, then published; a snapshot and what follows it make a whole, whenever it is taken."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.command_error import ChatBusy, IdTaken, UnknownChat, UnknownMessage
from jupyter_stream_chat.chats.feed import LiveRun
from jupyter_stream_chat.chats.text import Cursor
from jupyter_stream_chat.chats.tree import text_of
from jupyter_stream_chat.protocol import Delta, PartKind, RunFinished, Wire

from ..transcript import Transcript
from .made import CHAT, Reader, Writing, answer, chat, question, run


@pytest.fixture
async def chat_service(tmp_path: Path) -> AsyncIterator[ChatService]:
    """A library with the chat ``chat-0001``."""
    chat_service = await ChatService.open(tmp_path / "data")
    await chat_service.create_chat("", chat())
    yield chat_service
    await chat_service.close()


async def begin(chat_service: ChatService, number: int, parent_id: str | None = None) -> Writing:
    """Begin a run and enter it as live."""
    writing = Writing(run(number))
    assert await chat_service.begin_run(question(number, parent_id), answer(number), writing.info)
    chat_service.feed(CHAT).live[writing.run_id] = writing
    return writing


async def ask(
    chat_service: ChatService, number: int, parent_id: str | None = None, text: str = "Yes."
) -> None:
    """Ask and answer."""
    writing = await begin(chat_service, number, parent_id)
    writing.text.append("text", text)
    await chat_service.end_run(writing.ended(), writing.text)


# --- what pages are told ------------------------------------------------------------------------------


async def test_a_run_is_told_in_order_to_chat_and_workspace(chat_service: ChatService) -> None:
    page, list_ = Reader(), Reader()
    chat_service.feed(CHAT).subscribe(page)
    chat_service.workspace("").subscribe(list_)
    await ask(chat_service, 1)
    assert page.types == ["message_added", "message_added", "run_started", "run_finished"]
    assert [event.seq for event in page.events] == [1, 2, 3, 4]  # type: ignore[attr-defined]
    chats = [(event.chat.title, event.chat.running) for event in list_.events]  # type: ignore[attr-defined]
    assert chats == [("Question 1?", True), ("Question 1?", False)]
    assert chat_service.feed(CHAT).live == {}


async def test_what_is_published_is_in_the_store(tmp_path: Path, chat_service: ChatService) -> None:
    stored: list[bool] = []

    class Looking(Reader):
        def event(self, event: Wire) -> None:
            connection = __import__("sqlite3").connect(tmp_path / "data" / "chats.sqlite3")
            (count,) = connection.execute(
                "SELECT count(*) FROM runs WHERE finished = ?", (isinstance(event, RunFinished),)
            ).fetchone()
            connection.close()
            stored.append(count == 1)

    chat_service.feed(CHAT).subscribe(Looking())
    await ask(chat_service, 1)
    assert stored == [True] * 4


async def test_chats_are_told_to_their_owner_alone(chat_service: ChatService) -> None:
    ours, hers = Reader(), Reader()
    chat_service.workspace("").subscribe(ours)
    chat_service.workspace("ada").subscribe(hers)
    assert await chat_service.create_chat("ada", chat("chat-0002")) is True
    assert await chat_service.create_chat("ada", chat("chat-0002")) is False
    await chat_service.update_chat("chat-0002", {"title": "Hers"})
    await chat_service.delete_chat("chat-0002")
    assert ours.events == []
    assert hers.types == ["chat_added", "chat_updated", "chat_deleted"]
    assert [one.chat_id for one in await chat_service.chats("")] == [CHAT]
    assert await chat_service.chats("ada") == []


async def test_a_command_sent_twice_takes_effect_once(chat_service: ChatService) -> None:
    page = Reader()
    chat_service.feed(CHAT).subscribe(page)
    writing = await begin(chat_service, 1)
    assert await chat_service.begin_run(question(1), answer(1), writing.info) is None
    assert chat_service.not_saved is None
    await chat_service.end_run(writing.ended(), writing.text)
    assert await chat_service.begin_run(question(1), answer(1), writing.info) is None
    assert page.types == ["message_added", "message_added", "run_started", "run_finished"]


async def test_two_questions_at_once_start_one_run(chat_service: ChatService) -> None:
    both = await asyncio.gather(begin(chat_service, 1), begin(chat_service, 2), return_exceptions=True)
    assert isinstance(both[0], Writing)
    assert isinstance(both[1], ChatBusy)


async def test_a_refusal_leaves_no_spool_and_publishes_nothing(
    tmp_path: Path, chat_service: ChatService
) -> None:
    await chat_service.create_chat("", chat("chat-0002"))
    await ask(chat_service, 1)
    page = Reader()
    chat_service.feed(CHAT).subscribe(page)
    with pytest.raises(UnknownMessage):
        await chat_service.begin_run(question(2, "not-there"), answer(2), run(2))
    with pytest.raises(IdTaken):
        await chat_service.begin_run(
            question(1, chat_id="chat-0002"), answer(2, "chat-0002"), run(2, "chat-0002")
        )
    assert page.events == []
    assert [file.name for file in (tmp_path / "data" / "spool").glob("run-00002*")] == []


async def test_what_does_not_exist_is_unknown(chat_service: ChatService) -> None:
    for asked in (chat_service.chat, chat_service.owner_of, chat_service.snapshot, chat_service.delete_chat):
        with pytest.raises(UnknownChat):
            await asked("chat-none")
    with pytest.raises(LookupError):
        await chat_service.update_chat("chat-none", {"title": "x"})
    with pytest.raises(UnknownMessage):
        await chat_service.messages_before(CHAT, "not-there", 10)
    assert await chat_service.message_of_run("not-there") is None


# --- what is read -------------------------------------------------------------------------------------


async def test_the_next_prompt_has_what_was_kept(chat_service: ChatService) -> None:
    writing = await begin(chat_service, 1)
    writing.text.append("text", "One, two, three")
    writing.text.append("reasoning", "They want a count.")
    await chat_service.end_run(writing.ended(kept=8), writing.text)
    await begin(chat_service, 2, "answer-0001")
    turns = await chat_service.context(CHAT, "question-2")
    texts = [(turn.role, "".join(part.text for part in turn.parts)) for turn in turns]
    assert texts == [("user", "Question 1?"), ("assistant", "One, two"), ("user", "Question 2?")]


async def test_a_snapshot_has_fifty_messages_and_leads_to_the_older_ones(chat_service: ChatService) -> None:
    parent = None
    for number in range(1, 28):
        await ask(chat_service, number, parent)
        parent = f"answer-{number:04}"
    opened = await chat_service.snapshot(CHAT)
    assert (len(opened.messages), opened.has_more) == (50, True)
    older, has_more = await chat_service.messages_before(CHAT, opened.messages[0].message_id, 50)
    assert ([message.message_id for message in older], has_more) == (
        ["question-1", "answer-0001", "question-2", "answer-0002"],
        False,
    )


async def test_a_run_s_message_can_be_read_when_it_is_over(chat_service: ChatService) -> None:
    await ask(chat_service, 1)
    message = await chat_service.message_of_run("run-00001")
    assert message is not None
    assert text_of(message) == "Yes."
    assert message.runs[0].finish_reason == "stop"


async def test_stored_profiles_are_kept(chat_service: ChatService) -> None:
    await chat_service.save_profile("mine", {"id": "mine"})
    assert await chat_service.profiles() == [{"id": "mine"}]
    assert await chat_service.delete_profile("mine") is True


# --- snapshots while much goes on -----------------------------------------------------------------------


class Page:
    """A page that opens the chat at some moment and folds all that it is sent from there on."""

    def __init__(self, chat_service: ChatService) -> None:
        self.transcript = Transcript(CHAT)
        self._chat_service = chat_service
        self._cursors: dict[str, Cursor] = {}

    async def open(self) -> None:
        """Take a snapshot and follow, as a session does: without an await between the two."""
        opened = await self._chat_service.snapshot(CHAT)
        # A run makes four events, three of them at its start: the number says what the snapshot must show.
        ended, begun = opened.seq // 4, -(-opened.seq // 4)
        assert len(opened.messages) == 2 * begun
        statuses = [message.runs[0].status for message in opened.messages[1::2]]
        assert statuses.count("finished") == ended
        self.transcript.apply(opened)
        feed = self._chat_service.feed(CHAT)
        for live in feed.live.values():
            self._cursors[live.run_id] = Cursor(live.text, live.text.lengths)
        feed.subscribe(self)

    def event(self, event: Wire) -> None:
        """Fold an event that is exactly the next one."""
        seq = getattr(event, "seq")  # noqa: B009
        assert self.transcript.seq is not None
        assert seq == self.transcript.seq + 1, "lost or doubled"
        self.transcript.apply(event)  # type: ignore[arg-type]

    def on_text(self, live: LiveRun) -> None:
        """Fold text that goes on exactly where the snapshot ended."""
        cursor = self._cursors.setdefault(live.run_id, Cursor(live.text))
        while piece := cursor.next(100):
            self.transcript.apply(Delta(run_id=live.run_id, **piece._asdict()))


KINDS: tuple[PartKind, ...] = ("text", "reasoning")


@pytest.mark.parametrize("seed", range(3))
async def test_a_snapshot_at_any_moment_loses_and_doubles_nothing(
    chat_service: ChatService, seed: int
) -> None:
    chance = random.Random(seed)
    pages: list[Page] = []

    async def write() -> None:
        parent = None
        for number in range(1, 9):
            writing = await begin(chat_service, number, parent)
            for _ in range(chance.randint(0, 6)):
                writing.text.append(chance.choice(KINDS), chance.choice(["word ", "字", "🙂"]))
                chat_service.feed(CHAT).on_text(writing)
                await asyncio.sleep(0)
            await chat_service.end_run(writing.ended(), writing.text)
            parent = f"answer-{number:04}"

    async def look() -> None:
        while not writer.done():
            pages.append(Page(chat_service))
            await pages[-1].open()
            for _ in range(chance.randint(0, 3)):
                await asyncio.sleep(0)

    writer = asyncio.create_task(write())
    await asyncio.gather(writer, look(), look())
    final = await chat_service.snapshot(CHAT)
    assert len(pages) > 10
    for page in pages:
        assert page.transcript.seq == final.seq
        assert page.transcript.messages == final.messages


async def test_the_chat_list_is_as_of_its_number(chat_service: ChatService) -> None:
    async def make() -> None:
        for number in range(2, 30):
            await chat_service.create_chat("", chat(f"chat-{number:04}"))

    making = asyncio.create_task(make())
    while not making.done():
        chats = await chat_service.chats("")
        # One chat was made before anybody followed; each event since made one more.
        assert len(chats) == chat_service.workspace("").seq


async def test_a_chat_deleted_while_a_run_writes_still_tells_its_end(chat_service: ChatService) -> None:
    writing = await begin(chat_service, 1)
    page = Reader()
    chat_service.feed(CHAT).subscribe(page)
    await chat_service.delete_chat(CHAT)
    await chat_service.end_run(writing.ended(), writing.text)
    assert page.types == ["run_finished"]
    with pytest.raises(UnknownChat):
        await chat_service.chat(CHAT)


# --- when the disk cannot be written ----------------------------------------------------------------------


async def test_without_a_folder_chats_live_in_memory_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    chat_service = await ChatService.open(tmp_path / "file" / "data")
    assert chat_service.not_saved is not None
    assert chat_service.not_saved.code == "not_saved"
    await chat_service.create_chat("", chat())
    writing = Writing(run(1))
    spool = await chat_service.begin_run(question(1), answer(1), writing.info)
    assert spool is not None
    spool.append(0, "text", "Yes.")
    writing.text.append("text", "Yes.")
    await chat_service.end_run(writing.ended(), writing.text)
    spool.remove()
    assert text_of((await chat_service.snapshot(CHAT)).messages[-1]) == "Yes."
    await chat_service.close()


async def test_a_disk_that_fails_in_between_is_said_and_stops_no_run(chat_service: ChatService) -> None:
    await ask(chat_service, 1)
    writing = await begin(chat_service, 2, "answer-0001")
    told: list[str] = []
    chat_service.on_not_saved = lambda: told.append(
        chat_service.not_saved.code if chat_service.not_saved else ""
    )
    await chat_service._in_thread(chat_service._store._db.execute, "PRAGMA query_only = ON")
    writing.text.append("text", "Still here.")
    await chat_service.end_run(writing.ended(), writing.text)
    assert told == ["not_saved"]
    await ask(chat_service, 3, "answer-0002")
    opened = await chat_service.snapshot(CHAT)
    assert [text_of(message) for message in opened.messages][3::2] == ["Still here.", "Yes."]
    assert told == ["not_saved"], "once"


async def test_a_spool_that_fails_is_said_until_the_text_is_in_the_store(
    chat_service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    chat_service.on_not_saved = lambda: told.append(chat_service.not_saved is not None)
    writing = Writing(run(1))
    spool = await chat_service.begin_run(question(1), answer(1), writing.info)
    assert spool is not None

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        spool.append(0, "text", "Yes.")
        await asyncio.sleep(0)
    assert told == [True]
    writing.text.append("text", "Yes.")
    await chat_service.end_run(writing.ended(), writing.text)
    assert told == [True, False]


async def test_a_spool_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    chat_service = await ChatService.open(tmp_path)
    await chat_service.create_chat("", chat())
    writing = await begin(chat_service, 1)
    assert chat_service.not_saved is not None
    await chat_service.end_run(writing.ended(), writing.text)
    assert chat_service.not_saved is None
    await chat_service.close()


async def test_each_start_is_an_epoch(tmp_path: Path) -> None:
    first = await ChatService.open(tmp_path)
    await first.close()
    second = await ChatService.open(tmp_path)
    await second.close()
    assert first.epoch != second.epoch


async def test_a_run_ends_for_its_readers_even_if_its_end_cannot_be_written(
    chat_service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = await begin(chat_service, 1)
    seen = Reader()
    chat_service.feed(CHAT).subscribe(seen)

    def broken(*args: object) -> None:
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr(chat_service._ownership, "end", broken)
        with pytest.raises(RuntimeError):
            await chat_service.end_run(writing.ended(), writing.text)
    assert [type(event) for event in seen.events] == [RunFinished]
    assert not chat_service.feed(CHAT).live
