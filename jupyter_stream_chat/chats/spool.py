"""The file that a live run's text is appended to, so that it survives the server.

Owns the record format, the files and the lock that says whose a run is. What becomes of recovered text is the
library's business.
"""

from __future__ import annotations

import asyncio
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
from .spool_writer import Write, spool_writer
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
        self._is_slow = False
        self._unwritten = 0

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

    @property
    def is_behind(self) -> bool:
        """Whether appended text is still on its way into the file."""
        return self._unwritten > 0

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
                    write = Write(fd, _line(record))
                    write.perform()
                    if write.error is not None:
                        raise write.error
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

    def append(
        self, part: int, kind: PartKind, text: str, on_written: Callable[[], None] = lambda: None
    ) -> bool:
        """Append text of a part; return whether it is in the file.

        False where the folder is slow: ``on_written`` is called on the running loop once it is, in the order
        of the appends, and all that is appended later is answered in the same way. Never raises: what cannot
        be written is reported, once, and counts as written.
        """
        if self._fd is None:
            return True
        write = spool_writer().write(self._fd, _line((part, kind, text)))
        if write.is_over and not self._is_slow:
            self._check(write)
            return True
        if not self._is_slow:
            self._is_slow = True
            log.warning("Run %s: its data folder is slow; text is shown once it is written", self.run_id)
        self._unwritten += 1
        loop = asyncio.get_running_loop()

        def report(over: Write) -> None:
            loop.call_soon_threadsafe(self._written, over, on_written)

        write.when_over(report)
        return False

    def _written(self, write: Write, on_written: Callable[[], None]) -> None:
        self._unwritten -= 1
        self._check(write)
        on_written()

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
        if self._fd is not None:
            write = Write(self._fd, _line(record))
            write.perform()
            self._check(write)

    def _check(self, write: Write) -> None:
        if write.error is None or self._fd is None:
            return
        # A record behind a torn one would not be found again, so this is the file's end.
        self._close_file()
        log.warning("Run %s: its text cannot be spooled: %s", self.run_id, write.error)
        if self._on_failure:
            self._on_failure(self.run_id, write.error)

    def _close_file(self) -> None:
        if self._fd is not None:
            if self._unwritten:
                spool_writer().close(self._fd)
            else:
                os.close(self._fd)
            self._fd = None


def _records(text: RunText) -> Iterable[Record]:
    """Yield the records of a file that holds all of a text."""
    yield _OWNER, _this_process()
    for number, part in enumerate(text):
        if part.length:
            yield number, part.kind, str(part)


def _line(record: Record) -> bytes:
    # A JSON array per line: a record that is cut anywhere before its "]" does not parse, which is how a
    # torn one is told, and a person can read the file. Length prefixes would save bytes and no time.
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


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
