"""What pages follow: the numbered events of one chat or one workspace, and the live texts of a chat.

Owns sequence numbers, the log that a reconnecting page is replayed, and who is told. Stores nothing,
knows no socket. All of it belongs to the event loop: nothing here awaits, so what is published in one step is
seen in one.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Generic, Protocol, TypeVar

from ..protocol import ChatEvent, RunInfo, RunProgressed, Wire
from .text import RunText

log = logging.getLogger(__name__)

LOG_EVENTS = 256
"""Events that a page may have missed and still be replayed. A chat makes four per question."""

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

    def __init__(self, log_events: int = LOG_EVENTS) -> None:
        self.seq = 0
        """The number of the last event."""
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
        """Send events to ``subscriber`` from now on; a second time is no second copy."""
        self._subscribers[subscriber] = None

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Send it no more."""
        self._subscribers.pop(subscriber, None)

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

    def __init__(self, log_events: int = LOG_EVENTS) -> None:
        super().__init__(log_events)
        self.live: dict[str, LiveRun] = {}
        """Runs by id. Who starts one enters it, after ``ChatService.begin_run``; ``end_run`` takes it out."""

    def on_text(self, live: LiveRun) -> None:
        """Tell subscribers that a live run has more text."""
        self._tell(lambda subscriber: subscriber.on_text(live))

    def progressed(self, event: RunProgressed) -> None:
        """Tell subscribers what a live run is doing."""
        self.announce(event)
