"""The file that a live run's text is appended to, so that it survives the server.

Owns the record format, the files and the lock that says whose a run is. What becomes of recovered text is the
library's business.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, cast, get_args

from filelock import FileLock

from ..protocol import PartKind
from .text import Gap, RunText

log = logging.getLogger(__name__)

_OWNER: Final = "owner"
_KINDS_OF_VERSION_1: Final[dict[str, PartKind]] = {"content": "text", "reasoning": "reasoning"}
"""Records before parts had numbers were ``[channel, text]``, in the order of their arrival."""

Record: TypeAlias = tuple[str, str] | tuple[int, PartKind, str]
"""``("owner", words)``, or text of a part: its number, its kind, what was appended to it."""


@dataclass
class SpoolText:
    """What a spool file holds."""

    owner: str = ""
    """The server that wrote it, in words."""
    text: RunText = field(default_factory=RunText)


class Spool:
    """A run's spool, held by this process and no other until ``remove`` or ``close``."""

    def __init__(
        self,
        run_id: str,
        folder: Path | None = None,
        lock: FileLock | None = None,
        fd: int | None = None,
        on_failure: Callable[[str, OSError], None] | None = None,
    ) -> None:
        """Use ``create``. Without a folder it takes all and keeps nothing: the chats live in memory."""
        self.run_id = run_id
        self._folder = folder
        self._lock = lock
        self._fd = fd
        self._on_failure = on_failure

    @classmethod
    def create(
        cls, folder: Path, run_id: str, on_failure: Callable[[str, OSError], None] | None = None
    ) -> Spool:
        """Lock the run and make its file.

        ``on_failure(run_id, error)`` is called once, when an append could not be written, until ``renew``.
        Raises OSError when the folder cannot be written or the run is held already.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(folder, run_id)
        try:
            fd = os.open(_file(folder, run_id), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            lock.release()
            raise
        spool = cls(run_id, folder, lock, fd, on_failure)
        spool._write((_OWNER, _this_process()))
        return spool

    @classmethod
    def recover(cls, folder: Path, run_id: str) -> Spool | None:
        """Take the run of an owner that is gone; None while the owner lives, or if nothing can be locked."""
        try:
            return cls(run_id, folder, _lock(folder, run_id))
        except OSError:  # Timeout is one
            return None

    @property
    def is_kept(self) -> bool:
        """Whether what is appended goes into a file."""
        return self._fd is not None

    def renew(self, folder: Path, text: RunText) -> None:
        """Begin a file anew with all the text so far, where there is none or an append could not be written.

        Raises OSError when the disk still refuses.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._lock or _lock(folder, self.run_id)
        # The old file keeps what it has until the new one is whole.
        unfinished = _file(folder, self.run_id).with_suffix(".part")
        try:
            fd = os.open(unfinished, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                for record in _records(text):
                    _write_record(fd, record)
                unfinished.replace(_file(folder, self.run_id))
            except OSError:
                os.close(fd)
                unfinished.unlink()
                raise
        except OSError:
            if self._lock is None:
                lock.release()
            raise
        self._folder, self._lock, self._fd = folder, lock, fd

    def append(self, part: int, kind: PartKind, text: str) -> None:
        """Append text of a part by one unbuffered write. Never raises: a failure is reported, once."""
        self._write((part, kind, text))

    def remove(self) -> None:
        """Delete the files and let the run go: its text is in the store. A second time does nothing."""
        if self._folder and self._lock:
            _file(self._folder, self.run_id).unlink(missing_ok=True)
            # While it is held: whoever opens it now finds out that it is gone, and nobody waits for it.
            _lock_file(self._folder, self.run_id).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let the run go and keep its file: who recovers it next takes it for lost."""
        self._close_file()
        if self._lock:
            self._lock.release()
            self._lock = None

    def _write(self, record: Record) -> None:
        if self._fd is None:
            return
        try:
            _write_record(self._fd, record)
        except OSError as error:
            # A record behind a torn one would not be found again, so this is the file's end.
            self._close_file()
            log.warning("Run %s: its text cannot be spooled: %s", self.run_id, error)
            if self._on_failure:
                self._on_failure(self.run_id, error)

    def _close_file(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _records(text: RunText) -> Iterable[Record]:
    """Yield the records of a file that holds all of a text."""
    yield _OWNER, _this_process()
    for number, part in enumerate(text):
        if part.length:
            yield number, part.kind, str(part)


def _write_record(fd: int, record: Record) -> None:
    """Write one record by one write. Raises OSError when it did not go in whole."""
    # A JSON array per line: a record that is cut anywhere before its "]" does not parse, which is how a
    # torn one is told, and a person can read the file. Length prefixes would save bytes and no time.
    line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    if os.write(fd, line) != len(line):
        raise OSError("the record was cut short: no space left")


def _this_process() -> str:
    return f"process {os.getpid()} on {platform.node()}"


def read_spool(folder: Path, run_id: str) -> SpoolText:
    """Return all whole records of a spool, which may still be growing; nothing when there is none.

    Raises OSError when it cannot be read.
    """
    spooled = SpoolText()
    try:
        data = _file(folder, run_id).read_bytes()
    except FileNotFoundError:
        return spooled
    for line in data.split(b"\n"):
        try:
            _fold(spooled, json.loads(line.decode()))
        except (ValueError, Gap):  # torn, or the empty rest behind the last record
            break
    return spooled


def _fold(spooled: SpoolText, record: Any) -> None:
    """Take one record. Raises ValueError for what is none, Gap for one that continues nothing."""
    match record:
        case [int(part), str(kind), str(text)] if kind in get_args(PartKind):
            held = spooled.text[part].length if part < len(spooled.text) else 0
            spooled.text.put(part, held, text, cast(PartKind, kind))
        case ["owner", str(words)]:
            spooled.owner = words
        case [str(channel), str(text)] if channel in _KINDS_OF_VERSION_1:
            spooled.text.append(_KINDS_OF_VERSION_1[channel], text)
        case _:
            raise ValueError("not a record of a spool")


def spooled_runs(folder: Path) -> list[str]:
    """Return the ids of all runs that have a spool."""
    return sorted(file.stem for file in folder.glob("*.spool"))


def _file(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.spool"


def _lock_file(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.lock"


def _lock(folder: Path, run_id: str) -> FileLock:
    """Lock a run. Raises ``filelock.Timeout``, an OSError, when it is held, also by this process."""
    # thread_local off: taken on the store's thread, let go on the loop's.
    lock = FileLock(_lock_file(folder, run_id), timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock
