"""The keys that were typed in: one JSON file of mode 0600, written under a lock.

Each key is kept with the destination that it was given for, and is for nobody else. Keys are in no database,
log or answer. Synchronous: callers use a thread.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import SecretStr, TypeAdapter, ValidationError

log = logging.getLogger(__name__)

FILE_NAME = "keys.json"
_LOCK_SECONDS = 10.0
_MODE = 0o600


@dataclass(frozen=True)
class KeptKey:
    """A key and whom it is for (``Profile.destination``)."""

    key: SecretStr
    destination: str


_CONTENT: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
_ENTRY: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])
_Content = dict[str, dict[str, str]]


class KeyFile:
    """The keys of a data folder, by profile."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or made yet."""
        self._path = folder / FILE_NAME
        self._known: _Content = {}
        """What was read or written last."""

    def read(self) -> Mapping[str, KeptKey]:
        """Return what is kept; nothing where the file cannot be read, which is logged."""
        try:
            content, is_whole = self._read()
        except (OSError, ValueError) as error:
            # Its type alone: the text of such an error may quote the file.
            log.error("The keys in %s cannot be read: %s", self._path, type(error).__name__)
            return {}
        if not is_whole:
            log.error("Some of the keys in %s cannot be read", self._path)
        self._known = content
        return {name: KeptKey(SecretStr(one["key"]), one["destination"]) for name, one in content.items()}

    def keep(self, profile_id: str, key: KeptKey) -> None:
        """Keep a profile's key. Raises OSError when it cannot be written."""
        entry = {"key": key.key.get_secret_value(), "destination": key.destination}
        self._change(lambda content: content.update({profile_id: entry}))

    def drop(self, profile_id: str) -> None:
        """Forget a profile's key, if there is one. Raises OSError when that cannot be written."""
        if self._path.exists():
            self._change(lambda content: content.pop(profile_id, None))

    def restore(self) -> None:
        """Write the keys again where their file was deleted while this server ran. Logs what prevents it."""
        if not self._known or self._path.exists():
            return
        known = dict(self._known)
        try:
            self._change(lambda content: content.update({**known, **content}))
        except OSError as error:
            log.error("The keys in %s cannot be written: %s", self._path, type(error).__name__)

    def _change(self, work: Callable[[_Content], object]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made anew each time: one lock object would let every thread of this server in at once.
        with FileLock(f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=_MODE):
            try:
                content, is_whole = self._read()
            except ValueError:
                content, is_whole = {}, False
            if not is_whole:
                # What cannot be read is left for its owner to look at, and nobody's key is lost to it twice.
                unreadable = self._path.with_suffix(".unreadable")
                with open(os.open(unreadable, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as kept:
                    kept.write(self._path.read_bytes())
                self._write(content)
            before = json.dumps(content)
            work(content)
            if json.dumps(content) != before:
                self._write(content)
            self._known = content

    def _read(self) -> tuple[_Content, bool]:
        """Return the entries that can be read, and whether these are all.

        Raises OSError, or ValueError for what is not ours.
        """
        try:
            found = self._path.stat().st_mode
            if not stat.S_ISREG(found):  # a pipe would be waited for without end
                raise OSError("the key file is no file")
            if found & 0o077:
                self._path.chmod(_MODE)  # copied or restored by somebody who did not mind
            entries = _CONTENT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}, True
        except ValidationError:
            raise ValueError("not a file of keys") from None
        content: _Content = {}
        for name, entry in entries.items():
            with suppress(ValidationError):
                one = _ENTRY.validate_python(entry)
                if one.keys() == {"key", "destination"}:
                    content[name] = one
        return content, len(content) == len(entries)

    def _write(self, content: _Content) -> None:
        """Replace the file as a whole: a crash leaves the old one or the new one."""
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=FILE_NAME)  # mkstemp's mode is 0600
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
