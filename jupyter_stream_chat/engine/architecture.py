"""What an architecture can do here, found by its properties and by trying it, never by its name.

Owns the refusal of networks that this engine would run wrongly: encoders, encoder-decoders, networks without
a cache or with one of their own. Whoever has recurrent states is tried on a few tokens: some architectures
(transformers 5.23) begin their scan anew with each call, so that their prompts have to be read in one call.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache, GenerationMixin, PreTrainedConfig
from transformers.cache_utils import LinearAttentionCacheLayerMixin

from .errors import EngineFailure

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHOOSE_ANOTHER = 'Choose a causal chat model; their names often end in "-Instruct" or "-Chat".'
_WINDOW_MASK = "create_sliding_window_causal_mask"
_TRIAL_TOKENS = 24
_ROUNDING, _EXACT, _ROUGH = 1e-5, 0.01, 0.3
"""Most relative difference of logits: of the same call, of a trial in float32, and of one in a type of two
bytes, whose rounding the choice of experts may amplify."""


@dataclass(frozen=True)
class Abilities:
    """How a network is called."""

    cache_argument: str
    """What it calls its cache."""
    keeps_last_logits: bool
    """Whether it can be asked for the last position's logits alone."""
    takes_positions: bool
    """Whether it is told the positions, as ``generate`` does (decoders made of encoders count otherwise)."""
    reads_on: bool
    """Whether it can read several tokens after others. If not, a prompt is read in one call, and no earlier
    prompt is used again."""

    def forward(
        self, network: PreTrainedModel, ids: Sequence[int], cache: DynamicCache, begin: int
    ) -> torch.Tensor:
        """Read ``ids``, which stand at ``begin``; return the last position's logits, shape (vocabulary,)."""
        options: dict[str, Any] = {self.cache_argument: cache}
        if self.keeps_last_logits:
            options["logits_to_keep"] = 1
        if self.takes_positions:
            options["position_ids"] = torch.arange(begin, begin + len(ids), device=network.device)[None]
        tokens = torch.tensor([list(ids)], device=network.device)
        output = network(input_ids=tokens, use_cache=True, return_dict=True, **options)
        logits: torch.Tensor = output.logits[0, -1]
        return logits


def check_config(config: PreTrainedConfig, name: str) -> None:
    """Raise EngineFailure for a folder that holds an encoder-decoder."""
    if config.is_encoder_decoder:
        raise EngineFailure(
            "not_causal",
            f"{name} is an encoder-decoder model ({config.model_type}): it rewrites a text and holds no "
            "conversation.",
            CHOOSE_ANOTHER,
        )


@torch.inference_mode()
def abilities(network: PreTrainedModel, name: str) -> Abilities:
    """Find how a network is called. Raises EngineFailure where it would answer wrongly."""
    arguments = inspect.signature(network.forward).parameters
    cache_argument = next((each for each in ("past_key_values", "cache_params") if each in arguments), None)
    if cache_argument is None or not network._supports_default_dynamic_cache():
        raise _unsupported(network, name, "it has no cache, or one of its own kind, for what it has read")
    of_encoders = hasattr(network.config, "is_decoder")
    if of_encoders and _sees_later_tokens(network):
        raise EngineFailure(
            "not_causal",
            f"{name} is an encoder ({network.config.model_type}): it fills gaps and writes no answers.",
            CHOOSE_ANOTHER,
        )
    masks = vars(sys.modules[type(network).__module__])
    # A cache that slides under a network that masks nothing loses what a later chunk still looks at.
    slides_alone = any(DynamicCache(config=network.config).is_sliding) and _WINDOW_MASK not in masks
    found = Abilities(
        cache_argument=cache_argument,
        keeps_last_logits="logits_to_keep" in arguments,
        takes_positions=of_encoders and "position_ids" in arguments,
        reads_on=not slides_alone,
    )
    return _tried(network, found, name) if of_encoders or _is_unusual(network) else found


def _is_unusual(network: PreTrainedModel) -> bool:
    """Tell whether a network has states beside keys and values, or prepares its calls in its own way."""
    own_way = type(network).prepare_inputs_for_generation is not GenerationMixin.prepare_inputs_for_generation
    return own_way or network._is_stateful or has_states(DynamicCache(config=network.config))


def has_states(cache: DynamicCache) -> bool:
    """Tell whether a cache holds recurrent or convolution states, which cannot be cropped."""
    return any(isinstance(layer, LinearAttentionCacheLayerMixin) for layer in cache.layers)


def _tried(network: PreTrainedModel, found: Abilities, name: str) -> Abilities:
    """Return the way of reading a prompt that gives what reading it without a cache gives."""
    size = network.config.get_text_config(decoder=True).vocab_size
    ids = [(37 * n + 11) % size for n in range(1, _TRIAL_TOKENS + 1)]
    positions = torch.arange(_TRIAL_TOKENS, device=network.device)[None]
    options = {"position_ids": positions} if found.takes_positions else {}
    tokens = torch.tensor([ids], device=network.device)
    try:
        expected = network(input_ids=tokens, use_cache=False, return_dict=True, **options).logits[0, -1]
    except Exception as error:
        raise _unsupported(network, name, f"{type(error).__name__}: {error}") from error
    half = _TRIAL_TOKENS // 2
    for cuts, reads_on in (((half, _TRIAL_TOKENS - 1), found.reads_on), ((_TRIAL_TOKENS - 1,), False)):
        if _reads_alike(network, found, ids, cuts, expected):
            return replace(found, reads_on=reads_on)
    raise _unsupported(
        network, name, "reading a text step by step gives another answer than reading it whole"
    )


def _reads_alike(
    network: PreTrainedModel, found: Abilities, ids: list[int], cuts: Sequence[int], expected: torch.Tensor
) -> bool:
    """Tell whether reading ``ids`` in pieces, cut at ``cuts``, gives the logits ``expected``."""
    cache = DynamicCache(config=network.config)
    places = [0, *cuts, len(ids)]
    try:
        for begin, end in pairwise(places):
            logits = found.forward(network, ids[begin:end], cache, begin)
    except Exception:  # noqa: BLE001 - whatever an architecture raises
        return False
    spread = (expected - expected.mean()).float().norm()
    tolerance = _EXACT if logits.dtype == torch.float32 else _ROUGH
    return bool((logits - expected).float().norm() <= tolerance * spread)


def _sees_later_tokens(network: PreTrainedModel) -> bool:
    """Tell whether a token changes the logits of those before it."""
    tokens = torch.arange(5, 13, device=network.device)[None]
    other = tokens.clone()
    other[0, -1] += 1
    first, second = (
        network(input_ids=each, use_cache=False, return_dict=True).logits[0, 0].float()
        for each in (tokens, other)
    )
    # Calls of one shape round alike: where the later token is masked, nothing differs at all.
    return bool((first - second).norm() > _ROUNDING * (first - first.mean()).norm())


def _unsupported(network: PreTrainedModel, name: str, why: str) -> EngineFailure:
    return EngineFailure(
        "unsupported_architecture",
        f"{name} has an architecture that the local engine cannot run ({network.config.model_type}): {why}.",
        "Choose a model of another architecture, or serve this one with another program and add it as an "
        "OpenAI-compatible profile.",
    )
