"""The SQLite database: its file, tables, version and journal, and where it goes when the disk fails.

Owns everything about the file; ``store`` owns what is asked of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from ..protocol import ErrorInfo
from .backup import back_up, check, is_damage, move_aside, one_rescuer, quarantine
from .command_error import CommandError

log = logging.getLogger(__name__)
R = TypeVar("R")

FILE_NAME: Final = "chats.sqlite3"
BUSY_SECONDS: Final = 10.0
"""How long to wait for another server on the same store; its transactions take milliseconds."""

_LOCAL_FILE_SYSTEMS: Final = frozenset(
    {"apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "ntfs3"}
    | {"overlay", "ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs"}
)

_FIRST: Final = """
CREATE TABLE chats (
    chat_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    profile_id TEXT,
    streaming TEXT
);
CREATE INDEX chats_by_owner ON chats (owner, updated_at);

-- position: the order of arrival.
CREATE TABLE messages (
    position INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    parent_id TEXT,
    role TEXT NOT NULL,
    author TEXT NOT NULL,
    content TEXT NOT NULL, -- JSON: the parts
    created_at REAL NOT NULL
);
CREATE INDEX messages_by_chat ON messages (chat_id, position);

CREATE TABLE runs (
    position INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    info TEXT NOT NULL, -- JSON: RunInfo
    finished INTEGER NOT NULL
);
CREATE INDEX runs_by_chat ON runs (chat_id);
CREATE INDEX runs_by_message ON runs (message_id);
CREATE INDEX unfinished_runs ON runs (chat_id) WHERE finished = 0;

CREATE TABLE profiles (
    position INTEGER PRIMARY KEY,
    profile_id TEXT NOT NULL UNIQUE,
    fields TEXT NOT NULL -- JSON
);
"""

_DEPLOYMENTS: Final = """
CREATE TABLE deployment_limitations (
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    limitation TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (provider, endpoint, model, limitation)
);
"""

_PARAMETERS: Final = "ALTER TABLE chats ADD COLUMN parameters TEXT"  # JSON: the chat's own

_BRANCHES: Final = """
-- leaf_id: the last message of the active branch; null: the newest one.
ALTER TABLE chats ADD COLUMN leaf_id TEXT;
CREATE INDEX messages_by_parent ON messages (chat_id, parent_id);
"""

_OWNERS: Final = """
-- Profiles, and what is remembered of deployments, are their owner's; '' is the owner of what all share.
ALTER TABLE profiles RENAME TO shared_profiles;
CREATE TABLE profiles (
    position INTEGER PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    profile_id TEXT NOT NULL,
    fields TEXT NOT NULL, -- JSON
    UNIQUE (owner, profile_id)
);
INSERT INTO profiles SELECT position, '', profile_id, fields FROM shared_profiles;
DROP TABLE shared_profiles;
ALTER TABLE deployment_limitations RENAME TO shared_limitations;
CREATE TABLE deployment_limitations (
    owner TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    limitation TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (owner, provider, endpoint, model, limitation)
);
INSERT INTO deployment_limitations
SELECT '', provider, endpoint, model, limitation, until FROM shared_limitations;
DROP TABLE shared_limitations;
"""

_VERSIONS: Final = (_FIRST, _DEPLOYMENTS, _PARAMETERS, _BRANCHES, _OWNERS)
"""What leads from each version of the database to the next. Written once, never changed."""
VERSION: Final = len(_VERSIONS)


class NewerDatabase(Exception):
    """The database was written by a newer version of this software."""


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
        try:
            self._connection = _open(folder)
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
        """Run one statement."""
        return self._connection.execute(sql, values)

    def change(self, work: Callable[[], R], *, durable: bool = True) -> R:
        """Do ``work`` in one transaction; where the disk refuses that, do it again in memory.

        Not ``durable``: with a write-ahead log it survives the server's death at once, a power cut from the
        next durable change on. It takes 0.1 ms instead of a disk's time to sync, 1 to 10 ms.
        """
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
        try:
            self._connection = _connect(self._folder)
        except (OSError, sqlite3.Error, NewerDatabase):
            return False
        try:
            with self.transaction("IMMEDIATE"):
                for work in self._in_memory_only:
                    self._do_again(work)
        except sqlite3.Error as error:
            log.debug("Chats are still not saved: %s", error)
            self._connection.close()
            self._connection = memory
            return False
        memory.close()
        self._in_memory_only.clear()
        self.not_saved = None
        log.info("Chats are saved again")
        return True

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
        self.execute(f"BEGIN {kind}")
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
        (journal,) = self.execute("PRAGMA journal_mode").fetchone()
        self.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' and not wait else 'FULL'}")

    def _move_to_memory(self, error: sqlite3.Error) -> None:
        log.error("Chats are no longer saved: %s", error)
        self.not_saved = _not_saved(error)
        # A damaged file is put aside at the next start: what memory holds of it is all that can be shown.
        self._may_return = not is_damage(error)
        self._connection = _connect_in_memory(copy_of=self._connection)


def _open(folder: Path) -> sqlite3.Connection:
    """Connect; a damaged database is put aside, and a new one made. Raises as ``_connect``."""
    try:
        return _connect(folder)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    with one_rescuer(folder):
        try:
            return _connect(folder)  # another server was here first
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        move_aside(folder / FILE_NAME)
        return _connect(folder)


def _connect(folder: Path) -> sqlite3.Connection:
    """Open or make the database of a folder.

    Raises OSError, sqlite3.DatabaseError or NewerDatabase when it cannot be used for writing.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE_NAME
    # Made before SQLite does, which would give it the umask's mode; journals inherit it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        check(db)
        _set_journal(db, "wal" if on_local_disk(folder) else "delete")
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _connect_for_reading(folder: Path) -> sqlite3.Connection | None:
    """Open the database of a folder that cannot be written; None where nothing can be read of it."""
    address = (folder / FILE_NAME).absolute().as_uri()
    # Without its shared memory a write-ahead log cannot be read: then what was written before it.
    for how in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error):
            db = sqlite3.connect(f"{address}?{how}", uri=True, isolation_level=None)
            try:
                db.execute("SELECT * FROM sqlite_master").fetchone()
            except sqlite3.Error:
                db.close()
                raise
            return db
    return None


def _connect_in_memory(copy_of: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """Make a database in memory, with all that can be read of another one, which is closed."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    if copy_of is None:
        _prepare(db)
        return db
    try:
        with contextlib.closing(copy_of):
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
    if version > VERSION:
        raise NewerDatabase(f"version {version}; this software knows {VERSION}")
    if file is not None and 0 < version < VERSION:
        back_up(file, version)
    for script in _VERSIONS[version:]:
        for statement in script.split(";\n"):
            db.execute(statement)
    if version < VERSION:
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _not_saved(error: Exception) -> ErrorInfo:
    """Say why the disk is not used."""
    message = "Chats are not being saved: the disk cannot be written."
    cure = "Make room or correct the permissions of c.StreamChat.data_dir; then they are saved by themselves."
    if isinstance(error, NewerDatabase):
        message = "Chats are not being saved: the saved ones are of a newer version of this extension."
        cure = "Update the extension, then restart Jupyter."
    return ErrorInfo(code="not_saved", message=message, cure=cure, detail=f"{type(error).__name__}: {error}")


def _damaged(path: Path) -> ErrorInfo:
    """Say where the damaged database is."""
    return ErrorInfo(
        code="store_damaged",
        message="The saved chats were damaged. They have been put aside, and a new store was begun.",
        cure="Mend the file or restore a copy in its place; delete it to end this notice.",
        detail=str(path),
    )
