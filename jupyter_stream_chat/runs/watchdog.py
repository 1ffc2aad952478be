"""Time limits of a run: until the first token, from token to token, until the end.

Owns a clock that runs only while the model is at work: loading, queueing, waiting for a busy provider and
pauses do not count. Tokens alone count as news: a server that only sends signs of life stalls.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator

from ..protocol import LimitKind, TimeLimit
from ..providers.profiles.timeouts import Timeouts

_ROUNDING = 1e-3
"""Seconds that a timer may fire too early."""


class Watchdog:
    """Watches one run. Made for every run; costs a token one look at the clock."""

    def __init__(
        self,
        timeouts: Timeouts,
        expired: Callable[[TimeLimit], None],
        *,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """``expired`` is called once, with the limit that was reached. ``loop``: whose clock counts."""
        self._timeouts = timeouts
        self._expired = expired
        self._loop = loop or asyncio.get_running_loop()
        self._worked = 0.0
        """Seconds at work until ``_since``."""
        self._since: float | None = None
        """When the work that is going on began; None: nothing is waited for."""
        self._asked: float | None = None
        """At which second of work the question was asked; None: an answer in one piece is waited for."""
        self._heard: float | None = None
        """At which second of work the last token came."""
        self._paused = False
        self._waiting = False
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, *, streamed: bool) -> None:
        """The provider is asked: the first token is waited for, or the whole answer."""
        self._asked = self._now() if streamed else None
        self._heard = None
        self.wait()

    def on_token(self) -> None:
        """A token came."""
        is_first = self._heard is None
        self._heard = self._now()
        if is_first:
            self._arm()

    def wait(self) -> None:
        """The model is at work."""
        self._waiting = True
        self._set_clock()

    def stop_timer(self) -> None:
        """Stop counting: the model is being loaded, the question is queued, or the provider is busy."""
        self._waiting = False
        self._set_clock()

    def pause(self) -> None:
        """The run is paused, whatever it was doing."""
        self._paused = True
        self._set_clock()

    def resume(self) -> None:
        """It goes on with what it was doing; a stall is counted anew."""
        self._paused = False
        if self._heard is not None:
            self._heard = self._now()
        self._set_clock()

    def close(self) -> None:
        """Stop watching."""
        self.stop_timer()

    def _now(self) -> float:
        """Return the seconds of work."""
        return self._worked + (0.0 if self._since is None else self._loop.time() - self._since)

    def _set_clock(self) -> None:
        is_running = self._waiting and not self._paused
        if is_running != (self._since is not None):
            self._worked = self._now()
            self._since = self._loop.time() if is_running else None
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._since is not None:
            due = min((end for end, _ in self._ends()), default=math.inf)
            if due < math.inf:
                self._timer = self._loop.call_later(max(0.0, due - self._now()), self._look)

    def _look(self) -> None:
        """Say what has expired, or look again later: tokens that came meanwhile moved the end."""
        now = self._now() + _ROUNDING
        for end, limit in self._ends():
            if end <= now:
                self.close()
                self._expired(limit)
                return
        self._arm()

    def _ends(self) -> Iterator[tuple[float, TimeLimit]]:
        """Yield at which second of work each limit is reached."""
        if self._heard is not None:
            yield from self._end("next_token", self._heard, self._timeouts.stall)
        elif self._asked is not None:
            yield from self._end("first_token", self._asked, self._timeouts.first_token)
        yield from self._end("end", 0.0, self._timeouts.total)

    @staticmethod
    def _end(limit_kind: LimitKind, start: float, seconds: float | None) -> Iterator[tuple[float, TimeLimit]]:
        if seconds:
            yield start + seconds, TimeLimit(limit_kind=limit_kind, seconds=seconds)
