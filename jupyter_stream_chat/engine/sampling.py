"""Choosing the next token as ``generate`` of transformers would, with its own processors in its own order.

A request's parameters come before the model's generation config, and that before transformers' defaults.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList

from .messages import Parameters
from .model import LoadedModel


class Sampler:
    """Chooses the tokens of one answer: greedy, or at random from a generator of its own."""

    def __init__(self, loaded: LoadedModel, prompt: list[int], parameters: Parameters) -> None:
        """Read what the request leaves open from the model's generation config."""
        config = _config(loaded, parameters)
        self._samples = bool(config.do_sample)
        self._processors = _processors(loaded, config, prompt)
        self._device = loaded.device
        self._random = torch.Generator(device=loaded.device)
        if parameters.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(parameters.seed % 2**63)

    @property
    def takes_best(self) -> bool:
        """Whether the next token is always the one with the highest logit."""
        return not self._samples and not self._processors

    def choose(self, ids: list[int], logits: torch.Tensor) -> int:
        """Return the next token's id after ``ids`` (prompt and answer). ``logits``: shape (vocabulary,)."""
        scores = logits[None].float()
        if self._processors:
            scores = self._processors(torch.tensor([ids], device=self._device), scores.clone())
        if not self._samples:
            return int(scores.argmax(dim=-1))
        return int(torch.multinomial(scores.softmax(dim=-1), 1, generator=self._random))


def _config(loaded: LoadedModel, parameters: Parameters) -> GenerationConfig:
    """Return the generation config of one request."""
    asked = {
        name: value
        for name in ("temperature", "top_k", "top_p", "repetition_penalty")
        if (value := getattr(parameters, name)) is not None
    }
    config = copy.deepcopy(loaded.generation_config)
    config.update(**config._get_default_generation_params(), defaults_only=True)
    if asked.get("temperature") == 0:
        del asked["temperature"]
        config.do_sample = False
    elif asked.keys() & {"temperature", "top_k", "top_p"}:
        config.do_sample = True
    config.update(**asked)
    config.num_beams = 1  # beams cannot be streamed: a later token may still change the earlier ones
    config.eos_token_id = sorted(loaded.end_tokens) or None
    return config


def _processors(loaded: LoadedModel, config: GenerationConfig, prompt: list[int]) -> LogitsProcessorList:
    """Return the processors that ``generate`` builds from a config.

    By two private methods of transformers (5.23): the public way to them is ``generate`` itself. A test
    compares every option that they read.
    """
    network: Any = loaded.network
    device = loaded.device
    network._prepare_special_tokens(config, True, device=device)
    processors: LogitsProcessorList = network._get_logits_processor(
        generation_config=config,
        input_ids_seq_length=len(prompt),
        encoder_input_ids=torch.tensor([prompt], device=device),
        device=str(device),
        model_kwargs={},
    )
    return processors
