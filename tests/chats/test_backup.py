"""A database that is damaged is put aside whole; one that is to be changed is copied first."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_stream_chat.chats import sqlite as database_module
from jupyter_stream_chat.chats.backup import back_up
from jupyter_stream_chat.chats.migrations import _FIRST
from jupyter_stream_chat.chats.sqlite import FILE_NAME, Database


def insert(database: Database, name: str, fields: str = "{}") -> None:
    """Write one row."""
    sql = "INSERT INTO profiles (profile_id, fields) VALUES (?, ?)"
    database.change(lambda: database.execute(sql, (name, fields)))


def filled(folder: Path) -> Path:
    """Make a database of many pages and return its file."""
    database = Database(folder)
    for number in range(50):
        insert(database, f"profile-{number}", "x" * 5000)
    database.close()
    return folder / FILE_NAME


def no_database(file: Path) -> None:
    file.write_text("not a database " * 100)


def torn_pages(file: Path) -> None:
    filled(file.parent)
    with file.open("r+b") as opened:
        for offset in range(4096 * 3, file.stat().st_size, 8192):
            opened.seek(offset)
            opened.write(os.urandom(512))


def cut_short(file: Path) -> None:
    filled(file.parent)
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("damage", [no_database, torn_pages, cut_short])
def test_a_damaged_database_is_put_aside_and_never_overwritten(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(tmp_path / FILE_NAME)
    content = (tmp_path / FILE_NAME).read_bytes()
    for name in ("first", "second"):
        database = Database(tmp_path)
        assert database.not_saved is None
        assert database.damaged is not None
        assert database.damaged.code == "store_damaged"
        (aside,) = tmp_path.glob("chats.damaged-*.sqlite3")
        assert database.damaged.detail == str(aside)
        assert aside.read_bytes() == content
        insert(database, name)
        database.close()
    aside.unlink()
    database = Database(tmp_path)
    assert database.damaged is None
    assert database.execute("SELECT profile_id FROM profiles").fetchall() == [("first",), ("second",)]
    database.close()


def test_a_second_damage_has_a_file_of_its_own(tmp_path: Path) -> None:
    for _ in range(3):
        no_database(tmp_path / FILE_NAME)
        Database(tmp_path).close()
    assert len(list(tmp_path.glob("chats.damaged-*.sqlite3"))) == 3


def test_two_servers_put_one_file_aside(tmp_path: Path) -> None:
    no_database(tmp_path / FILE_NAME)
    opened: list[Database] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        database = Database(tmp_path)
        opened.append(database)
        # A connection belongs to its thread.
        database.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [database.not_saved for database in opened] == [None] * 4
    assert len(list(tmp_path.glob("chats.damaged-*.sqlite3"))) == 1


def test_a_copy_is_whole_private_and_never_overwritten(tmp_path: Path) -> None:
    file = filled(tmp_path)
    copies = [back_up(file, 7), back_up(file, 7)]
    assert [copy.name for copy in copies] == ["chats.version-7.sqlite3", "chats.version-7-2.sqlite3"]
    for copy in copies:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        with contextlib.closing(sqlite3.connect(copy)) as db:
            assert db.execute("SELECT count(*) FROM profiles").fetchone() == (50,)


def test_without_room_for_the_copy_the_old_database_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / FILE_NAME
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as first:
        for statement in _FIRST.split(";\n"):
            first.execute(statement)
        first.execute("INSERT INTO chats VALUES ('chat-0001', '', 'Old', 1, 2, 'mine', 'off')")
        first.execute("PRAGMA user_version = 1")

    def full(file: Path, version: int) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(database_module, "back_up", full)
        database = Database(tmp_path)
        assert database.not_saved is not None
        assert database.execute("SELECT title FROM chats").fetchall() == [("Old",)]
        assert not database.return_to_disk()
    with contextlib.closing(sqlite3.connect(file)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
    assert database.return_to_disk()
    assert (tmp_path / "chats.version-1.sqlite3").exists()
    database.close()
