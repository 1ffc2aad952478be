"""The saved chats are deleted, replaced or locked while the server runs: told, and saved again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.sqlite import FILE_NAME
from jupyter_stream_chat.chats.tree import text_of
from jupyter_stream_chat.protocol import ErrorInfo

from .made import CHAT, Writing, answer, chat, question, run, run_text

PATIENCE = 30.0


class Server:
    """A chat service whose notices can be awaited."""

    def __init__(self, chats: ChatService) -> None:
        self.chats = chats
        self._changed = asyncio.Event()
        chats.on_not_saved = self._changed.set

    async def until(self, wanted: Callable[[ErrorInfo | None], bool]) -> ErrorInfo | None:
        """Wait until what is not saved is as wanted."""
        async with asyncio.timeout(PATIENCE):
            while not wanted(self.chats.not_saved):
                await self._changed.wait()
                self._changed.clear()
        return self.chats.not_saved


async def opened(data_dir: Path) -> ChatService:
    """Open the store; it looks after its files and tries to save often."""
    return await ChatService.open(data_dir, retry_seconds=0.05, check_seconds=0.05)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with a chat of one answer."""
    chats = await opened(tmp_path / "data")
    await chats.create_chat("", chat(title="Mine"))
    await ask(chats, 1)
    server = Server(chats)
    yield server
    await chats.close()


async def ask(chats: ChatService, number: int, parent_id: str | None = None) -> None:
    """Ask a question and answer it."""
    writing = Writing(run(number))
    spool = await chats.begin_run(question(number, parent_id), answer(number), writing.info)
    assert spool is not None
    chats.feed(CHAT).live[writing.run_id] = writing
    writing.text = run_text("Yes.")
    spool.append(0, "text", "Yes.")
    await chats.end_run(writing.ended(), writing.text)
    spool.remove()


async def texts(chats: ChatService) -> list[str]:
    """Return what is in the chat."""
    return [text_of(message) for message in (await chats.snapshot(CHAT)).messages]


def is_told(told: ErrorInfo | None) -> bool:
    return told is not None


def is_saved(told: ErrorInfo | None) -> bool:
    return told is None


def folder_deleted(data_dir: Path) -> None:
    shutil.rmtree(data_dir)


def folder_renamed(data_dir: Path) -> None:
    data_dir.rename(data_dir.with_name("elsewhere"))


def replaced_by_an_empty_folder(data_dir: Path) -> None:
    folder_renamed(data_dir)
    data_dir.mkdir()


def replaced_by_a_damaged_store(data_dir: Path) -> None:
    replaced_by_an_empty_folder(data_dir)
    (data_dir / FILE_NAME).write_text("no database " * 100)


def replaced_by_an_older_copy(data_dir: Path) -> None:
    folder_renamed(data_dir)
    shutil.copytree(data_dir.with_name("elsewhere"), data_dir)


def database_deleted(data_dir: Path) -> None:
    (data_dir / FILE_NAME).unlink()


def all_database_files_deleted(data_dir: Path) -> None:
    for file in data_dir.glob(f"{FILE_NAME}*"):
        file.unlink()


def journal_deleted(data_dir: Path) -> None:
    (data_dir / f"{FILE_NAME}-wal").unlink()


TAKEN_AWAY = [
    folder_deleted,
    folder_renamed,
    replaced_by_an_empty_folder,
    replaced_by_a_damaged_store,
    replaced_by_an_older_copy,
    database_deleted,
    all_database_files_deleted,
    journal_deleted,
]


@pytest.mark.parametrize("take_away", TAKEN_AWAY)
async def test_chats_that_are_taken_away_are_told_and_saved_again(
    tmp_path: Path, server: Server, take_away: Callable[[Path], None]
) -> None:
    take_away(tmp_path / "data")
    told = await server.until(is_told)
    assert told is not None
    assert told.code == "store_gone"
    assert await texts(server.chats) == ["Question 1?", "Yes."]
    await server.until(is_saved)
    await ask(server.chats, 2, answer(1).message_id)
    assert stat.S_IMODE((tmp_path / "data" / FILE_NAME).stat().st_mode) == 0o600
    again = await opened(tmp_path / "data")  # as after kill -9: the server was not closed
    assert again.not_saved is None
    assert [each.title for each in await again.chats("")] == ["Mine"]
    assert await texts(again) == ["Question 1?", "Yes.", "Question 2?", "Yes."]
    await again.close()


async def test_what_is_done_before_it_was_noticed_is_saved_too(tmp_path: Path) -> None:
    chats = await ChatService.open(tmp_path / "data", retry_seconds=0.05)
    shutil.rmtree(tmp_path / "data")
    await chats.create_chat("", chat())
    told = chats.not_saved
    assert told is not None
    assert told.code == "store_gone", "a write tells at once"
    server = Server(chats)
    await server.until(is_saved)
    await chats.close()
    again = await opened(tmp_path / "data")
    assert len(await again.chats("")) == 1
    await again.close()


