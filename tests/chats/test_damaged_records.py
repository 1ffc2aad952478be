"""One damaged record leaves every other chat readable, and the server starting."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.migrations import columns_of
from jupyter_stream_chat.chats.quarantine import FOLDER_NAME
from jupyter_stream_chat.chats.sqlite import FILE_NAME
from jupyter_stream_chat.chats.tree import text_of
from jupyter_stream_chat.protocol import (
    EVENT,
    AttachmentPart,
    ChatOpened,
    DeploymentLimitation,
    TextPart,
    WorkspaceLoaded,
)
from jupyter_stream_chat.providers.profiles.profile import parse_profile

from .made import Writing, answer, chat, question, run, run_text

BAD, GOOD = "chat-0001", "chat-0002"
DAMAGED_BY = {
    "text that is not UTF-8": b"\xff\xfe\x80",
    "bytes": "as a blob",
    "nothing": "",
    "a number": 7,
    "a huge number": 1e308,
    "infinity": float("inf"),
    "no JSON": "no JSON",
    "cut JSON": '[{"type": "text", "text": "cut',
    "null": "null",
    "a JSON number": "1" * 5000,
    "deep JSON": "[" * 100_000,
    "another shape": '{"a": [1, {"b": null}]}',
    "a list": "[1, null, [], {}]",
    "parts of a newer version": '[{"type": "picture", "url": "x"}, {"type": "text", "text": "kept"}]',
    "half a pair": '[{"type": "text", "text": "\\ud800 kept"}]',
    "fields of a newer version": '{"temperature": 0.5, "grammar": "new"}',
    "a NUL": "a\0b",
}
"""What may stand in a column; a text of bytes is written as TEXT, not as a blob."""


async def fill(data_dir: Path) -> None:
    """Write two chats, each with a finished and an unfinished run, a profile and a limitation."""
    chat_service = await ChatService.open(data_dir)
    for number, chat_id in ((1, BAD), (2, GOOD)):
        await chat_service.create_chat("", chat(chat_id, title=f"Chat {number}"))
        first, second = number * 10, number * 10 + 1
        writing = Writing(run(first, chat_id))
        spool = await chat_service.begin_run(
            question(first, chat_id=chat_id), answer(first, chat_id), writing.info
        )
        assert spool is not None
        writing.text = run_text("Yes.", "Hm.")
        await chat_service.end_run(writing.ended(), writing.text)
        spool.remove()
        asked = question(second, answer(first).message_id, chat_id)
        unfinished = await chat_service.begin_run(asked, answer(second, chat_id), run(second, chat_id))
        assert unfinished is not None
        unfinished.append(0, "text", "So far.")
        unfinished.close()  # as if the server were killed
        await chat_service.save_profile(f"profile-{number}", {"id": f"profile-{number}", "label": "Mine"})
        limitation = {"provider": "openai", "endpoint": "", "model": f"m{number}"}
        found = DeploymentLimitation(**limitation, limitation="refuses_streaming", until=9e9)
        await chat_service.remember_limitation(found, 0.0)
    await chat_service.close()


def columns(data_dir: Path) -> list[tuple[str, str]]:
    """Return every column of every table."""
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as db:
        return [(table, name) for table, names in columns_of(db).items() for name in names]


def damage(data_dir: Path, table: str, column: str, value: object, *, row: int) -> bool:
    """Write a value into the first (0) or second (1) row of the bad chat; False where SQLite refuses that."""
    with closing(sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        where = f"chat_id = '{BAD}'" if table in ("chats", "messages", "runs") else "1"
        select = f"SELECT rowid FROM {table} WHERE {where} ORDER BY rowid LIMIT 1 OFFSET {row}"
        mark = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
        given = value.encode() if value == "as a blob" and isinstance(value, str) else value
        mark = "?" if given is not value else mark
        try:
            changed = db.execute(
                f"UPDATE {table} SET {column} = {mark} WHERE rowid = ({select})", (given,)
            ).rowcount
        except sqlite3.IntegrityError:
            return False
        return bool(changed)


async def look(data_dir: Path) -> tuple[ChatService, dict[str, ChatOpened]]:
    """Start a server and read all that its pages can ask for, each as a frame."""
    chat_service = await ChatService.open(data_dir)
    assert chat_service.not_saved is None
    chats = await chat_service.chats("")
    limitations = await chat_service.limitations(1.0)
    assert limitations
    profiles = await chat_service.profiles()
    for fields in profiles:
        parse_profile(fields, origin="stored")
    loaded = WorkspaceLoaded(seq=0, chats=chats, profiles=[], streaming="auto")
    EVENT.validate_json(loaded.model_dump_json(exclude_none=True))
    opened: dict[str, ChatOpened] = {}
    for each in chats:
        opened[each.chat_id] = await chat_service.snapshot(each.chat_id)
        EVENT.validate_json(opened[each.chat_id].model_dump_json(exclude_none=True))
        for message in opened[each.chat_id].messages:
            await chat_service.context(each.chat_id, message.message_id)
        await chat_service.all_messages(each.chat_id)
    return chat_service, opened


def check_good(opened: dict[str, ChatOpened]) -> None:
    """Assert that the other chat is as it was written, and that nothing is still running."""
    texts = [text_of(message) for message in opened[GOOD].messages]
    assert texts == ["Question 20?", "Yes.", "Question 21?", "So far."]
    for each in opened.values():
        assert all(run.status == "finished" for message in each.messages for run in message.runs)
        assert each.read_only is None


@pytest.mark.parametrize("kind", DAMAGED_BY)
async def test_a_bad_value_in_any_column(tmp_path: Path, kind: str) -> None:
    await fill(tmp_path / "sound")
    for number, (table, column) in enumerate(columns(tmp_path / "sound")):
        data_dir = tmp_path / str(number)
        shutil.copytree(tmp_path / "sound", data_dir)
        row = (number + list(DAMAGED_BY).index(kind)) % 2
        if not damage(data_dir, table, column, DAMAGED_BY[kind], row=row):
            continue
        chat_service, opened = await look(data_dir)
        check_good(opened)
        if BAD in opened:
            leaf = opened[BAD].messages[-1].message_id if opened[BAD].messages else None
            asked = question(99, leaf, BAD)
            assert await chat_service.begin_run(asked, answer(99, BAD), run(99, BAD)), (table, column)
        await chat_service.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(data=st.data())
async def test_random_damage_to_one_record(tmp_path: Path, data: st.DataObject) -> None:
    """Replace, cut, flip or insert bytes in one column of one row."""
    sound, data_dir = tmp_path / "sound", tmp_path / "damaged"
    if not sound.exists():
        await fill(sound)
    shutil.rmtree(data_dir, ignore_errors=True)
    shutil.copytree(sound, data_dir)
    table, column = data.draw(st.sampled_from(columns(sound)))
    row = data.draw(st.integers(0, 1))
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as db:
        where = f"WHERE chat_id = '{BAD}'" if table in ("chats", "messages", "runs") else ""
        select = f"SELECT CAST({column} AS BLOB) FROM {table} {where} ORDER BY rowid LIMIT 1 OFFSET {row}"
        found = db.execute(select).fetchone()
    held: bytes = (found[0] if found else None) or b""
    at = data.draw(st.integers(0, len(held)))
    inserted = data.draw(st.binary(max_size=4) | st.sampled_from([b"}", b"]", b'"', b"null", b"1e999", b"-"]))
    removed = data.draw(st.integers(0, 8))
    damage(data_dir, table, column, held[:at] + inserted + held[at + removed :], row=row)
    chat_service, opened = await look(data_dir)
    check_good(opened)
    await chat_service.close()


async def test_a_damaged_part_hides_no_other_part(tmp_path: Path) -> None:
    attached = AttachmentPart(
        kind="cell", title="Cell 1", media_type="text/x-python", sha256="0" * 64, characters=5
    )
    parts = [
        {**attached.model_dump(exclude_none=True), "omitted": 7},
        {"type": "text", "text": 5},
        attached.model_dump(exclude_none=True),
        {"type": "attachment", "kind": "cell"},
        {"type": ["text"], "text": "?"},
        {"type": "text", "text": "What is this?"},
    ]
    await fill(tmp_path)
    damage(tmp_path, "messages", "content", json.dumps(parts), row=0)
    chat_service, opened = await look(tmp_path)
    asked = opened[BAD].messages[0].content
    assert asked == [attached, TextPart(text=""), attached, TextPart(text="What is this?")]
    await chat_service.close()


async def test_what_was_damaged_is_kept_told_and_repaired(tmp_path: Path) -> None:
    await fill(tmp_path)
    newer = '{"temperature": 0.5, "grammar": "new"}'
    damage(tmp_path, "chats", "parameters", newer, row=0)
    damage(tmp_path, "chats", "title", b"caf\xe9", row=0)
    chat_service, _ = await look(tmp_path)
    told = await chat_service.damaged()
    assert told is not None
    assert (told.code, told.detail) == ("records_damaged", str(tmp_path / FOLDER_NAME))
    (file,) = (tmp_path / FOLDER_NAME).iterdir()
    assert file.name.startswith(f"chats-{BAD}-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())["record"]
    assert kept["parameters"] == newer
    assert kept["title"] == {"hex": b"caf\xe9".hex()}
    info = await chat_service.chat(BAD)
    assert info.title == "caf\ufffd"
    assert info.parameters is not None
    assert info.parameters.temperature == 0.5
    await chat_service.close()
    file.unlink()
    chat_service, _ = await look(tmp_path)
    assert await chat_service.damaged() is None, "the row is sound again"
    await chat_service.close()


async def test_damage_that_is_found_later_is_told_to_the_pages(tmp_path: Path) -> None:
    await fill(tmp_path)
    chat_service, _ = await look(tmp_path)
    told: list[bool] = []
    chat_service.on_not_saved = lambda: told.append(True)
    damage(tmp_path, "messages", "content", '[{"type": "text", "text": "cut', row=0)
    for _ in range(2):
        messages = (await chat_service.snapshot(BAD)).messages
        assert text_of(messages[0]) == "cut", "as far as it can be read"
    assert told == [True], "once"
    await chat_service.close()


async def test_a_path_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    await fill(tmp_path)
    damage(tmp_path, "messages", "parent_id", answer(11).message_id, row=0)
    damage(tmp_path, "messages", "parent_id", answer(10).message_id, row=1)
    chat_service, opened = await look(tmp_path)
    check_good(opened)
    await chat_service.select_branch(BAD, question(10).message_id)
    await chat_service.close()


async def test_a_message_of_another_chat_is_no_parent(tmp_path: Path) -> None:
    await fill(tmp_path)
    damage(tmp_path, "messages", "parent_id", question(10).message_id, row=0)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db, db:
        update = "UPDATE messages SET parent_id = ? WHERE message_id = ?"
        db.execute(update, (answer(10).message_id, question(20).message_id))
    chat_service, opened = await look(tmp_path)
    check_good(opened)
    await chat_service.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE profiles",
        "ALTER TABLE runs RENAME COLUMN info TO data",
        "ALTER TABLE chats ADD COLUMN more TEXT",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
    ],
)
async def test_tables_of_another_shape_are_put_aside_whole(tmp_path: Path, statement: str) -> None:
    await fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute(statement)
    chat_service = await ChatService.open(tmp_path)
    assert chat_service.not_saved is None
    told = await chat_service.damaged()
    assert told is not None
    assert told.code == "store_damaged"
    await chat_service.create_chat("", chat("chat-0003"))
    await chat_service.close()


async def test_an_older_store_with_a_bad_row_is_brought_up_to_date(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "version_4", tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME)) as db, db:
        total = db.execute("SELECT count(*) FROM runs").fetchone()[0]
        for number, bad in enumerate(DAMAGED_BY.values()):
            db.execute("UPDATE runs SET info = ? WHERE position = ?", (bad, number % total + 1))
        db.execute("INSERT INTO profiles (profile_id, fields) VALUES ('bad', '[1')")
    chat_service = await ChatService.open(tmp_path / "data")
    assert chat_service.not_saved is None
    for each in await chat_service.chats(""):
        assert (await chat_service.snapshot(each.chat_id)).messages
    await chat_service.profiles()
    await chat_service.close()
