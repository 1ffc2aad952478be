"""Whether the pieces of a stream came as they were written, judged by their times of arrival. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_FEWEST_PIECES: Final = 10
_SHORTEST_SECONDS: Final = 0.5
"""A stream of fewer pieces, or a quicker one, shows nothing."""
_SILENCE: Final = 0.2
_AT_ONCE: Final = 0.1
"""Of the silence before them: pieces that came in so short a time were not written in it."""
_FEWEST_AT_ONCE: Final = 4
_MOST: Final = 0.8


def collected(arrivals: Sequence[float]) -> float | None:
    """Return the longest silence, in seconds, after which many pieces came at once; None: that is no pattern.

    ``arrivals``: seconds since the request, in order. A writer that took the length of a silence for a piece
    cannot write many in a tenth of it: they had been collected. It is a pattern when most pieces came so.
    """
    if len(arrivals) < _FEWEST_PIECES or arrivals[-1] < _SHORTEST_SECONDS:
        return None
    at_once, longest, last, position = 0, 0.0, 0.0, 0
    while position < len(arrivals):
        first = arrivals[position]
        silence = first - last
        burst = 1
        if silence >= _SILENCE:
            until = first + silence * _AT_ONCE
            burst = sum(1 for moment in arrivals[position:] if moment <= until)
            if burst >= _FEWEST_AT_ONCE:
                at_once, longest = at_once + burst, max(longest, silence)
        position += burst
        last = arrivals[position - 1]
    return longest if at_once >= _MOST * len(arrivals) else None