async def test_a_file_in_the_place_of_the_folder(tmp_path: Path, server: Server) -> None:
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").write_text("in the way")
    await server.until(is_told)
    await ask(server.chats, 2, answer(1).message_id)
    assert server.chats.not_saved is not None
    (tmp_path / "data").unlink()
    await server.until(is_saved)
    again = await opened(tmp_path / "data")
    assert await texts(again) == ["Question 1?", "Yes.", "Question 2?", "Yes."]
    await again.close()


async def test_a_store_of_somebody_else_in_its_place_keeps_its_chats(tmp_path: Path, server: Server) -> None:
    other = await opened(tmp_path / "other")
    await other.create_chat("", chat("chat-0007", title="Theirs"))
    await other.close()
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "other").rename(tmp_path / "data")
    await server.until(is_told)
    await server.until(is_saved)
    assert sorted(each.title for each in await server.chats.chats("")) == ["Mine", "Theirs"]
    assert await texts(server.chats) == ["Question 1?", "Yes."]


@pytest.mark.parametrize("take_away", [folder_deleted, folder_renamed])
async def test_the_text_of_a_live_answer_is_spooled_again(
    tmp_path: Path, server: Server, take_away: Callable[[Path], None]
) -> None:
    writing = Writing(run(2))
    spool = await server.chats.begin_run(question(2, answer(1).message_id), answer(2), writing.info)
    assert spool is not None
    server.chats.feed(CHAT).live[writing.run_id] = writing
    for word in ("before ", "after "):
        writing.text.append("text", word)
        spool.append(0, "text", word)
        if word == "before ":
            take_away(tmp_path / "data")
            await server.until(is_told)
    await server.until(is_saved)
    writing.text.append("text", "at the end")
    spool.append(0, "text", "at the end")
    spool.close()  # as if the server were killed
    again = await opened(tmp_path / "data")
    assert (await texts(again))[-1] == "before after at the end"
    await again.close()


# --- locked -----------------------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2].split(";"):
    db.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""

HOW = {
    "while it writes": "BEGIN IMMEDIATE",
    "for itself": "PRAGMA locking_mode = EXCLUSIVE;BEGIN IMMEDIATE;COMMIT",
    "for itself, writing": "PRAGMA locking_mode = EXCLUSIVE;BEGIN EXCLUSIVE;DELETE FROM chats WHERE 0",
}


@contextlib.contextmanager
def held(file: Path, how: str) -> Iterator[None]:
    """Let another program hold a database."""
    command = [sys.executable, "-c", HOLD, str(file), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            process.kill()


async def test_a_database_that_another_program_is_writing(tmp_path: Path, server: Server) -> None:
    with held(tmp_path / "data" / FILE_NAME, HOW["while it writes"]):
        await ask(server.chats, 2, answer(1).message_id)
        told = server.chats.not_saved
        assert told is not None
        assert told.code == "store_locked"
        assert "another program" in told.message
        assert await texts(server.chats) == ["Question 1?", "Yes.", "Question 2?", "Yes."]
    await server.until(is_saved)
    again = await opened(tmp_path / "data")
    assert await texts(again) == ["Question 1?", "Yes.", "Question 2?", "Yes."]
    await again.close()


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("how", HOW)
async def test_a_start_with_a_database_that_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, local: bool
) -> None:
    monkeypatch.setattr("jupyter_stream_chat.chats.sqlite.on_local_disk", lambda folder: local)
    chats = await opened(tmp_path)
    await chats.create_chat("", chat())
    await ask(chats, 1)
    await chats.close()
    with held(tmp_path / FILE_NAME, HOW[how]):
        chats = await opened(tmp_path)
        told = chats.not_saved
        assert told is not None
        assert told.code == "store_locked"
        assert await texts(chats) == ["Question 1?", "Yes."]
        await ask(chats, 2, answer(1).message_id)
    await Server(chats).until(is_saved)
    await chats.close()
    chats = await opened(tmp_path)
    assert await texts(chats) == ["Question 1?", "Yes.", "Question 2?", "Yes."]
    await chats.close()


async def test_a_read_of_a_locked_database_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_stream_chat.chats.sqlite.on_local_disk", lambda folder: False)
    chats = await opened(tmp_path)
    await chats.create_chat("", chat(title="Mine"))
    await ask(chats, 1)
    with held(tmp_path / FILE_NAME, "BEGIN EXCLUSIVE"):
        assert [each.title for each in await chats.chats("")] == ["Mine"]
        assert chats.not_saved is not None
        assert await texts(chats) == ["Question 1?", "Yes."]
    await Server(chats).until(is_saved)
    with held(tmp_path / FILE_NAME, "BEGIN EXCLUSIVE"):
        assert await texts(chats) == ["Question 1?", "Yes."]
    await Server(chats).until(is_saved)
    await chats.close()
