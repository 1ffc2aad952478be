"""The two ways to call a model: for many sequences at once, or for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from ..generation import Generation
from ..model import LoadedModel
from .kv_cache import KeyValueCache, PackedCache, SerialCache
from .packing import Segment, forward
from .trial import prepare_packing


@dataclass(frozen=True)
class Read:
    """What a generation reads in a call: its next ``tokens``, and after its last one a guess."""

    generation: Generation
    tokens: int
    guess: Sequence[int] = ()

    @property
    def ids(self) -> list[int]:
        """The tokens' ids."""
        begin = self.cache.length
        return [*self.generation.ids[begin : begin + self.tokens], *self.guess]

    @property
    def cache(self) -> KeyValueCache:
        """The generation's cache."""
        assert self.generation.cache is not None, "it runs"
        return self.generation.cache

    @property
    def outputs(self) -> int:
        """How many tokens can be chosen afterwards: none while something is unread."""
        return 1 + len(self.guess) if self.tokens == self.generation.unread else 0


class ModelCalls(Protocol):
    """Calls a model and makes the caches for it."""

    @property
    def most_sequences(self) -> int | None:
        """Most sequences in a call; None: any number."""

    @property
    def prompt_chunk(self) -> int | None:
        """Most tokens of prompts in a call; None: a prompt can only be read whole."""

    def new_cache(self) -> KeyValueCache:
        """Return an empty cache."""

    def call(self, reads: Sequence[Read]) -> torch.Tensor:
        """Call the model; return the logits that follow each read's last ``outputs`` ids, in order."""


class PackedCalls:
    """Calls for many sequences at once."""

    most_sequences = None

    def __init__(self, loaded: LoadedModel, bytes_per_token: int) -> None:
        """The model must be prepared (``prepare_packing``)."""
        self._loaded = loaded
        self.bytes_per_token = bytes_per_token
        self.prompt_chunk = loaded.prompt_chunk

    def new_cache(self) -> PackedCache:
        """Return an empty cache."""
        return PackedCache(self.bytes_per_token)

    def call(self, reads: Sequence[Read]) -> torch.Tensor:
        """Call the model once."""
        segments = []
        for read in reads:
            assert isinstance(read.cache, PackedCache)
            segments.append(Segment(read.ids, read.cache, outputs=read.outputs))
        return forward(self._loaded, segments)


class SerialCalls:
    """Calls for one sequence, through the cache of transformers."""

    most_sequences = 1

    def __init__(self, loaded: LoadedModel) -> None:
        """Any causal model will do."""
        self._loaded = loaded
        self.prompt_chunk = loaded.prompt_chunk if loaded.reads_in_chunks else None

    def new_cache(self) -> SerialCache:
        """Return an empty cache."""
        return SerialCache(self._loaded.network.config)

    def call(self, reads: Sequence[Read]) -> torch.Tensor:
        """Call the model once."""
        (read,) = reads
        assert isinstance(read.cache, SerialCache)
        outputs = read.outputs
        logits = self._loaded.forward(read.ids, read.cache.states)
        read.cache.length += read.tokens
        return logits[None][:outputs]


def model_calls(loaded: LoadedModel) -> ModelCalls:
    """Return the way to call a model: packed if it is suited."""
    bytes_per_token = prepare_packing(loaded) if loaded.reads_in_chunks else None
    return SerialCalls(loaded) if bytes_per_token is None else PackedCalls(loaded, bytes_per_token)
