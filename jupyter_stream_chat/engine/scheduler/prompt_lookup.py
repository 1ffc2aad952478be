"""Guesses the next tokens from what the conversation has had before (prompt lookup decoding). Pure.

Where the last few tokens stood earlier, what followed them there is the guess. The model reads a guess
together with the last token, in one call; what it would not have chosen is discarded, so the answer stays
the same.
"""

from __future__ import annotations

from collections.abc import Sequence

_GRAM = 3
"""Tokens that must have stood together earlier."""


class PromptLookup:
    """Guesses for one sequence, whose ids grow."""

    def __init__(self, ids: Sequence[int], most: int) -> None:
        """``most`` tokens in a guess; the length follows how much of the earlier guesses was right."""
        self._ids = ids
        self._most = most
        self._length = most
        self._ends: dict[tuple[int, ...], int] = {}
        self._indexed = 0
        self.guessed = 0
        """Tokens guessed so far."""
        self.accepted = 0
        """Of these, how many were right."""

    def guess(self) -> list[int]:
        """Return the tokens that may follow; empty where nothing like the end was there before."""
        if not self._most:
            return []
        ids = self._ids
        for end in range(max(self._indexed, _GRAM), len(ids)):
            self._ends[tuple(ids[end - _GRAM : end])] = end
        self._indexed = len(ids)
        place = self._ends.get(tuple(ids[-_GRAM:]))
        return [] if place is None else list(ids[place : place + self._length])

    def judged(self, guessed: int, accepted: int) -> None:
        """Learn how much of a guess was right."""
        self.guessed += guessed
        self.accepted += accepted
        self._length = min(self._most, 2 * accepted + 1)
