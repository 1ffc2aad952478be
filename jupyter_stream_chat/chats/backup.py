"""What becomes of a database file that is about to be changed, or cannot be used any more.

Owns the copy made before a migration, and the putting aside of a damaged file. Overwrites nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock

log = logging.getLogger(__name__)

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OF_ONE_ROW: Final = re.compile(r"(\S+ value in|CHECK constraint failed in) ")
"""What SQLite finds wrong with a row, not with the pages: whoever reads the row sees to that."""
_LOCK: Final = "rescue.lock"
_JOURNALS: Final = ("-wal", "-shm", "-journal")


class Damaged(sqlite3.DatabaseError):
    """The file is a database, but its pages do not fit together."""


def is_damage(error: Exception) -> bool:
    """Tell whether an error means that the file itself is broken, not the way to it."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, Damaged) or (code is not None and code & 0xFF in _DAMAGE)


def is_locked(error: sqlite3.Error) -> bool:
    """Tell whether an error means that somebody else is holding the database."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _LOCKED


def check(db: sqlite3.Connection) -> None:
    """Look through all pages. Raises ``Damaged``, or what SQLite says of a file that is no database."""
    for (found,) in db.execute("PRAGMA quick_check"):
        if found != "ok" and not _OF_ONE_ROW.match(str(found)):
            raise Damaged(str(found))


def back_up(file: Path, version: int) -> Path:
    """Copy the whole database beside its file, named by its version; an older copy is kept.

    The caller may hold its write lock, but must not have written yet. Raises OSError or sqlite3.Error where
    there is no room for it.
    """
    target = _unused(file.with_name(f"{file.stem}.version-{version}{file.suffix}"))
    # Under another name until it is whole: a copy that was cut short must not be taken for one.
    unfinished = target.with_name(f"{target.name}.part")
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    # By a connection of its own: SQLite waits for ever for one that holds the write lock.
    with (
        contextlib.closing(sqlite3.connect(file)) as db,
        contextlib.closing(sqlite3.connect(unfinished)) as copy,
    ):
        db.backup(copy)
    unfinished.replace(target)
    log.info("Chats of version %d were copied to %s before they are brought up to date", version, target)
    return target


def file_identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from all others that there are; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def one_rescuer(folder: Path) -> Iterator[None]:
    """Keep two servers from putting aside one file: the second would take away what the first has made."""
    with FileLock(folder / _LOCK, mode=0o600):
        yield


def move_aside(file: Path) -> Path:
    """Rename a damaged database and its journals, and return where it is now. Raises OSError."""
    when = time.strftime("%Y%m%d-%H%M%S")
    target = _unused(file.with_name(f"{file.stem}.damaged-{when}{file.suffix}"))
    for suffix in _JOURNALS:
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(target.with_name(target.name + suffix))
    file.rename(target)
    log.error("The saved chats in %s are damaged; they were put aside as %s", file, target)
    return target


def quarantine(file: Path) -> list[Path]:
    """Return the damaged databases that lie beside a file, oldest first."""
    return sorted(file.parent.glob(f"{file.stem}.damaged-*{file.suffix}"))


def _unused(path: Path) -> Path:
    """Return the path, or with a number the first one that does not exist."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate
