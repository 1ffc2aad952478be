"""What a run did, in figures: its times, and what went through the callback chain."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections.abc import Sequence

from ..protocol import Counts, Timings
from .attempt import Attempt


class RunStats:
    """Clock and counters of one run. Made when the run is accepted."""

    def __init__(self) -> None:
        self._accepted = time.monotonic()
        self._first_text: float | None = None
        self._stopped: float | None = None
        self._released: float | None = None
        self._ends: list[array[int]] = []
        """For each part: its length after each token."""
        self._after_stop = 0

    def arrived(self) -> None:
        """Note that the model said something."""
        self._after_stop += self._stopped is not None

    def took(self, part: int, length: int) -> bool:
        """Note a token that was handed on, by its part's length with it; True for the first of all."""
        if part == len(self._ends):
            self._ends.append(array("Q"))
        self._ends[part].append(length)
        if self._first_text is not None:
            return False
        self._first_text = time.monotonic()
        return True

    @property
    def has_text(self) -> bool:
        """Whether any text was handed on."""
        return self._first_text is not None

    def stop(self) -> None:
        """Note the moment of the stop."""
        self._stopped = time.monotonic()

    def release(self) -> None:
        """Note that the provider has closed the connection."""
        self._released = time.monotonic()

    def timings(self) -> Timings:
        """Return the times until now."""
        return Timings(
            first_token_ms=_ms(self._accepted, self._first_text),
            total_ms=_ms(self._accepted, time.monotonic()) or 0.0,
            disconnect_ms=None if self._stopped is None else _ms(self._stopped, self._released),
        )

    def counts(self, attempts: Sequence[Attempt], kept: Sequence[int] | None = None) -> Counts:
        """Return the counts, summed over the attempts. ``kept``: what a stop left of the text."""
        callbacks = [attempt.callback for attempt in attempts]
        return Counts(
            tokens=sum(callback.tokens for callback in callbacks),
            logged=sum(callback.logged for callback in callbacks),
            forwarded=sum(callback.forwarded for callback in callbacks),
            characters=sum(ends[-1] for ends in self._ends),
            unreported=sum(attempt.unreported for attempt in attempts),
            after_interrupt=self._after_stop,
            discarded=0 if kept is None else self._tokens_beyond(kept),
        )

    def _tokens_beyond(self, kept: Sequence[int]) -> int:
        lengths = [*kept, *[0] * len(self._ends)]
        return sum(
            len(ends) - bisect_right(ends, length) for ends, length in zip(self._ends, lengths, strict=False)
        )


def _ms(start: float, moment: float | None) -> float | None:
    """Return the milliseconds from ``start`` to ``moment``, to the microsecond."""
    return None if moment is None else round((moment - start) * 1000, 3)
