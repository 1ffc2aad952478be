"""The SQLite database: its file and journal, and where it goes when the disk fails.

Owns everything about the file; ``migrations`` owns its tables, ``chat_store`` what is asked of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from ..protocol import ErrorInfo
from .backup import (
    Damaged,
    back_up,
    check,
    file_identity,
    is_damage,
    is_locked,
    move_aside,
    one_rescuer,
    quarantine,
)
from .command_error import CommandError
from .migrations import VERSION, NewerDatabase, columns_of, migrate
from .records import text_of_column

log = logging.getLogger(__name__)
R = TypeVar("R")

FILE_NAME: Final = "chats.sqlite3"
BUSY_SECONDS: Final = 1.0
"""How long to wait for another server on the same store; its transactions take milliseconds.

All chats wait as long. What holds the database longer is another program: then they live in memory.
"""
RETRY_BUSY_SECONDS: Final = 0.05
"""The same, for a try to return to the disk: it is tried again anyway."""

_LOCAL_FILE_SYSTEMS: Final = frozenset(
    {"apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "ntfs3"}
    | {"overlay", "ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs"}
)


class Database:
    """One connection. When the disk refuses a write, all that can be read moves into memory.

    What is changed there is remembered as work, and done again on the disk when that takes it.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the database of a folder; where that is impossible, copy what is there into memory."""
        self.not_saved: ErrorInfo | None = None
        """Why nothing is written to the disk."""
        self._folder = folder
        self._in_memory_only: list[Callable[[], object]] = []
        self._may_return = True
        self._files: _Files | None = None
        self._is_file_gone = False
        try:
            self._connection = _open(folder)
            self._files = _Files(folder / FILE_NAME)
        except (OSError, sqlite3.Error, NewerDatabase) as error:
            self.not_saved = _not_saved(error)
            self._connection = _connect_in_memory(copy_of=_connect_for_reading(folder))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def damaged(self) -> ErrorInfo | None:
        """Say that a damaged database was put aside, as long as it lies there."""
        files = quarantine(self._folder / FILE_NAME)
        return _damaged(files[-1]) if files else None

    def execute(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        """Run one statement; a read of a locked database is done in a copy of it in memory."""
        try:
            return self._connection.execute(sql, values)
        except sqlite3.OperationalError as error:
            if not is_locked(error) or self.not_saved is not None or self._connection.in_transaction:
                raise
            self._move_to_memory(error)
        return self._connection.execute(sql, values)

    def rows(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """Return all rows of a query by the names of their columns."""
        cursor = self.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def change(self, work: Callable[[], R], *, durable: bool = True) -> R:
        """Do ``work`` in one transaction; where the disk refuses that, do it again in memory.

        Not ``durable``: with a write-ahead log it survives the server's death at once, a power cut from the
        next durable change on. It takes 0.1 ms instead of a disk's time to sync, 1 to 10 ms.
        """
        self.check_file()
        if self.not_saved is not None:
            return self._change_in_memory(work)
        try:
            self._wait_for_disk(durable)
            with self.transaction("IMMEDIATE"):
                return work()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            self._move_to_memory(error)
        return self._change_in_memory(work)

    def check_file(self) -> None:
        """Move into memory where the file is no longer the one that is open.

        Somebody has deleted or replaced it, or its folder: SQLite goes on writing into a file without a name.
        """
        if self._files is not None and not self._files.are_in_place():
            self._move_to_memory(FileGone(f"{self._folder / FILE_NAME} was deleted or replaced"))

    def _change_in_memory(self, work: Callable[[], R]) -> R:
        with self.transaction("IMMEDIATE"):
            done = work()
        self._in_memory_only.append(work)
        return done

    def return_to_disk(self) -> bool:
        """Do on the disk what was done in memory, and stay there; False while the disk refuses."""
        if self.not_saved is None or not self._may_return:
            return self.not_saved is None
        memory = self._connection
        # A file that has taken the place of ours is treated as at a start, also where it is damaged.
        connect = _open if self._is_file_gone else _connect
        try:
            self._connection = connect(self._folder, RETRY_BUSY_SECONDS)
        except (OSError, sqlite3.Error, NewerDatabase):
            return False
        try:
            with self.transaction("IMMEDIATE"):
                if self._is_file_gone:
                    self._copy_rows(memory)
                for work in self._in_memory_only:
                    self._do_again(work)
        except sqlite3.Error as error:
            log.debug("Chats are still not saved: %s", error)
            self._connection.close()
            self._connection = memory
            return False
        memory.close()
        self._in_memory_only.clear()
        self._is_file_gone = False
        self._files = _Files(self._folder / FILE_NAME)
        self.not_saved = None
        log.info("Chats are saved again")
        return True

    def _copy_rows(self, memory: sqlite3.Connection) -> None:
        """Copy all rows that the database does not have: the one that had them is gone."""
        for table, names in _expected_columns().items():
            columns = ", ".join(name for name in names if name != "position")
            marks = ", ".join("?" * len(columns.split(", ")))
            insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"
            for row in memory.execute(f"SELECT {columns} FROM {table} ORDER BY rowid"):
                # A message of a chat that is not there: it was deleted meanwhile.
                with contextlib.suppress(sqlite3.IntegrityError):
                    self.execute(insert, row)

    def _do_again(self, work: Callable[[], object]) -> None:
        """Do one piece of work; where another server has changed what it builds on, leave it out."""
        self.execute("SAVEPOINT again")
        try:
            work()
        except (CommandError, sqlite3.IntegrityError) as error:
            log.warning("A change that was made in memory does not fit what is on the disk: %s", error)
            self.execute("ROLLBACK TO again")
        self.execute("RELEASE again")

    @contextmanager
    def transaction(self, kind: str = "DEFERRED") -> Iterator[None]:
        """Commit what is done within, or roll it back when that raises. The default kind is for reading."""
        if kind == "DEFERRED":  # it takes no lock: the first read does, where it is too late to move
            self.execute("SELECT 1 FROM sqlite_master")
        self._connection.execute(f"BEGIN {kind}")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back by itself.
            if self._connection.in_transaction:
                self.execute("ROLLBACK")
            raise

    def _wait_for_disk(self, wait: bool) -> None:
        # Without a write-ahead log, less than FULL can corrupt the file: https://www.sqlite.org/pragma.html
        (journal,) = self._connection.execute("PRAGMA journal_mode").fetchone()
        self._connection.execute(
            f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' and not wait else 'FULL'}"
        )

    def _move_to_memory(self, error: Exception) -> None:
        log.error("Chats are no longer saved: %s", error)
        self.not_saved = _not_saved(error)
        # A damaged file is put aside at the next start: what memory holds of it is all that can be shown.
        self._may_return = not is_damage(error)
        self._is_file_gone = self._files is not None and not self._files.are_in_place()
        self._files = None
        self._connection = _connect_in_memory(copy_of=_readable(self._connection, self._folder))


class FileGone(OSError):
    """The database's file was deleted or replaced while it was open."""


