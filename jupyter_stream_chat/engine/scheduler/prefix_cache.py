"""The caches of one model, in use and idle, within a budget of bytes.

An idle cache is an earlier prompt and its answer: the next turn of that chat takes it and reads only what is
new. What other chats begin with as well (a system prompt) is copied. Idle caches are dropped, longest unused
first, when a cache in use needs their bytes. What a template strips from earlier answers, or a tokenizer cuts
differently, only shortens the common beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .kv_cache import KeyValueCache

_LEAST_COPIED = 8
"""Tokens: copying fewer is not worth its calls."""

Entry = tuple[list[int], KeyValueCache]
"""Token ids that begin with those in the cache, and the cache."""


class PrefixCache:
    """Hands out the cache that has the longest beginning in common with a prompt."""

    def __init__(self, new_cache: Callable[[], KeyValueCache], budget: int) -> None:
        """``budget``: most bytes of all caches."""
        self.budget = budget
        self._new_cache = new_cache
        self._idle: list[Entry] = []
        self._used: list[Entry] = []

    @property
    def nbytes(self) -> int:
        """Bytes of all caches."""
        return sum(cache.nbytes for _, cache in (*self._idle, *self._used))

    @property
    def idle_nbytes(self) -> int:
        """Bytes of the caches that are not in use."""
        return sum(cache.nbytes for _, cache in self._idle)

    def fits(self, length: int) -> bool:
        """Tell whether a cache of ``length`` tokens fits beside those in use, the idle ones being dropped."""
        used = sum(cache.nbytes for _, cache in self._used)
        needed = self._new_cache().growth(length)
        return not needed or used + needed <= self.budget

    def checkout(self, ids: list[int]) -> KeyValueCache:
        """Return a cache that holds a beginning of ``ids`` and leaves at least one id to read.

        ``ids`` may grow while the cache is in use; the cache holds a beginning of it at all times.
        """
        cache = self._take(ids) or self._copy(ids) or self._new_cache()
        self._used.append((ids, cache))
        return cache

    def checkin(self, cache: KeyValueCache) -> None:
        """Keep a cache for the next turn, as far as the budget allows."""
        ids = self.discard(cache)
        if cache.length:
            self._idle.append((ids[: cache.length], cache))
            self.make_room(0)

    def discard(self, cache: KeyValueCache) -> list[int]:
        """Drop a cache that is in use, and return its ids."""
        index = next(index for index, (_, used) in enumerate(self._used) if used is cache)
        return self._used.pop(index)[0]

    def make_room(self, nbytes: int) -> bool:
        """Drop idle caches until ``nbytes`` more fit. False: they do not fit even then."""
        free = self.budget - self.nbytes - nbytes
        while free < 0 and self._idle:
            free += self._idle.pop(0)[1].nbytes
        return free >= 0 or not nbytes

    def clear(self) -> None:
        """Drop all idle caches."""
        self._idle.clear()

    def _take(self, ids: Sequence[int]) -> KeyValueCache | None:
        """Return the idle cache with the longest common beginning, cut to it."""
        best = max(self._idle, key=lambda entry: common_prefix(entry[0], ids), default=None)
        if best is None:
            return None
        held, cache = best
        keep = min(common_prefix(held, ids), len(ids) - 1)
        # A cache that shares little (a system prompt, say) is another chat's: leave it.
        if not keep or 2 * keep < len(held):
            return None
        if not cache.crop(keep):
            return None
        self._idle.remove(best)
        return cache

    def _copy(self, ids: Sequence[int]) -> KeyValueCache | None:
        """Return a copy of the longest common beginning in any cache."""
        shared, source = 0, None
        for held, cache in (*self._idle, *self._used):
            length = min(common_prefix(held, ids), cache.length, len(ids) - 1)
            if length > shared:
                shared, source = length, cache
        if source is None or shared < _LEAST_COPIED:
            return None
        self.make_room(self._new_cache().growth(shared))
        if any(cache is source for _, cache in (*self._idle, *self._used)):
            return source.fork(shared)
        return source if source.crop(shared) else None  # dropped to make room: take it


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many ids two sequences begin with in common."""
    low, high = 0, min(len(first), len(second))
    while low < high:  # halving: comparing slices is far faster than a loop over the ids
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
