"""Two servers on one store, as real processes: whose a run is, and what is left when one is killed."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_stream_chat.chats import sqlite as database
from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.command_error import ChatReadOnly
from jupyter_stream_chat.chats.run_ownership import RunOwnership
from jupyter_stream_chat.chats.spool import Spool
from jupyter_stream_chat.chats.sqlite import FILE_NAME
from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.chats.tree import text_of
from jupyter_stream_chat.protocol import ErrorInfo, RunFinished

from .made import CHAT, Reader, Writing, answer, chat, question, run

ROOT = Path(__file__).parent.parent.parent


@contextmanager
def other_server(data_dir: Path, number: int = 1) -> Iterator[subprocess.Popen[str]]:
    """Run another server that writes run ``number`` in chat ``number``."""
    command = [sys.executable, "-m", "tests.chats.other_server", str(data_dir), str(number)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_words(process: subprocess.Popen[str], count: int) -> str:
    """Return the next words that the other server has spooled."""
    assert process.stdout is not None
    return "".join(process.stdout.readline().rstrip("\n") for _ in range(count))


def end(process: subprocess.Popen[str]) -> str:
    """Tell the other server to end its run; return the words up to there."""
    assert process.stdin is not None
    process.stdin.write("end\n")
    process.stdin.close()
    process.wait()
    assert process.stdout is not None
    words = process.stdout.read().replace("\n", "")
    assert words.endswith("ended")
    return words.removesuffix("ended")


@pytest.fixture
async def chat_service(tmp_path: Path) -> AsyncIterator[ChatService]:
    """Our server, on the same store as the other one."""
    chat_service = await ChatService.open(tmp_path, watch_seconds=0.02)
    yield chat_service
    await chat_service.close()


async def ended(chat_service: ChatService, chat_id: str = CHAT) -> RunFinished:
    """Wait for the end of a run, as a page does."""
    found: asyncio.Future[RunFinished] = asyncio.get_running_loop().create_future()

    class Waiting(Reader):
        def event(self, event: object) -> None:
            if isinstance(event, RunFinished):
                found.set_result(event)

    waiting = Waiting()
    chat_service.feed(chat_id).subscribe(waiting)
    async with asyncio.timeout(20):
        return await found


@pytest.mark.parametrize("seed", range(4))
async def test_all_that_was_appended_survives_kill_9(tmp_path: Path, seed: int) -> None:
    with other_server(tmp_path) as process:
        appended = read_words(process, random.Random(seed).randint(1, 300))
        process.kill()
        assert process.stdout is not None
        appended += process.stdout.read().replace("\n", "")
    chat_service = await ChatService.open(tmp_path)
    opened = await chat_service.snapshot(CHAT)
    lost = opened.messages[-1]
    # The last word may be in the spool and not yet reported.
    assert text_of(lost).startswith(appended)
    assert len(text_of(lost)) - len(appended) < 12
    (info,) = lost.runs
    assert (info.status, info.finish_reason) == ("finished", "lost")
    assert info.error is not None
    assert info.error.code == "server_restarted"
    assert info.kept is not None
    assert info.digest is not None
    assert info.kept == [digest.length for digest in info.digest] == [len(text_of(lost))]
    assert opened.read_only is None
    assert not (await chat_service.chat(CHAT)).running
    assert list((tmp_path / "spool").iterdir()) == []
    assert await chat_service.begin_run(question(2, "answer-0001"), answer(2), run(2))
    await chat_service.close()


async def test_a_server_that_cannot_save_leaves_a_lost_run_to_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_server(tmp_path) as process:
        appended = read_words(process, 20)
        process.kill()
    in_the_way = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    in_the_way.execute("BEGIN IMMEDIATE")  # as another server does that hangs
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    unsaved = await ChatService.open(tmp_path)
    assert unsaved.not_saved
    assert text_of((await unsaved.snapshot(CHAT)).messages[-1]).startswith(appended)
    await unsaved.close()
    in_the_way.close()
    chat_service = await ChatService.open(tmp_path)
    assert text_of((await chat_service.snapshot(CHAT)).messages[-1]).startswith(appended)
    await chat_service.close()


async def test_a_spool_without_a_run_is_cleared_away(tmp_path: Path) -> None:
    Spool.create(tmp_path / "spool", "run-00001").close()  # killed before the run was written
    held = Spool.create(tmp_path / "spool", "run-00002")  # another server is about to write it
    chat_service = await ChatService.open(tmp_path)
    assert sorted(file.name for file in (tmp_path / "spool").glob("*.spool")) == ["run-00002.spool"]
    held.remove()
    await chat_service.close()


async def test_a_live_run_of_another_server_is_not_touched(tmp_path: Path, chat_service: ChatService) -> None:
    with other_server(tmp_path) as process:
        appended = read_words(process, 20)
        opened = await chat_service.snapshot(CHAT)
        assert text_of(opened.messages[-1]).startswith(appended), "its text so far is shown"
        assert opened.messages[-1].runs[0].status == "streaming"
        assert opened.read_only is not None
        assert opened.read_only.code == "chat_read_only"
        assert f"process {process.pid}" in (opened.read_only.detail or "")
        with pytest.raises(ChatReadOnly):
            await chat_service.begin_run(question(2, "answer-0001"), answer(2), run(2))
        # Other chats can be written in.
        await chat_service.create_chat("", chat("chat-0009"))
        assert await chat_service.begin_run(
            question(9, chat_id="chat-0009"), answer(9, "chat-0009"), run(9, "chat-0009")
        )
        finished = asyncio.create_task(ended(chat_service))
        appended += await asyncio.to_thread(end, process)
        assert (await finished).run.finish_reason == "stop"
    opened = await chat_service.snapshot(CHAT)
    assert opened.read_only is None
    assert text_of(opened.messages[-1]) == appended
    assert await chat_service.begin_run(question(2, "answer-0001"), answer(2), run(2))


async def test_a_chat_is_not_deleted_while_another_server_writes_in_it(
    tmp_path: Path, chat_service: ChatService
) -> None:
    with other_server(tmp_path) as process:
        read_words(process, 1)
        with pytest.raises(ChatReadOnly):
            await chat_service.delete_chat(CHAT)
        assert (await chat_service.snapshot(CHAT)).messages
    await chat_service.recover()
    await chat_service.delete_chat(CHAT)
    assert await chat_service.chats("") == []


async def test_a_read_only_chat_opens_when_its_server_dies(tmp_path: Path, chat_service: ChatService) -> None:
    with other_server(tmp_path) as process:
        appended = read_words(process, 20)
        assert (await chat_service.snapshot(CHAT)).read_only
        finished = asyncio.create_task(ended(chat_service))
        process.kill()
        assert (await finished).run.finish_reason == "lost"
    opened = await chat_service.snapshot(CHAT)
    assert opened.read_only is None
    assert text_of(opened.messages[-1]).startswith(appended)


async def test_two_servers_write_at_the_same_time(tmp_path: Path, chat_service: ChatService) -> None:
    with other_server(tmp_path, 1) as first, other_server(tmp_path, 2) as second:
        words = [read_words(first, 50), read_words(second, 50)]
        for number in range(10, 20):
            await chat_service.create_chat("", chat(f"chat-{number:04}"))
        words[0] += await asyncio.to_thread(end, first)
        words[1] += await asyncio.to_thread(end, second)
    assert chat_service.not_saved is None
    assert len(await chat_service.chats("")) == 12
    for number, text in enumerate(words, 1):
        opened = await chat_service.snapshot(f"chat-{number:04}")
        assert text_of(opened.messages[-1]) == text


async def test_a_question_asked_into_a_lost_run_ends_it_first(
    tmp_path: Path, chat_service: ChatService
) -> None:
    with other_server(tmp_path) as process:
        read_words(process, 1)
        process.kill()
    assert await chat_service.begin_run(question(2, "answer-0001"), answer(2), run(2))
    opened = await chat_service.snapshot(CHAT)
    assert [message.message_id for message in opened.messages][-1] == "answer-0002"
    assert opened.messages[1].runs[0].finish_reason == "lost"


async def test_a_spool_whose_text_is_in_the_store_is_cleared_away(tmp_path: Path) -> None:
    chat_service = await ChatService.open(tmp_path)
    await chat_service.create_chat("", chat())
    writing = Writing(run(1))
    spool = await chat_service.begin_run(question(1), answer(1), writing.info)
    assert spool is not None
    spool.append(0, "text", "text")
    writing.text.append("text", "text")
    await chat_service.end_run(writing.ended(), writing.text)
    spool.close()  # the server ends before it removes the file
    stranger = Spool.create(tmp_path / "spool", "run-of-nobody")
    stranger.append(0, "text", "unknown text")
    stranger.close()
    await chat_service.close()
    chat_service = await ChatService.open(tmp_path)
    assert [file.name for file in (tmp_path / "spool").glob("*.spool")] == ["run-of-nobody.spool"]
    assert text_of((await chat_service.snapshot(CHAT)).messages[-1]) == "text"
    await chat_service.close()


# --- two threads ------------------------------------------------------------------------------------------


class _Meanwhile(dict[str, RunText]):
    """The texts of live runs; while they are looked up, another thread does something."""

    def __init__(self, texts: dict[str, RunText], work: Callable[[], object]) -> None:
        super().__init__(texts)
        self._work: Callable[[], object] | None = work

    def __getitem__(self, run_id: str) -> RunText:
        work, self._work = self._work, None
        if work is not None:
            work()
        return super().__getitem__(run_id)


def test_a_run_begins_on_the_store_s_thread_while_the_loop_spools_again(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")

    def failed(run_id: str, error: OSError) -> None:
        ownership.spool_failed(run_id, error)

    with ThreadPoolExecutor(1) as thread:
        store = thread.submit(ChatStore, tmp_path).result()
        ownership = RunOwnership(store, tmp_path / "spool")
        for number in (1, 2, 3):
            chat_id = f"chat-{number:04}"
            thread.submit(store.create_chat, "", chat(chat_id)).result()

        def begin(number: int) -> None:
            chat_id = f"chat-{number:04}"
            question_ = question(number, chat_id=chat_id)
            work = (ownership.begin, question_, answer(number, chat_id), run(number, chat_id), failed)
            assert thread.submit(*work).result() is not None

        begin(1)
        begin(2)
        assert isinstance(ownership.problem, ErrorInfo)
        (tmp_path / "spool").unlink()
        texts = {run(number).run_id: RunText([("text", "so far")]) for number in (1, 2)}
        ownership.spool_again(_Meanwhile(texts, lambda: begin(3)))
        assert ownership.problem is None
        assert all(ownership.is_ours(run(number).run_id) for number in (1, 2, 3))
        thread.submit(store.close).result()
