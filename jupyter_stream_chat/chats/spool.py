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
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, cast, get_args

from filelock import FileLock, Timeout

from ..protocol import PartKind
from .backup import file_identity
from .records import is_id
from .spool_writer import Write, spool_writer
from .text import Gap, RunText

log = logging.getLogger(__name__)

_OWNER: Final = "owner"
_KINDS_OF_VERSION_1: Final[dict[str, PartKind]] = {"content": "text", "reasoning": "reasoning"}
"""Records before parts had numbers were ``[channel, text]``, in the order of their arrival."""

Record: TypeAlias = tuple[str, str] | tuple[int, PartKind, str]
"""``("owner", words)``, or text of a part: its number, its kind, what was appended to it."""


READ_CHARACTERS: Final = 4_000_000
READ_BYTES: Final = 64 * 1024 * 1024
"""How much of a spool is read: more than an answer may have, and what memory can hold of several."""


@dataclass
class SpoolText:
    """What a spool file holds."""

    owner: str = ""
    """The server that wrote it, in words."""
    text: RunText = field(default_factory=RunText)
    damage: str = ""
    """Why the file holds more than could be read; empty where at most its last record is cut off."""


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
        self._opened: _Identities | None = None
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
        _make(folder)
        lock = _lock(folder, run_id)
        try:
            fd = os.open(spool_file(folder, run_id), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            lock.release()
            raise
        spool = cls(run_id, folder, lock, fd, on_failure)
        spool._opened = _identities(_files(folder, run_id))
        spool._write((_OWNER, _this_process()))
        return spool

    @classmethod
    def recover(cls, folder: Path, run_id: str) -> Spool | None:
        """Take the run of an owner that is gone; None while the owner lives, or if nothing can be locked."""
        try:
            return cls(run_id, folder, _lock(folder, run_id))
        except Timeout:
            return None
        except (FileExistsError, NotADirectoryError):  # no folder: nobody can hold a run in it
            return cls(run_id)
        except OSError as error:
            if _is_file(_lock_file(folder, run_id)) is not False:
                log.warning("Run %s cannot be locked: %s", run_id, error)
                return None
            # Something else has the name of the lock, so nobody holds the run.
            return cls(run_id, folder)

    @property
    def is_kept(self) -> bool:
        """Whether what is appended goes into a file."""
        return self._fd is not None

    @property
    def is_behind(self) -> bool:
        """Whether appended text is still on its way into the file."""
        return self._unwritten > 0

    def is_in_place(self) -> bool:
        """Tell whether the names of its files still lead to them. Any thread may ask."""
        opened = self._opened
        return opened is None or opened == _identities(opened)

    def lose(self, error: OSError) -> None:
        """Report a failure where its files were deleted: what is appended goes nowhere until ``renew``."""
        if self._fd is None or self.is_in_place():
            return
        self.close()
        log.warning("Run %s: its text is no longer spooled: %s", self.run_id, error)
        if self._on_failure:
            self._on_failure(self.run_id, error)

    def renew(self, folder: Path, text: RunText) -> None:
        """Begin a file anew with all the text so far, where there is none or an append could not be written.

        Raises OSError when the disk still refuses.
        """
        _make(folder)
        lock = self._lock or _lock(folder, self.run_id)
        # The old file keeps what it has until the new one is whole.
        unfinished = spool_file(folder, self.run_id).with_suffix(".part")
        try:
            fd = os.open(unfinished, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                for record in _records(text):
                    write = Write(fd, _line(record))
                    write.perform()
                    if write.error is not None:
                        raise write.error
                unfinished.replace(spool_file(folder, self.run_id))
            except OSError:
                os.close(fd)
                unfinished.unlink()
                raise
        except OSError:
            if self._lock is None:
                lock.release()
            raise
        self._folder, self._lock, self._fd = folder, lock, fd
        self._opened = _identities(_files(folder, self.run_id))

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
            # A loop that has closed meanwhile waits for nothing any more.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._written, over, on_written)

        write.when_over(report)
        return False

    def _written(self, write: Write, on_written: Callable[[], None]) -> None:
        self._unwritten -= 1
        self._check(write)
        on_written()

    def remove(self) -> None:
        """Delete the files and let the run go: its text is in the store. A second time does nothing."""
        # While it is held: whoever opens it now finds out that it is gone, and nobody waits for it.
        for file in _files(self._folder, self.run_id) if self._folder else ():
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s cannot be deleted: %s", file, error)
        self.close()

    def close(self) -> None:
        """Let the run go and keep its file: who recovers it next takes it for lost."""
        self._close_file()
        self._opened = None
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

    Raises OSError when it cannot be read, or is no file.
    """
    spooled = SpoolText()
    try:
        # Not blocking: something else with that name, a pipe, would be waited for without end.
        fd = os.open(spool_file(folder, run_id), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return spooled
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{file.name} is no file")
        while line := file.readline(READ_BYTES):
            try:
                _fold(spooled, json.loads(line.decode()))
            except (ValueError, Gap, RecursionError) as error:
                is_torn = line.startswith(b"[") and not line.endswith(b"\n") and len(line) < READ_BYTES
                spooled.damage = "" if is_torn else f"a record cannot be read: {error}"
                break
            if file.tell() > READ_BYTES or sum(spooled.text.lengths) > READ_CHARACTERS:
                spooled.damage = "it is too long to be read whole"
                break
    return spooled


def _fold(spooled: SpoolText, record: Any) -> None:
    """Take one record. Raises ValueError for what is none, Gap for one that continues nothing."""
    match record:
        case [int(part), str(kind), str(text)] if part >= 0 and kind in get_args(PartKind):
            held = spooled.text[part].length if part < len(spooled.text) else 0
            spooled.text.put(part, held, text, cast(PartKind, kind))
        case ["owner", str(words)]:
            spooled.owner = words
        case [str(channel), str(text)] if channel in _KINDS_OF_VERSION_1:
            spooled.text.append(_KINDS_OF_VERSION_1[channel], text)
        case _:
            raise ValueError("not a record of a spool")


def spooled_runs(folder: Path) -> list[str]:
    """Return the ids of all runs that have a spool; none where the folder cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [Path(entry.name) for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(name.stem for name in names if name.suffix == ".spool" and is_id(name.stem))


def spool_file(folder: Path, run_id: str) -> Path:
    """Return where a run's spool is, if it has one."""
    return folder / f"{run_id}.spool"


def _lock_file(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.lock"


def _files(folder: Path, run_id: str) -> tuple[Path, Path]:
    return spool_file(folder, run_id), _lock_file(folder, run_id)


_Identities: TypeAlias = dict[Path, tuple[int, int] | None]


def _identities(files: Iterable[Path]) -> _Identities:
    """Return what tells each file from all others; None where there is none."""
    return {file: file_identity(file) for file in files}


def _is_file(path: Path) -> bool | None:
    """Tell whether a regular file has this name; None where nothing has, or it cannot be seen."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return None


def _make(folder: Path) -> None:
    """Make the folder, and the data folder that it is in, for nobody else. Raises OSError."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def _lock(folder: Path, run_id: str) -> FileLock:
    """Lock a run. Raises ``filelock.Timeout``, an OSError, when it is held, also by this process."""
    # thread_local off: taken on the store's thread, let go on the loop's.
    lock = FileLock(_lock_file(folder, run_id), timeout=0, mode=0o600, thread_local=False)
    lock.acquire()
    return lock
