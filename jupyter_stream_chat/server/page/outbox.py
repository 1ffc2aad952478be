"""What one page is still to be sent, and when.

Owns order and merging: structure goes first and in order; text is no queue but a cursor per run, sliced from
the run's text when a frame is really written, so a page that reads slowly gets larger deltas and costs no
memory. The workspace's events are a cursor too (``broadcast``), and go before structure. Knows no
socket: it is given ``send`` and a clock, never blocks or raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...chats.text import Cursor
from ...protocol import (
    ChatEvent,
    ChatOpened,
    ChatResumed,
    Delta,
    RunFinished,
    RunProgressed,
    Wire,
    WorkspaceLoaded,
    encode,
)
from ..deltas import DELTA_CHARACTERS, progress_of
from .token_bucket import TokenBucket

if TYPE_CHECKING:
    from ...chats.feed import LiveRun
    from .broadcast import Broadcast

FRAME_CAPACITY = 8
"""Delta frames that may leave back to back. More than a burst of tokens at a person's reading speed."""
FRAME_INTERVAL = 0.016
"""Seconds per delta frame once the burst is used up: one per screen refresh; more would be painted never."""
FRAME_CHARACTERS = 8_000
"""Structural events share a frame up to this size; with a delta behind them it stays below 256 KiB."""
QUEUE_LIMIT = 128
"""Structural events that wait for a slow page. Beyond, the chats concerned get a snapshot instead."""
REPLY_LIMIT = 1024
"""Unread replies after which a page is given up: it sends commands and never reads."""
ROOM = 16
"""Commands that may cause large replies wait while more frames than this are queued."""
WORKSPACE = ""
"""Name of the workspace's stream, beside the ids of chats."""


class Timer(Protocol):
    """What ``call_later`` returns."""

    def cancel(self) -> object: ...


@dataclass(slots=True)
class _Followed:
    """A live run, and how much of its text has been written to this page."""

    live: LiveRun
    cursor: Cursor


