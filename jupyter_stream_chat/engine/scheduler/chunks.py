"""How many tokens of prompts a call of the model reads, so that no stop and no answer waits long. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_SECONDS_ALONE = 0.3
"""A call while nothing but prompts is read: what a stop waits for."""
_SECONDS_AMONG_ANSWERS = 0.13
"""A call that answers wait for: each of their tokens is late by no more."""
_LEAST = 32
"""Tokens: with fewer, most of a call goes into reading the weights."""
_CROWD_TOKENS = 512
"""Prompts of so many tokens in all are read fast if they outnumber the answers: a few calls take longer."""
_OLDEST_SHARE = 4
"""The prompt that has waited longest gets this part (a quarter) of each call at least."""


class ChunkSize:
    """Chooses the prompt tokens of a call by what earlier calls took per token."""

    def __init__(self, most: int) -> None:
        """``most`` tokens per call."""
        self._most = most
        self._seconds_per_token = 0.0

    def tokens(self, *, among_answers: bool) -> int:
        """Return how many tokens of prompts the next call may read."""
        if not self._seconds_per_token:
            return self._most
        seconds = _SECONDS_AMONG_ANSWERS if among_answers else _SECONDS_ALONE
        return min(self._most, max(_LEAST, int(seconds / self._seconds_per_token)))

    def measured(self, tokens: int, seconds: float) -> None:
        """Learn from a call. Calls of few tokens say nothing: their time does not depend on the tokens."""
        if tokens >= _LEAST:
            now = seconds / tokens
            self._seconds_per_token = (self._seconds_per_token + now) / 2 if self._seconds_per_token else now


def may_delay(answers: int, unread: Sequence[int]) -> bool:
    """Tell whether answers can wait for prompts of so many ``unread`` tokens: chats that begin at once."""
    return not answers or (len(unread) > answers and sum(unread) <= _CROWD_TOKENS)


def shares(unread: Sequence[int], tokens: int) -> list[int]:
    """Divide a call's ``tokens`` among prompts of which so much is ``unread``, in order of arrival.

    The shortest come first, so that a short question does not wait for a long document; the oldest always
    gets a part, so that it comes to its end however many short ones follow.
    """
    if not unread:
        return []
    given = [0] * len(unread)
    given[0] = min(unread[0], -(-tokens // _OLDEST_SHARE))
    left = tokens - given[0]
    for index in sorted(range(len(unread)), key=lambda index: unread[index]):
        more = min(unread[index] - given[index], left)
        given[index] += more
        left -= more
    return given
