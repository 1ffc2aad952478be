"""The keys and values of one sequence.

``PackedCache`` is read and written by the packed attention; ``SerialCache`` wraps what transformers uses.
Neither knows which tokens it holds, nor of other sequences.
"""

from __future__ import annotations

from typing import Protocol

import torch
from transformers import DynamicCache, PreTrainedConfig

from ..architecture import has_states

BLOCK = 64
"""Tokens: the capacity of a packed cache is a multiple of it."""


class KeyValueCache(Protocol):
    """What the scheduler and the prefix cache need of a cache."""

    length: int
    """Tokens held."""

    @property
    def nbytes(self) -> int:
        """Bytes that the cache takes."""

    def growth(self, length: int) -> int:
        """Return the bytes that ``reserve(length)`` would add."""

    def reserve(self, length: int) -> None:
        """Make room for ``length`` tokens."""

    def crop(self, length: int) -> bool:
        """Keep the first ``length`` tokens. False where the cache cannot be cut; it is then unusable."""

    def fork(self, length: int) -> KeyValueCache | None:
        """Return a copy of the first ``length`` tokens; None where the cache cannot be copied in part."""


class PackedCache:
    """Tensors of shape (heads, capacity, head size) for each layer, which grow in blocks."""

    def __init__(self, bytes_per_token: int) -> None:
        """``bytes_per_token``: over all layers."""
        self.length = 0
        self._bytes_per_token = bytes_per_token
        self._capacity = 0
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes that the cache takes."""
        return self._capacity * self._bytes_per_token

    def growth(self, length: int) -> int:
        """Return the bytes that ``reserve(length)`` adds at least."""
        return max(0, _blocks(length) - self._capacity) * self._bytes_per_token

    def reserve(self, length: int) -> None:
        """Make room for ``length`` tokens."""
        if length <= self._capacity:
            return
        self._capacity = _blocks(length)
        for layer, (keys, values) in self._layers.items():
            self._layers[layer] = self._grown(keys), self._grown(values)

    @property
    def measured_bytes_per_token(self) -> int:
        """What the layers that were written take for a token."""
        tensors = [tensor for pair in self._layers.values() for tensor in pair]
        return sum(tensor.nbytes for tensor in tensors) // max(1, self._capacity)

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write new keys and values, shape (heads, tokens, head size), after those held; return all.

        ``length`` stays until the whole model has been called: a call that fails leaves nothing behind.
        """
        if layer not in self._layers:
            self._layers[layer] = self._empty(keys), self._empty(values)
        all_keys, all_values = self._layers[layer]
        end = self.length + keys.shape[1]
        all_keys[:, self.length : end] = keys
        all_values[:, self.length : end] = values
        return all_keys[:, :end], all_values[:, :end]

    def crop(self, length: int) -> bool:
        """Keep the first ``length`` tokens, and the memory."""
        self.length = length
        return True

    def fork(self, length: int) -> PackedCache:
        """Return a copy of the first ``length`` tokens."""
        copy = PackedCache(self._bytes_per_token)
        copy.reserve(length)
        copy.length = length
        for layer, (keys, values) in self._layers.items():
            copy._layers[layer] = copy._grown(keys[:, :length]), copy._grown(values[:, :length])
        return copy

    def _empty(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_empty(like.shape[0], self._capacity, like.shape[2])

    def _grown(self, held: torch.Tensor) -> torch.Tensor:
        grown = self._empty(held)
        grown[:, : self.length] = held[:, : self.length]
        return grown


class SerialCache:
    """The cache of transformers, for models that are called for one sequence at a time."""

    def __init__(self, config: PreTrainedConfig) -> None:
        """``config`` says of which kind each layer's cache is."""
        self.length = 0
        self.states = DynamicCache(config=config)

    @property
    def nbytes(self) -> int:
        """Bytes that the cache takes."""
        return sum(_bytes(value) for layer in self.states.layers for value in vars(layer).values())

    def growth(self, length: int) -> int:
        """Return 0: it grows by itself, and only one is in use at a time."""
        return 0

    def reserve(self, length: int) -> None:
        """Do nothing: it grows by itself."""

    def crop(self, length: int) -> bool:
        """Keep the first ``length`` tokens. False for recurrent states and sliding windows."""
        surplus = self.length - length
        if surplus == 0:
            return True
        if not self.states.is_croppable or any(self.states.is_sliding) or has_states(self.states):
            return False
        self.states.crop(-surplus)  # transformers 5 counts what to remove, as a negative number
        self.length = length
        return True

    def fork(self, length: int) -> KeyValueCache | None:
        """Return None: a recurrent state cannot be copied in part."""
        return None


def _bytes(value: object) -> int:
    """Return the bytes of the tensors in a layer's attribute: keys, values, or states by their number."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, dict):
        return sum(_bytes(each) for each in value.values())
    return sum(_bytes(each) for each in value) if isinstance(value, list | tuple) else 0


def _blocks(length: int) -> int:
    return -(-length // BLOCK) * BLOCK
