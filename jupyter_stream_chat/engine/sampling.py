"""Choosing the next token, with transformers' own processors in the order in which ``generate`` applies them.

A request's parameters come before the model's generation config, and that before transformers' defaults.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from .messages import Parameters

_DEFAULT_TOP_K = 50  # what `generate` takes where neither the model nor the request says it


class Sampler:
    """Chooses the tokens of one answer: greedy, or at random from a seed of its own."""

    def __init__(self, config: GenerationConfig, parameters: Parameters, device: torch.device) -> None:
        """Reads what the request leaves open from the model's ``config``."""
        self.greedy = _is_greedy(config, parameters)
        self._processors = LogitsProcessorList(_processors(config, parameters, device))
        if not self.greedy:
            self._processors.extend(_warpers(config, parameters))
        self._random = torch.Generator(device=device)
        if parameters.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(parameters.seed % 2**63)

    def choose(self, ids: list[int], logits: torch.Tensor) -> int:
        """Return the next token's id after ``ids`` (prompt and answer). ``logits``: shape (vocabulary,)."""
        scores = logits[None].float()
        if self._processors:
            scores = self._processors(torch.tensor([ids], device=logits.device), scores.clone())
        if self.greedy:
            return int(scores.argmax(dim=-1))
        return int(torch.multinomial(scores.softmax(dim=-1), 1, generator=self._random))


def _is_greedy(config: GenerationConfig, parameters: Parameters) -> bool:
    if parameters.temperature is not None:
        return parameters.temperature == 0
    asked = parameters.top_k is not None or parameters.top_p is not None
    return not (asked or config.do_sample)


def _processors(config: GenerationConfig, parameters: Parameters, device: torch.device) -> list[Any]:
    """Return what applies to greedy answers as well."""
    found: list[Any] = []
    penalty = _first(parameters.repetition_penalty, config.repetition_penalty, 1.0)
    if penalty != 1.0:
        found.append(RepetitionPenaltyLogitsProcessor(penalty))
    if config.no_repeat_ngram_size:
        found.append(NoRepeatNGramLogitsProcessor(config.no_repeat_ngram_size))
    if config.suppress_tokens:
        found.append(SuppressTokensLogitsProcessor(config.suppress_tokens, device=str(device)))
    return found


def _warpers(config: GenerationConfig, parameters: Parameters) -> list[Any]:
    """Return what shapes the distribution that is sampled from."""
    found: list[Any] = []
    if (temperature := _first(parameters.temperature, config.temperature, 1.0)) != 1.0:
        found.append(TemperatureLogitsWarper(temperature))
    if top_k := int(_first(parameters.top_k, config.top_k, _DEFAULT_TOP_K)):
        found.append(TopKLogitsWarper(top_k))
    if (top_p := _first(parameters.top_p, config.top_p, 1.0)) < 1.0:
        found.append(TopPLogitsWarper(top_p))
    if config.min_p is not None:
        found.append(MinPLogitsWarper(config.min_p))
    if _first(config.typical_p, 1.0) < 1.0:
        found.append(TypicalLogitsWarper(config.typical_p))
    return found


def _first(*values: float | None) -> float:
    """Return the first value that is given (0 counts)."""
    return next(value for value in values if value is not None)
