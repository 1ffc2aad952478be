"""One run as server-sent events: what is missing of its text, then what comes, then its end.

Owns the format (WHATWG HTML, 9.2) and the resuming. An event's id is the code points sent so far of each
part, joined by dots (``12.0.5``), so that ``Last-Event-ID`` says exactly what to go on with.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from ...chats.text import Cursor, RunText
from ...protocol import Delta, RunFinished, RunProgressed, Wire, encode
from ..deltas import DELTA_CHARACTERS

if TYPE_CHECKING:
    from ...chats.feed import ChatFeed, LiveRun

KEEP_ALIVE_SECONDS = 15
"""Proxies close a silent response after 30 to 60 seconds."""

_EVENT_ID = re.compile(r"\d{1,12}(\.\d{1,12})*")


def read_event_id(event_id: str) -> list[int]:
    """Return the lengths that an id has; any other text means: from the beginning."""
    match = _EVENT_ID.fullmatch(event_id.strip())
    return [int(length) for length in match[0].split(".")] if match else []


class RunEvents:
    """An asynchronous iterator of blocks to write. ``close`` ends it from outside."""

    def __init__(self, run_id: str, text: RunText, lengths: Sequence[int]) -> None:
        """Go on behind ``lengths``, the text that the reader has; what it claims too much is left out."""
        self._run_id = run_id
        self._cursor = Cursor(text, lengths)
        self._progress: RunProgressed | None = None
        self._end: RunFinished | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._feed: ChatFeed | None = None

    def follow(self, feed: ChatFeed, progress: RunProgressed) -> None:
        """Take what comes from a live run's feed, until ``close``."""
        self._feed = feed
        self._progress = progress
        feed.subscribe(self)

    def finish(self, end: RunFinished) -> None:
        """Say how the run ended."""
        self._end = end
        self._wake.set()

    def event(self, event: Wire) -> None:
        """Take an event from the feed."""
        if isinstance(event, RunFinished) and event.run.run_id == self._run_id:
            self.finish(event)
        elif isinstance(event, RunProgressed) and event.run_id == self._run_id:
            self._progress = event
            self._wake.set()

    def on_text(self, live: LiveRun) -> None:
        """Take note that a run of the chat has more text."""
        if live.run_id == self._run_id:
            self._wake.set()

    def close(self) -> None:
        """End the iteration and leave the feed."""
        self._closed = True
        self._wake.set()
        if self._feed is not None:
            self._feed.unsubscribe(self)
            self._feed = None

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield blocks of whole events, and a comment when nothing comes for long."""
        while not self._closed:
            self._wake.clear()
            if block := self._next_block():
                yield block
            elif self._end is not None:
                yield self._write("run_finished", self._end)
                return
            else:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    yield ": still here\n\n"

    def _next_block(self) -> str:
        block = ""
        if self._progress is not None and self._end is None:
            block, self._progress = self._write("run_progressed", self._progress), None
        return block + self._delta()

    def _delta(self) -> str:
        piece = self._cursor.next(DELTA_CHARACTERS)
        return self._write("delta", Delta(run_id=self._run_id, **piece._asdict())) if piece else ""

    def _write(self, name: str, event: Wire) -> str:
        event_id = ".".join(map(str, self._cursor.lengths)) or "0"
        return f"id: {event_id}\nevent: {name}\ndata: {encode(event)}\n\n"
