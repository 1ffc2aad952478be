"""Stop strings: they end an answer wherever tokens cut them, and nothing of them is shown."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Watches a text that grows, and holds back what may still become a stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        """Empty strings are ignored."""
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.found = False
        """Whether a stop string has come; there is nothing to add after it."""

    def add(self, text: str) -> str:
        """Return the text that can be shown."""
        if not self._stops:
            return text
        held = self._held + text
        places = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if places:
            self.found, self._held = True, ""
            return held[: min(places)]
        keep = max(self._beginning_at_end(held, stop) for stop in self._stops)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def flush(self) -> str:
        """Return what was held back for nothing."""
        held, self._held = self._held, ""
        return held

    @staticmethod
    def _beginning_at_end(text: str, stop: str) -> int:
        """Return the length of the longest end of ``text`` that begins ``stop``."""
        longest = min(len(stop) - 1, len(text))
        return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
