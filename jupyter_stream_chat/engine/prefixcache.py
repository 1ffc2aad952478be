"""Keys and values of earlier prompts, so that a next turn reads only what is new.

Owns a few caches of one model, each with the token ids that are really in it, oldest use first, within a
budget of bytes. An entry is lent to one answer at a time and comes back longer. What a template strips from
earlier answers, or a tokenizer cuts differently, only shortens the common beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import torch
from transformers import DynamicCache, PreTrainedConfig

from .architecture import has_states


class PrefixCache:
    """Lends the cache that has the longest beginning in common with a prompt."""

    def __init__(self, config: PreTrainedConfig, budget: int) -> None:
        """``budget``: most bytes to keep while nothing is generated."""
        self._config = config
        self._budget = budget
        self._entries: list[tuple[list[int], DynamicCache]] = []

    def lend(self, prompt: Sequence[int]) -> tuple[list[int], DynamicCache]:
        """Return a cache and the ids in it, which begin the prompt and leave at least one id to read."""
        best = max(self._entries, key=lambda entry: common_prefix(entry[0], prompt), default=None)
        if best is not None:
            held, cache = best
            keep = min(common_prefix(held, prompt), len(prompt) - 1)
            # An entry that shares little (a system prompt, say) is another chat's: leave it.
            if 2 * keep >= len(held) and _crop(cache, len(held) - keep):
                self._entries.remove(best)
                return held[:keep], cache
        return [], DynamicCache(config=self._config)

    def give_back(self, held: list[int], cache: DynamicCache) -> None:
        """Keep a cache for the next turn, and let the longest unused go where the budget is exceeded."""
        if not self._budget:
            return
        self._entries.append((held, cache))
        sizes = [_size(cache) for _, cache in self._entries]
        while sizes and sum(sizes) > self._budget:
            del sizes[0], self._entries[0]

    def clear(self) -> None:
        """Let all go."""
        self._entries.clear()


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many ids two sequences begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _crop(cache: DynamicCache, surplus: int) -> bool:
    """Take the last tokens out of a cache. False where that cannot be: recurrent states, full windows."""
    if surplus == 0:
        return True
    if not cache.is_croppable or any(cache.is_sliding) or has_states(cache):
        return False
    cache.crop(-surplus)  # transformers 5 counts what to remove, as a negative number
    return True


def _size(cache: DynamicCache) -> int:
    """Return the bytes of a cache's tensors: keys, values and states."""
    return sum(_bytes(value) for layer in cache.layers for value in vars(layer).values())


def _bytes(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, dict):  # states by their number
        return sum(_bytes(each) for each in value.values())
    return sum(_bytes(each) for each in value) if isinstance(value, list | tuple) else 0
