"""One run as server-sent events: what is missing of its text, then what comes, then its end.

Owns the format (WHATWG HTML, 9.2) and the resuming. An event's id is ``content.reasoning``, the code points
sent so far of each channel, so that ``Last-Event-ID`` says exactly what to go on with.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Protocol

from ...protocol import Channel, Delta, RunFinished, RunProgressed, TextLengths, Wire, encode
from ..deltas import DELTA_CHARACTERS

if TYPE_CHECKING:
    from ...chats.feed import ChatFeed, LiveRun

KEEP_ALIVE_SECONDS = 15
"""Proxies close a silent response after 30 to 60 seconds."""

_EVENT_ID = re.compile(r"(\d{1,12})\.(\d{1,12})")


class Text(Protocol):
    """A text that may still grow."""

    @property
    def length(self) -> int:
        """Code points so far."""

    def tail(self, offset: int, limit: int) -> str:
        """Return up to ``limit`` code points from ``offset`` on."""


class FixedText:
    """The text of a run that has finished."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.length = len(text)

    def tail(self, offset: int, limit: int) -> str:
        """Return up to ``limit`` code points from ``offset`` on."""
        return self._text[offset : offset + limit]


def read_event_id(event_id: str) -> TextLengths:
    """Read ``content.reasoning``; what is not an id of ours means: from the beginning."""
    match = _EVENT_ID.fullmatch(event_id.strip())
    return TextLengths(content=int(match[1]), reasoning=int(match[2])) if match else TextLengths()


class RunEvents:
    """An asynchronous iterator of blocks to write. ``close`` ends it from outside."""

    def __init__(self, run_id: str, texts: Mapping[Channel, Text], held: TextLengths) -> None:
        self._run_id = run_id
        self._texts = texts
        # A reader that claims more than there is reads on from the end.
        self._sent: dict[Channel, int] = {
            "reasoning": min(held.reasoning, texts["reasoning"].length),
            "content": min(held.content, texts["content"].length),
        }
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

    def on_text(self, live: LiveRun, channel: Channel) -> None:
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
        for channel in ("reasoning", "content"):
            block += self._delta(channel)
        return block

    def _delta(self, channel: Channel) -> str:
        offset = self._sent[channel]
        text = self._texts[channel].tail(offset, DELTA_CHARACTERS)
        if not text:
            return ""
        self._sent[channel] += len(text)
        named = None if channel == "content" else channel
        return self._write("delta", Delta(run_id=self._run_id, offset=offset, text=text, channel=named))

    def _write(self, name: str, event: Wire) -> str:
        event_id = f"{self._sent['content']}.{self._sent['reasoning']}"
        return f"id: {event_id}\nevent: {name}\ndata: {encode(event)}\n\n"
