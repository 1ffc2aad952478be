"""A model in memory, with all that an answer needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PREFILL_CHUNK = 128
"""Tokens of the prompt per call of the model: what a stop has to wait for at most."""

_READ_WHOLE = {"mamba", "falcon_mamba", "jamba"}
"""Architectures whose scan begins each call of several tokens anew (transformers 5.23): a prompt in chunks,
or after a kept one, would be read wrongly."""


@dataclass(frozen=True)
class LoadedModel:
    """One causal model on one device, in eval mode."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    end_tokens: frozenset[int]
    """Ids that end an answer."""
    context_length: int | None
    """Most tokens of prompt and answer together; None where the architecture sets no limit."""
    keeps_last_logits: bool
    """Whether the network can be asked for the last position's logits alone."""
    cache_argument: str
    """What the network calls its cache."""

    prompt_chunk: int
    """Most tokens of the prompt to read per call."""
    reads_in_chunks: bool
    """False: a prompt can only be read whole."""

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
        options = {"logits_to_keep": 1} if self.keeps_last_logits else {}
        tokens = torch.tensor([ids], device=self.device)
        output = self.network(
            input_ids=tokens, use_cache=True, return_dict=True, **{self.cache_argument: cache}, **options
        )
        if len(ids) > 1 and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)  # else a stop would wait for every chunk already handed over
        logits: torch.Tensor = output.logits[0, -1]
        return logits


def prompt_chunk(config: PreTrainedConfig) -> int | None:
    """Return how many tokens of a prompt can be read per call; None: only all at once."""
    return None if config.model_type in _READ_WHOLE else PREFILL_CHUNK


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
