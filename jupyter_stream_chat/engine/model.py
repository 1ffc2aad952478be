"""A model in memory, with all that an answer needs of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig

from .architecture import Abilities
from .errors import EngineFailure

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
PREFILL_CHUNK = 128
"""Tokens of the prompt per call of the model: what a stop has to wait for at most."""


@dataclass(frozen=True)
class LoadedModel:
    """One causal model on one device, in eval mode."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    end_tokens: frozenset[int]
    """Ids that end an answer."""
    context_length: int | None
    """Most tokens of prompt and answer together; None where the architecture sets no limit."""
    abilities: Abilities
    """How the network is called."""

    @property
    def prompt_chunk(self) -> int:
        """Most tokens of the prompt to read per call."""
        return PREFILL_CHUNK if self.abilities.reads_on else sys.maxsize

    @property
    def reads_in_chunks(self) -> bool:
        """False: a prompt can only be read whole."""
        return self.abilities.reads_on

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        device: torch.device = self.network.device
        return device

    @property
    def generation_config(self) -> GenerationConfig:
        """The model's own way to generate."""
        config = self.network.generation_config
        return config if config is not None else GenerationConfig()

    def forward(self, ids: list[int], cache: DynamicCache) -> torch.Tensor:
        """Read ``ids`` after what the cache holds; return the last position's logits, shape (vocabulary,)."""
        begin = cache.get_seq_length() if self.abilities.takes_positions else 0
        logits = self.abilities.forward(self.network, ids, cache, begin)
        if len(ids) > 1 and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)  # else a stop would wait for every chunk already handed over
        return checked(logits)


def checked(logits: torch.Tensor) -> torch.Tensor:
    """Return logits of any shape. Raises EngineFailure where one is no number."""
    if bool(logits.isnan().any()):
        raise EngineFailure(
            "not_a_number",
            "The model computes no valid numbers (NaN): its weights are damaged or their type is wrong.",
            'Load it with dtype "float32", or download it again.',
        )
    return logits


def end_tokens(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the ids that end an answer.

    The tokenizer's is among them: some chat models' configuration still names the base model's alone, and
    the answer would run on into a turn of the user's.
    """
    config = network.generation_config
    configured = config.eos_token_id if config is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    return frozenset(int(each) for each in [*listed, tokenizer.eos_token_id] if each is not None)


def context_length(config: PreTrainedConfig) -> int | None:
    """Return how many tokens the architecture can tell apart; None where it sets no limit."""
    length = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    return int(length) if length and length > 0 else None