class Outbox:
    """The frames of one page. A ``Subscriber`` of its chats and a ``BroadcastReader`` of its list."""

    def __init__(
        self,
        send: Callable[[str], asyncio.Future[None]],
        *,
        clock: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], Timer],
        refresh: Callable[[str], None],
        give_up: Callable[[], None],
    ) -> None:
        """Write through ``send``, one frame at a time.

        ``refresh(stream)`` asks for a new snapshot of a chat (or of ``WORKSPACE``) whose events were dropped;
        it comes when all else has been read. ``give_up()`` asks to close a page that does not read at all.
        """
        self._send = send
        self._call_later = call_later
        self._refresh = refresh
        self._give_up = give_up
        self._budget = TokenBucket(clock, FRAME_CAPACITY, FRAME_INTERVAL)
        self._queue: deque[tuple[str | None, Wire]] = deque()
        self._workspace: WorkspaceLoaded | None = None
        """The workspace's snapshot while it waits to be written: it goes before the news."""
        self._broadcast: Broadcast | None = None
        self._news_seq = 0
        """The number of the last news that was written."""
        self._news_due = False
        self._progress: dict[str, RunProgressed] = {}
        self._runs: dict[str, _Followed] = {}
        self._grown: dict[str, None] = {}
        self._followed: set[str] = set()
        self._stale: dict[str, None] = {}
        self._timer: Timer | None = None
        self._writing = False
        self._closed = False
        self._room = asyncio.Event()
        self._room.set()

    # --- what the page is sent --------------------------------------------------------------------

    def reply(self, event: Wire) -> None:
        """Queue an event for this page alone: hello, an answer to a command."""
        if len(self._queue) >= REPLY_LIMIT:
            self.close()
            self._give_up()
            return
        self._push(None, event)

    def follow_workspace(self, loaded: WorkspaceLoaded, broadcast: Broadcast) -> None:
        """Write the workspace's snapshot; what happens from then on follows."""
        self.unfollow(WORKSPACE)
        self._followed.add(WORKSPACE)
        self._workspace, self._broadcast, self._news_seq = loaded, broadcast, loaded.seq
        self.has_news()

    def has_news(self) -> None:
        """Write what is new in the workspace."""
        self._news_due = self._broadcast is not None
        self._flush()

    def follow(
        self,
        chat_id: str,
        opening: ChatOpened | ChatResumed,
        missing: Iterable[Wire],
        live: Iterable[tuple[LiveRun, Sequence[int]]],
    ) -> None:
        """Queue what opens a chat, and go on from there.

        Call it in the same step of the loop in which ``opening`` was made. ``live``: the chat's live runs,
        each with the length of each part that the page will have once it has read ``opening``.
        """
        self.unfollow(chat_id)
        self._followed.add(chat_id)
        for run, lengths in live:
            self._runs[run.run_id] = _Followed(run, Cursor(run.text, lengths))
            if run.info.status != "finished":  # its end is being written; run_finished follows
                self._progress[run.run_id] = progress_of(run)
            self._grown[run.run_id] = None
        self._push(chat_id, opening)
        for event in missing:
            self._push(chat_id, event)

    def unfollow(self, stream: str) -> None:
        """Forget a chat (or ``WORKSPACE``) and all that is queued for it. Its runs go on."""
        self._followed.discard(stream)
        self._stale.pop(stream, None)
        if stream == WORKSPACE:
            self._workspace = self._broadcast = None
            self._news_due = False
        self._queue = deque(entry for entry in self._queue if entry[0] != stream)
        for run_id, followed in list(self._runs.items()):
            if followed.live.info.chat_id == stream:
                self._forget_run(run_id)
        self._measure_room()

    @property
    def chats(self) -> set[str]:
        """The chats that the page follows, those that wait for a new snapshot included."""
        return (self._followed | set(self._stale)) - {WORKSPACE}

    def event(self, event: Wire) -> None:
        """Take an event from a chat's feed."""
        if not isinstance(event, ChatEvent | RunProgressed) or event.chat_id not in self._followed:
            return
        if isinstance(event, RunProgressed):
            self._progress[event.run_id] = event
            self._flush()
            return
        if isinstance(event, RunFinished):
            self._progress.pop(event.run.run_id, None)
        self._push(event.chat_id, event)
        if len(self._queue) > QUEUE_LIMIT:
            self._drop_streams()

    def on_text(self, live: LiveRun) -> None:
        """Take note that a run has more text."""
        if live.run_id not in self._runs:
            if live.info.chat_id not in self._followed:
                return
            self._runs[live.run_id] = _Followed(live, Cursor(live.text))
        self._grown[live.run_id] = None
        self._flush()

    async def wait_until_drained(self) -> None:
        """Wait until the page has read so much that a large reply may be queued."""
        await self._room.wait()

    def close(self) -> None:
        """Write nothing more."""
        self._closed = True
        for held in (self._queue, self._progress, self._runs, self._grown, self._followed, self._stale):
            held.clear()
        self._workspace = self._broadcast = None
        if self._timer is not None:
            self._timer.cancel()
        self._room.set()

    # --- how it is sent ---------------------------------------------------------------------------

    def _push(self, stream: str | None, event: Wire) -> None:
        if self._closed:
            return
        self._queue.append((stream, event))
        self._measure_room()
        self._flush()

    def _flush(self) -> None:
        while not self._writing and not self._closed:
            frame = self._next_structure() or self._next_progress() or self._next_text()
            if frame is None:
                self._refresh_one()
                return
            self._writing = True
            written = self._send(frame)
            if not written.done():
                written.add_done_callback(self._written)
                return
            self._end_write(written)

    def _written(self, written: asyncio.Future[None]) -> None:
        self._end_write(written)
        self._flush()

    def _end_write(self, written: asyncio.Future[None]) -> None:
        self._writing = False
        if written.cancelled() or written.exception() is not None:
            self.close()

    def _next_structure(self) -> str | None:
        """Return the news and what is queued as one frame, an event per line."""
        if not self._queue and not self._news_due:
            return None
        lines = self._next_news()
        size = sum(map(len, lines))
        while self._queue and size < FRAME_CHARACTERS:
            # A snapshot may take many seconds on a slow link: what was queued before it does not wait for it.
            if lines and isinstance(self._queue[0][1], ChatOpened):
                break
            lines.append(self._next_line())
            size += len(lines[-1])
        self._measure_room()
        return "\n".join(lines) or None

    def _next_news(self) -> list[str]:
        self._news_due = False
        if self._broadcast is None:
            return []
        broadcast = self._broadcast.since(self._news_seq, FRAME_CHARACTERS)
        if broadcast is None:
            self._drop(WORKSPACE)
            return []
        self._news_seq += len(broadcast)
        self._news_due = self._news_seq < self._broadcast.seq
        if self._workspace:
            broadcast.insert(0, encode(self._workspace))
            self._workspace = None
        return broadcast

    def _next_line(self) -> str:
        event = self._queue[0][1]
        if isinstance(event, RunFinished) and (rest := self._rest(event.run.run_id)):
            return rest
        self._queue.popleft()
        return encode(event)

    def _rest(self, run_id: str) -> str | None:
        """Return text that must go before the run's end, and forget the run when there is none."""
        if run_id in self._runs and (rest := self._delta(run_id)):
            return rest
        self._forget_run(run_id)
        return None

    def _next_progress(self) -> str | None:
        if not self._progress:
            return None
        return encode(self._progress.pop(next(iter(self._progress))))

    def _next_text(self) -> str | None:
        while self._grown:
            run_id = next(iter(self._grown))
            if self._runs[run_id].cursor.is_at_end:
                del self._grown[run_id]
                continue
            wait = self._budget.take()
            if wait > 0:
                self._arm(wait)
                return None
            # Behind the other runs: each is written in its turn.
            del self._grown[run_id]
            if delta := self._delta(run_id):
                return delta
        return None

    def _delta(self, run_id: str) -> str | None:
        """Return the text of a run that follows; None where the page has all of it."""
        cursor = self._runs[run_id].cursor
        piece = cursor.next(DELTA_CHARACTERS)
        if piece is None:
            return None
        if not cursor.is_at_end:
            self._grown[run_id] = None
        return encode(Delta(run_id=run_id, **piece._asdict()))

    def _arm(self, wait: float) -> None:
        if self._timer is None:
            self._timer = self._call_later(wait, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._flush()

    def _forget_run(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._progress.pop(run_id, None)
        self._grown.pop(run_id, None)

    def _drop_streams(self) -> None:
        """Give up the queued events of every stream: a snapshot of each is smaller than its backlog."""
        for stream in dict.fromkeys(stream for stream, _ in self._queue if stream is not None):
            self._drop(stream)

    def _drop(self, stream: str) -> None:
        self.unfollow(stream)
        self._stale[stream] = None

    def _refresh_one(self) -> None:
        # One at a time, once nothing waits to be written: fifty snapshots at once would be the backlog again.
        if self._stale:
            stream = next(iter(self._stale))
            del self._stale[stream]
            self._refresh(stream)

    def _measure_room(self) -> None:
        if len(self._queue) < ROOM:
            self._room.set()
        else:
            self._room.clear()