class _Files:
    """The database's file and its write-ahead log, as they were opened."""

    def __init__(self, file: Path) -> None:
        self._file, self._log = file, file.with_name(f"{file.name}-wal")
        self._opened = file_identity(self._file)
        self._opened_log = file_identity(self._log)

    def are_in_place(self) -> bool:
        """Tell whether their names still lead to them."""
        if file_identity(self._file) != self._opened:
            return False
        log_now = file_identity(self._log)
        if self._opened_log is None:  # it is made with the first change
            self._opened_log = log_now
        return log_now == self._opened_log


def _open(folder: Path, busy_seconds: float | None = None) -> sqlite3.Connection:
    """Connect; a damaged database is put aside, and a new one made. Raises as ``_connect``."""
    try:
        return _connect(folder, busy_seconds)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    with one_rescuer(folder):
        try:
            return _connect(folder, busy_seconds)  # another server was here first
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        move_aside(folder / FILE_NAME)
        return _connect(folder, busy_seconds)


def _connect(folder: Path, busy_seconds: float | None = None) -> sqlite3.Connection:
    """Open or make the database of a folder.

    Raises OSError, sqlite3.DatabaseError or NewerDatabase when it cannot be used for writing.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE_NAME
    # Made before SQLite does, which would give it the umask's mode; journals inherit it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=busy_seconds or BUSY_SECONDS, isolation_level=None)
    db.text_factory = text_of_column
    try:
        check(db)
        _set_journal(db, "wal" if on_local_disk(folder) else "delete")
        _prepare(db, path)
        db.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
    except BaseException:
        db.close()
        raise
    return db


def _readable(db: sqlite3.Connection, folder: Path) -> sqlite3.Connection | None:
    """Return a connection that can be read: this one, or where it is locked, as ``_connect_for_reading``."""
    try:
        db.execute(f"PRAGMA busy_timeout = {round(RETRY_BUSY_SECONDS * 1000)}")
        db.execute("SELECT * FROM sqlite_master").fetchone()
    except sqlite3.Error:
        # Closed first: closing any descriptor of a file gives up all of a process's locks on it.
        db.close()
        return _connect_for_reading(folder)
    return db


def _connect_for_reading(folder: Path) -> sqlite3.Connection | None:
    """Open the database of a folder that cannot be written; None where nothing can be read of it."""
    address = (folder / FILE_NAME).absolute().as_uri()
    with contextlib.suppress(sqlite3.Error):
        return _connect_to(f"{address}?mode=ro")
    # Without its shared memory, or while it is locked, a write-ahead log can be read in a copy alone.
    with contextlib.suppress(sqlite3.Error, OSError):
        return _connect_to_copy(folder)
    # Without room for one: what was written before the log.
    with contextlib.suppress(sqlite3.Error):
        return _connect_to(f"{address}?mode=ro&immutable=1")
    return None


def _connect_to(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=RETRY_BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("SELECT * FROM sqlite_master").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _connect_to_copy(folder: Path) -> sqlite3.Connection:
    """Copy a database's files, and return what they hold in memory. Raises OSError or sqlite3.Error."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            for suffix in ("", "-wal", "-journal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(folder / f"{FILE_NAME}{suffix}", Path(temporary, f"{FILE_NAME}{suffix}"))
            with contextlib.closing(sqlite3.connect(Path(temporary, FILE_NAME))) as copy:
                copy.backup(db)
        check(db)  # it may have been written to while it was copied
    except BaseException:
        db.close()
        raise
    return db


