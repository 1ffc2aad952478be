"""The database file: its mode, its journal, and what happens where it cannot be used."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.chats.migrations import _FIRST, STEPS, VERSION
from jupyter_stream_chat.chats.sqlite import FILE_NAME, Database, on_local_disk


def test_nobody_else_may_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = Database(tmp_path / "data")
        database.execute("INSERT INTO profiles (profile_id, fields) VALUES ('a', '{}')")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    for file in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    database.close()


@pytest.mark.parametrize("kind", ["file in the way", "newer"])
def test_what_cannot_be_used_is_left_alone_and_said(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "data"
    if kind == "file in the way":
        folder.write_text("")
    else:
        folder.mkdir()
        with sqlite3.connect(folder / FILE_NAME) as newer:
            newer.execute("PRAGMA user_version = 99")
        newer.close()
    database = Database(folder)
    assert database.not_saved is not None
    assert database.not_saved.code == "not_saved"
    assert database.not_saved.hint
    database.execute("INSERT INTO profiles (profile_id, fields) VALUES ('a', '{}')")
    assert not database.return_to_disk()
    database.close()


def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as first:
        for statement in _FIRST.split(";\n"):
            first.execute(statement)
        first.execute("INSERT INTO profiles (profile_id, fields) VALUES ('mine', '{}')")
        first.execute("INSERT INTO chats VALUES ('chat-0001', '', 'Old', 1, 2, 'mine', 'off')")
        first.execute("PRAGMA user_version = 1")
    first.close()
    for _ in range(2):
        database = Database(tmp_path)
        assert database.not_saved is None
        assert database.execute("SELECT profile_id FROM profiles").fetchall() == [("mine",)]
        assert database.execute("SELECT count(*) FROM deployment_limitations").fetchone() == (0,)
        assert database.execute("SELECT title, parameters FROM chats").fetchall() == [("Old", None)]
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        database.close()
    (copy,) = tmp_path.glob("*version-*")
    assert copy.name == "chats.version-1.sqlite3"
    with contextlib.closing(sqlite3.connect(copy)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        assert old.execute("SELECT title FROM chats").fetchall() == [("Old",)]


def test_a_disk_that_fails_moves_all_into_memory(tmp_path: Path) -> None:
    database = Database(tmp_path)
    insert = "INSERT INTO profiles (profile_id, fields) VALUES (?, ?)"
    database.change(lambda: database.execute(insert, ("before", "{}")))
    database.execute("PRAGMA query_only = ON")  # SQLite then answers as on a read-only disk
    database.change(lambda: database.execute(insert, ("after", "{}")))
    assert database.not_saved is not None
    names = database.execute("SELECT profile_id FROM profiles ORDER BY position").fetchall()
    assert names == [("before",), ("after",)]
    database.close()


def test_what_was_done_in_memory_is_done_again_on_the_disk(tmp_path: Path) -> None:
    database, other = Database(tmp_path), Database(tmp_path)
    insert = "INSERT INTO profiles (profile_id, fields) VALUES (?, '{}')"
    database.change(lambda: database.execute(insert, ("before",)))
    database.execute("PRAGMA query_only = ON")
    database.change(lambda: database.execute(insert, ("in memory",)))
    database.change(lambda: database.execute(insert, ("taken",)))
    with pytest.raises(sqlite3.IntegrityError):
        database.change(lambda: database.execute(insert, ("in memory",)))
    other.change(lambda: other.execute(insert, ("taken",)))
    assert database.return_to_disk()
    assert database.not_saved is None
    database.change(lambda: database.execute(insert, ("after",)))
    select = "SELECT profile_id FROM profiles ORDER BY position"
    names = [("before",), ("taken",), ("in memory",), ("after",)]
    assert database.execute(select).fetchall() == names
    assert other.execute(select).fetchall() == names
    database.close()
    other.close()


def test_it_stays_in_memory_while_the_disk_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")
    database = Database(folder)
    insert = "INSERT INTO profiles (profile_id, fields) VALUES (?, '{}')"
    for name in ("first", "second"):
        database.change(lambda name=name: database.execute(insert, (name,)))  # type: ignore[misc]
        assert not database.return_to_disk()
    folder.unlink()
    assert database.return_to_disk()
    database.close()
    database = Database(folder)
    assert database.execute("SELECT profile_id FROM profiles").fetchall() == [("first",), ("second",)]
    database.close()


def test_chats_on_a_read_only_disk_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    insert = "INSERT INTO profiles (profile_id, fields) VALUES (?, '{}')"
    killed = Database(tmp_path)  # never closed: what it wrote is in the write-ahead log alone
    killed.change(lambda: killed.execute(insert, ("before",)))
    monkeypatch.setattr(os, "open", refuse)
    database = Database(tmp_path)
    assert "Read-only" in ((database.not_saved and database.not_saved.detail) or "")
    database.change(lambda: database.execute(insert, ("after",)))
    names = database.execute("SELECT profile_id FROM profiles ORDER BY position").fetchall()
    assert names == [("before",), ("after",)]
    database.close()
    assert killed.execute("SELECT profile_id FROM profiles").fetchall() == [("before",)]
    killed.close()


def test_a_full_disk_moves_all_into_memory(tmp_path: Path) -> None:
    database = Database(tmp_path)
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then answers "disk is full"
    insert = "INSERT INTO profiles (profile_id, fields) VALUES (?, ?)"
    database.change(lambda: database.execute(insert, ("large", "x" * 100_000)))
    assert database.not_saved is not None
    assert "full" in (database.not_saved.detail or "")
    assert database.execute("SELECT length(fields) FROM profiles").fetchone() == (100_000,)
    database.close()


@pytest.mark.parametrize("local", [True, False])
def test_only_a_write_ahead_log_may_leave_the_disk_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    monkeypatch.setattr("jupyter_stream_chat.chats.sqlite.on_local_disk", lambda folder: local)
    database = Database(tmp_path)
    full, normal = (2,), (1,)

    def level() -> tuple[int]:
        found: tuple[int] = database.execute("PRAGMA synchronous").fetchone()
        return found

    assert database.change(level, durable=False) == (normal if local else full)
    assert database.change(level) == full
    database.close()


def test_a_change_that_raises_is_undone(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def change() -> None:
        database.execute("INSERT INTO profiles (profile_id, fields) VALUES ('a', '{}')")
        raise KeyError

    with pytest.raises(KeyError):
        database.change(change)
    assert database.execute("SELECT count(*) FROM profiles").fetchone() == (0,)
    assert database.not_saved is None
    database.close()


MOUNTS = r"""22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/ada/my\040disk rw shared:1 - xfs /dev/vdb rw
32 27 0:42 / /mnt/share rw - fuse.sshfs me@there: rw
"""


@pytest.mark.parametrize(
    ("folder", "local"),
    [
        ("/srv/data", True),
        ("/home/ada/data", False),
        ("/home/ada/my disk/data", True),
        ("/home/ada/my diskette", False),
        ("/mnt/share", False),
    ],
)
def test_a_write_ahead_log_is_for_local_disks(tmp_path: Path, folder: str, local: bool) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert on_local_disk(Path(folder), mounts) is local


def test_where_mounts_cannot_be_read_no_disk_is_surely_local(tmp_path: Path) -> None:
    assert on_local_disk(tmp_path, tmp_path / "absent") is False


@pytest.mark.parametrize("local", [True, False])
def test_the_journal_fits_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local: bool) -> None:
    Database(tmp_path).close()
    monkeypatch.setattr("jupyter_stream_chat.chats.sqlite.on_local_disk", lambda folder: local)
    database = Database(tmp_path)
    mode = "wal" if local else "delete"
    assert database.execute("PRAGMA journal_mode").fetchone() == (mode,)
    database.close()


def test_profiles_of_a_version_without_owners_are_everybodys(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as old:
        for statement in ";\n".join(step for step in STEPS[:4] if isinstance(step, str)).split(";\n"):
            old.execute(statement)
        old.execute("PRAGMA user_version = 4")
        for position, name in ((7, "b"), (3, "a")):
            old.execute("INSERT INTO profiles VALUES (?, ?, ?)", (position, name, f'{{"id": "{name}"}}'))
        old.execute("INSERT INTO deployment_limitations VALUES ('openai', '', 'm', 'refuses_streaming', 9e9)")
    store = ChatStore(tmp_path)
    assert store.owners.profiles() == [{"id": "a"}, {"id": "b"}]
    assert store.owners.profiles("ada") == []
    store.owners.save_profile("a", {"id": "a", "label": "Ada's"}, "ada")
    assert store.owners.profiles() == [{"id": "a"}, {"id": "b"}]
    assert store.owners.profile_owners() == ["", "ada"]
    assert not store.owners.delete_profile("b", "ada")
    assert [found.limitation for found in store.owners.limitations(0)] == ["refuses_streaming"]
    assert store.owners.limitations(0, "ada") == []
    store.close()
