"""What pages follow: the numbered events of one chat or one workspace, and the live texts of a chat.

Owns sequence numbers, the log that a reconnecting page is replayed, and who is told. Stores nothing,
knows no socket. All of it belongs to the event loop: nothing here awaits, so what is published in one step is
seen in one.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, ItemsView
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from ..protocol import ChatEvent, RunInfo, RunProgressed, Wire
from .text import RunText

log = logging.getLogger(__name__)

LOG_EVENTS = 256
"""Events that a page may have missed and still be replayed. A chat makes four per question."""

IDLE_FEEDS = 256
"""Feeds kept although nobody follows them: a page that comes back to such a chat is replayed its log."""

E = TypeVar("E", bound=Wire)


class LiveRun(Protocol):
    """A run that is writing, as a reader needs it."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def info(self) -> RunInfo:
        """The run as far as it has come."""

    @property
    def text(self) -> RunText:
        """Its text so far."""


class Subscriber(Protocol):
    """Who follows a feed. Neither method may block or raise; one that raises is dropped."""

    def event(self, event: Wire) -> None:
        """Take an event."""

    def on_text(self, live: LiveRun) -> None:
        """Take note that a run has more text."""


class Feed(Generic[E]):
    """A sequence of events, numbered from 1 without gaps within an epoch."""

    def __init__(self, log_events: int = LOG_EVENTS, *, seq: int = 0) -> None:
        """``seq``: the number before that of the first event."""
        self.seq = seq
        """The number of the last event."""
        self.is_ended = False
        """What it tells of is gone."""
        self._log: deque[E] = deque(maxlen=log_events)
        self._subscribers: dict[Subscriber, None] = {}

    def publish(self, make: Callable[[int], E]) -> E:
        """Make the next event from its number, log it and send it to every subscriber."""
        event = make(self.seq + 1)
        self.seq += 1
        self._log.append(event)
        self.announce(event)
        return event

    def announce(self, event: Wire) -> None:
        """Send an event that has no place in the sequence: progress, a snapshot."""
        self._tell(lambda subscriber: subscriber.event(event))

    def since(self, seq: int) -> list[E] | None:
        """Return the events after ``seq``, or None when the log does not reach back so far."""
        missing = self.seq - seq
        if not 0 <= missing <= len(self._log):
            return None
        return list(islice(self._log, len(self._log) - missing, None))

    def subscribe(self, subscriber: Subscriber) -> None:
        """Send events to ``subscriber`` from now on; idempotent."""
        self._subscribers[subscriber] = None

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Send it no further events."""
        self._subscribers.pop(subscriber, None)

    def end(self) -> None:
        """Send nothing more to anybody. Whoever holds the feed shall forget it."""
        self.is_ended = True
        self._subscribers.clear()

    @property
    def is_idle(self) -> bool:
        """Whether nobody follows."""
        return not self._subscribers

    def _tell(self, tell: Callable[[Subscriber], None]) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                tell(subscriber)
            except Exception:
                # A reader's fault must reach neither the run that writes nor the other readers.
                log.exception("A subscriber failed and is dropped")
                self.unsubscribe(subscriber)


class ChatFeed(Feed[ChatEvent]):
    """The events of one chat, and the runs that are writing in it."""

    def __init__(self, log_events: int = LOG_EVENTS, *, seq: int = 0) -> None:
        super().__init__(log_events, seq=seq)
        self.live: dict[str, LiveRun] = {}
        """Runs by id. Who starts one enters it, after ``ChatService.begin_run``; ``end_run`` takes it out."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody follows and nothing writes."""
        return super().is_idle and not self.live

    def on_text(self, live: LiveRun) -> None:
        """Tell subscribers that a live run has more text."""
        self._tell(lambda subscriber: subscriber.on_text(live))

    def progressed(self, event: RunProgressed) -> None:
        """Tell subscribers what a live run is doing."""
        self.announce(event)


F = TypeVar("F", bound=Feed[Any])


class Feeds(Generic[F]):
    """Feeds by name: those in use, and the latest of the others."""

    def __init__(self, make: Callable[[int], F], idle: int = IDLE_FEEDS) -> None:
        """``make`` makes a feed that numbers on from the given number; ``idle``: how many are kept unused."""
        self._make = make
        self._idle = idle
        self._feeds: dict[str, F] = {}
        self._first = 0
        """Dropped feeds gave out no number above this one. New feeds repeat none: nobody resumes wrongly."""

    def __getitem__(self, name: str) -> F:
        """Return the feed of this name; make it if there is none."""
        feed = self._feeds.pop(name, None)
        if feed is None:
            self._drop_idle()
            feed = self._make(self._first)
        self._feeds[name] = feed  # at the end: the latest
        return feed

    def get(self, name: str) -> F | None:
        """Return the feed of this name, if there is one."""
        return self._feeds.get(name)

    def drop(self, name: str) -> None:
        """Forget a feed unless it is in use."""
        if (feed := self._feeds.get(name)) is not None and feed.is_idle:
            self._first = max(self._first, feed.seq)
            del self._feeds[name]

    def items(self) -> ItemsView[str, F]:
        """Return names and feeds."""
        return self._feeds.items()

    def __len__(self) -> int:
        return len(self._feeds)

    def _drop_idle(self) -> None:
        if len(self._feeds) < self._idle:
            return
        idle = [name for name, feed in self._feeds.items() if feed.is_idle]
        for name in idle[: len(self._feeds) - self._idle + 1]:
            self.drop(name)
