"""The folder that keeps what could not be read: records of the database and spools of answers.

Owns the folder ``damaged`` and its notice. A record is copied there before the database's own is repaired or
removed, so nothing is lost. A damaged database file stays beside the new one: see ``backup``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..protocol import ErrorInfo

log = logging.getLogger(__name__)

FOLDER_NAME: Final = "damaged"
_NAME_LENGTH: Final = 100
"""File systems take 255 bytes."""


class Quarantine:
    """Damaged records and files by name. It belongs to the store's thread; ``count`` is safe anywhere."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is made before something is put aside."""
        self.folder = data_dir / FOLDER_NAME
        self._known: set[str] = set()
        self.count = 0
        """Records found damaged since the start: who follows it knows when the notice changes."""

    @property
    def notice(self) -> ErrorInfo | None:
        """Say that records are damaged, as long as their copies lie in the folder or cannot be written."""
        try:
            is_empty = not self._known and not os.listdir(self.folder)
        except OSError:
            is_empty = not self._known
        if is_empty:
            return None
        return ErrorInfo(
            code="records_damaged",
            message="Some saved records could not be read. They were put aside; all others work.",
            hint="The files are named after the records. Delete them to end this notice.",
            detail=str(self.folder),
        )

    def put_aside(self, table: str, name: str, record: Mapping[str, object], why: str) -> bool:
        """Copy a record into the folder; return whether it is there. The same record is copied once."""
        content = json.dumps({"table": table, "record": record, "why": why}, default=_plain).encode()
        file_name = f"{_plain_name(f'{table}-{name}')}-{zlib.crc32(content):08x}.json"
        file = self.folder / file_name
        if file.exists():
            return True
        if file_name not in self._known:
            log.error("A record of %s is damaged and was put aside as %s: %s", table, file, why)
            self.count += 1
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = file.with_suffix(".part")
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
                opened.write(content)
                os.fsync(opened.fileno())
            unfinished.replace(file)
        except OSError as error:
            log.warning("%s could not be written: %s", file, error)
            self._known.add(file_name)
            return False
        self._known.discard(file_name)
        return True

    def move(self, file: Path, why: str) -> bool:
        """Move a file, or what else has that name, into the folder; return whether it is there."""
        when = time.strftime("%Y%m%d-%H%M%S")
        target = self.folder / f"{file.name}.{when}"
        number = 1
        while os.path.lexists(target):
            number += 1
            target = self.folder / f"{file.name}.{when}-{number}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.rename(target)
        except OSError as error:
            log.warning("%s is damaged and could not be put aside: %s", file, error)
            return False
        log.error("%s is damaged and was put aside as %s: %s", file, target, why)
        self.count += 1
        return True


def _plain_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_NAME_LENGTH]


def _plain(value: object) -> object:
    """Return what JSON has no form for: bytes."""
    return {"hex": value.hex()} if isinstance(value, bytes) else repr(value)
