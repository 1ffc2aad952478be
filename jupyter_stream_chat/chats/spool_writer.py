"""The thread that writes spools, so that a folder that hangs stops no event loop.

A write is waited for, but not for long: a disk takes some microseconds, and text is shown as soon as it is
written. A network drive that hangs may take for ever; then the writer goes on alone and reports each write.

The thread costs 0.09 ms per token and a write by the loop itself 0.004 ms (measured on two busy cores). So in
a burst, where the folder took another write within the last 2 ms, the loop writes.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue

log = logging.getLogger(__name__)

SLOW_SECONDS = 0.05
"""A write that takes longer is not waited for."""


BURST_SECONDS = 0.002
"""How long ago the folder must have taken a write for the loop to make the next one itself."""


class Write:
    """One record on its way to the disk."""

    def __init__(self, fd: int, record: bytes) -> None:
        self.error: OSError | None = None
        """Why it was not written, once it is over."""
        self._fd = fd
        self._record = record
        self._over = threading.Event()
        self._on_over: Callable[[Write], None] | None = None
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether it was written, or could not be."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Return whether it is over, at the latest after ``seconds``."""
        return self._over.wait(seconds)

    def when_over(self, call: Callable[[Write], None]) -> None:
        """Call ``call`` once it is over, on the writer's thread or, where it is over already, at once."""
        with self._lock:
            if not self._over.is_set():
                self._on_over = call
                return
        call(self)

    def perform(self) -> None:
        """Write; done by the writer alone."""
        try:
            if os.write(self._fd, self._record) != len(self._record):
                self.error = OSError("the record was cut short: no space left")
        except OSError as error:
            self.error = error
        with self._lock:
            self._over.set()
        if self._on_over is not None:
            self._on_over(self)


class SpoolWriter:
    """Performs writes in the order of their coming, on a thread of its own."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._busy_since: float | None = None
        self._taken_at = 0.0
        threading.Thread(target=self._run, name="stream-chat-spool", daemon=True).start()

    def write(self, fd: int, record: bytes) -> Write:
        """Begin to write a record and wait for it a little."""
        write = Write(fd, record)
        since, now = self._busy_since, time.monotonic()
        if since is None and now - self._taken_at < BURST_SECONDS:
            write.perform()
            self._note(write)
            return write
        self._tasks.put(write.perform)
        # Where another write hangs already, this one would not be done in time either.
        if since is None or now - since < SLOW_SECONDS:
            write.wait(SLOW_SECONDS)
        self._note(write)
        return write

    def _note(self, write: Write) -> None:
        if write.is_over and write.error is None:
            self._taken_at = time.monotonic()

    def close(self, fd: int) -> None:
        """Close a file once all that was to be written to it is."""
        self._tasks.put(lambda: os.close(fd))

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            self._busy_since = time.monotonic()
            try:
                task()
            except Exception:
                # Whoever was to be told may be gone; the spools of all other runs are still to be written.
                log.exception("A spooled write could not be reported")
            self._busy_since = None


@cache
def spool_writer() -> SpoolWriter:
    """Return the writer of this process."""
    return SpoolWriter()
