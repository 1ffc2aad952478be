"""The file that a live run's text is appended to, so that it survives the server.

Owns the record format, the files and the lock that says whose a run is. What becomes of recovered text is the
library's business.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from ..protocol import Channel

log = logging.getLogger(__name__)

_OWNER: Final = "owner"
_SUFFIX: Final = ".spool"


class Spool:
    """One run's spool, held by the process that runs it."""

    def __init__(
        self,
        run_id: str,
        file: _Files | None = None,
        fd: int | None = None,
        on_failure: Callable[[OSError], None] | None = None,
    ) -> None:
        """Use ``create``. Without a file it accepts all and keeps nothing (chats live in memory)."""
        self.run_id = run_id
        self._files = file
        self._fd = fd
        self._on_failure = on_failure

    @classmethod
    def create(cls, folder: Path, run_id: str, on_failure: Callable[[OSError], None] | None = None) -> Spool:
        """Lock the run and make its file.

        ``on_failure`` is called, at most once, when an append could not be written. Raises OSError when the
        folder cannot be written or another process holds the run.
        """
        raise NotImplementedError

    def append(self, channel: Channel, text: str) -> None:
        """Append text by one unbuffered write. Never raises; text that cannot be written is reported once."""
        raise NotImplementedError

    def remove(self) -> None:
        """Delete the file and let the run go: its text is in the store. A second time does nothing."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the run go but keep the file: whoever recovers next takes it for lost."""
        raise NotImplementedError

    @classmethod
    def recover(cls, folder: Path, run_id: str) -> SpoolText | None:
        """Take a run whose owner is gone, with its text; None when the owner lives.

        The caller holds the run until ``SpoolText.remove`` or ``close``. A torn last record is left out.
        """
        raise NotImplementedError