def _connect_in_memory(copy_of: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """Make a database in memory, with all that can be read of another one, which is closed."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.text_factory = text_of_column
    if copy_of is None:
        _prepare(db)
        return db
    try:
        with contextlib.closing(copy_of):
            # Python waits without end for a source that is locked: from here on nobody can lock it.
            copy_of.execute("BEGIN")
            copy_of.execute("SELECT * FROM sqlite_master").fetchone()
            copy_of.backup(db)
        _prepare(db)
    except (sqlite3.Error, NewerDatabase):
        db.close()
        return _connect_in_memory()
    return db


def on_local_disk(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Tell whether a folder is surely on a local disk: a write-ahead log needs shared memory.

    Source: https://www.sqlite.org/wal.html ("does not work over a network filesystem"). Where the mounts
    cannot be read (not Linux) the answer is no.
    """
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return False
    resolved = folder.resolve()
    found, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), before.split()[4]))
        if resolved.is_relative_to(point) and len(point.parts) >= found:
            found, kind = len(point.parts), after.split()[0]
    return kind in _LOCAL_FILE_SYSTEMS


def _set_journal(db: sqlite3.Connection, wanted: str) -> None:
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    if mode != wanted:
        # Refused while another server has it open; the mode that it chose serves as well until then.
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute(f"PRAGMA journal_mode = {wanted}")


def _prepare(db: sqlite3.Connection, file: Path | None = None) -> None:
    """Make the tables, or bring an older version's up to date; of its ``file`` a copy is made first."""
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version < 0:
        raise Damaged(f"there is no version {version}")
    if file is not None and 0 < version < VERSION:
        back_up(file, version)
    try:
        migrate(db, version)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise Damaged(f"its tables are not those of version {version}: {error}") from error
        raise
    found = columns_of(db)
    if wrong := [name for name, columns in _expected_columns().items() if found.get(name) != columns]:
        raise Damaged(f"these tables are not those of version {VERSION}: {', '.join(wrong)}")
    db.execute("COMMIT")


@cache
def _expected_columns() -> dict[str, list[str]]:
    """Return the columns of each of our tables in this version."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        migrate(db, 0)
        return columns_of(db)


def _not_saved(error: Exception) -> ErrorInfo:
    """Say why the disk is not used."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, sqlite3.Error) and is_locked(error):
        return ErrorInfo(
            code="store_locked",
            message="Chats are not being saved: another program holds the file of the saved chats.",
            hint=f"Close the program that has {FILE_NAME} open; then they are saved by themselves.",
            detail=detail,
        )
    if isinstance(error, FileGone):
        return ErrorInfo(
            code="store_gone",
            message="Chats are not being saved: the folder of the saved chats was deleted or replaced.",
            hint="They are saved again as soon as c.StreamChat.data_dir can be written.",
            detail=detail,
        )
    message = "Chats are not being saved: the disk cannot be written."
    hint = "Make room or correct the permissions of c.StreamChat.data_dir; then they are saved by themselves."
    if isinstance(error, NewerDatabase):
        message = "Chats are not being saved: the saved ones are of a newer version of this extension."
        hint = "Update the extension, then restart Jupyter."
    return ErrorInfo(code="not_saved", message=message, hint=hint, detail=detail)


def _damaged(path: Path) -> ErrorInfo:
    """Say where the damaged database is."""
    return ErrorInfo(
        code="store_damaged",
        message="The saved chats were damaged. They have been put aside, and a new store was begun.",
        hint="Repair the file, or restore a copy in its place; delete it to end this notice.",
        detail=str(path),
    )
