"""A store of an older version is brought up to date, and a copy of it is kept."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import zlib
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.migrations import VERSION
from jupyter_stream_chat.chats.sqlite import FILE_NAME
from jupyter_stream_chat.chats.tree import text_of
from jupyter_stream_chat.protocol import Message, RunInfo
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile

CHAT = "chat-0001"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A copy of what the last server with protocol 1 left."""
    folder = tmp_path / "data"
    shutil.copytree(Path(__file__).parent / "version_4", folder)
    return folder


async def messages(data_dir: Path) -> dict[str, Message]:
    """Open the store as a server does, and return all messages of the chat."""
    chat_service = await ChatService.open(data_dir)
    assert chat_service.not_saved is None
    found = {message.message_id: message for message in await chat_service.all_messages(CHAT)}
    await chat_service.close()
    return found


async def runs(data_dir: Path) -> dict[str, RunInfo]:
    """Return all runs of the chat."""
    return {run.run_id: run for message in (await messages(data_dir)).values() for run in message.runs}


def copies(data_dir: Path) -> list[Path]:
    """Return the copies of older versions."""
    return list(data_dir.glob("*version-*.sqlite3"))


async def test_every_digest_is_that_of_its_part(data_dir: Path) -> None:
    for message in (await messages(data_dir)).values():
        for run in message.runs:
            texts = [part.text for part in message.content if part.run_id == run.run_id]
            assert run.digest is not None
            assert [(digest.length, digest.crc32) for digest in run.digest] == [
                (len(text), zlib.crc32(text.encode())) for text in texts
            ]


async def test_what_was_kept_counts_as_before(data_dir: Path) -> None:
    found = await messages(data_dir)
    assert {run_id: run.kept for run_id, run in (await runs(data_dir)).items() if run.kept is not None} == {
        "run-00003": [6, 10],
        "run-00005": [4],
        "run-00006": [],
        "run-00008": [13, 13, 13, 9],
    }
    assert text_of(found["answer-0001"]) == "Plain — 🙂 yes."
    assert text_of(found["answer-0002"]) == "Yes."
    assert text_of(found["answer-0003"]) == "One, two, three, fo"
    assert text_of(found["answer-0005"]) == ""
    assert text_of(found["answer-0007"]) == "What the user wrote."


async def test_the_runs_have_the_new_words(data_dir: Path) -> None:
    found = await runs(data_dir)
    stalled, stopped = found["run-00004"], found["run-00003"]
    assert stalled.time_limit is not None
    assert (stalled.time_limit.limit_kind, stalled.time_limit.seconds) == ("next_token", 60.0)
    assert stalled.error is not None
    assert stalled.error.hint == "Continue; if it recurs, check the provider."
    assert stopped.timings is not None
    assert stopped.timings.disconnect_ms == 42.5


async def test_an_unfinished_run_is_recovered_with_its_parts_in_their_order(data_dir: Path) -> None:
    answer = (await messages(data_dir))["answer-0008"]
    assert [(part.type, part.text) for part in answer.content] == [
        ("reasoning", "First think. "),
        ("text", "Some text 🙂, "),
        ("reasoning", "think again. "),
        ("text", "more text"),
    ]
    assert answer.runs[0].finish_reason == "lost"
    assert not list((data_dir / "spool").glob("*.spool"))


async def test_stored_profiles_can_be_used(data_dir: Path) -> None:
    chat_service = await ChatService.open(data_dir)
    stored = await chat_service.profiles()
    await chat_service.close()
    profiles = {values["id"]: parse_profile(values, origin="stored") for values in stored}
    assert list(profiles) == ["mine", "plain"]
    mine = profiles["mine"]
    assert isinstance(mine, Profile)
    assert (mine.timeouts.first_token, mine.timeouts.stall, mine.timeouts.total) == (30, 0, None)
    assert (mine.on_repetition, mine.parameters.temperature) == ("ask", 0.2)
    assert isinstance(profiles["plain"], Profile)


async def test_the_old_store_is_copied_first_and_once(data_dir: Path) -> None:
    old = (data_dir / FILE_NAME).read_bytes()
    for _ in range(2):
        await messages(data_dir)
    (copy,) = copies(data_dir)
    assert copy.name == "chats.version-4.sqlite3"
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        select = "SELECT run_id, info FROM runs ORDER BY position"
        infos = kept.execute(select).fetchall()
        assert kept.execute("PRAGMA user_version").fetchone() == (4,)
    before = data_dir / "before.sqlite3"
    before.write_bytes(old)
    with contextlib.closing(sqlite3.connect(before)) as original:
        assert original.execute(select).fetchall() == infos
    with contextlib.closing(sqlite3.connect(data_dir / FILE_NAME)) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def test_a_store_that_cannot_be_written_is_shown_up_to_date(data_dir: Path) -> None:
    (data_dir / "chats.version-4.sqlite3.part").mkdir()  # there is no room for the copy
    chat_service = await ChatService.open(data_dir)
    assert chat_service.not_saved is not None
    found = {message.message_id: message for message in await chat_service.all_messages(CHAT)}
    assert found["answer-0003"].runs[0].kept == [6, 10]
    await chat_service.close()
    with contextlib.closing(sqlite3.connect(data_dir / FILE_NAME)) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (4,)
