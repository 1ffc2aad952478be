"""Finds out whether a model can be called for several sequences at once, by doing so."""

from __future__ import annotations

import logging

import torch

from ..model import LoadedModel
from .kv_cache import PackedCache
from .packing import ATTENTION, Segment, forward

log = logging.getLogger(__name__)

_LAYER_TYPES = {"full_attention", "sliding_attention"}
_LENGTHS = (7, 5)
_FIRST_CALL = 3
"""Tokens of each sequence that the first call reads; the others follow one by one."""
_MOST_DIFFERENCE = 1e-3
_MOST_DIFFERENCE_IN_HALF_PRECISION = 0.1


@torch.inference_mode()
def prepare_packing(loaded: LoadedModel) -> int | None:
    """Make a model ready for packed calls and return its bytes of cache per token; None: it is not suited.

    It is suited if short sequences, packed, get the logits that they get alone.
    """
    network = loaded.network
    before = network.config._attn_implementation
    if before not in ("sdpa", ATTENTION) or not _has_known_layers(loaded):
        return None
    sequences = _sequences(loaded)
    try:
        alone = [
            network(input_ids=torch.tensor([ids], device=loaded.device)).logits[0, -1] for ids in sequences
        ]
        network.set_attn_implementation(ATTENTION)
        packed, bytes_per_token = _read_packed(loaded, sequences)
        if all(_agree(one, other) for one, other in zip(alone, packed, strict=True)):
            return bytes_per_token
        log.info("this model answers one chat at a time: its packed logits differ")
    except Exception as error:  # noqa: BLE001 - whatever the model raises, it can still be called for one alone
        log.info("this model answers one chat at a time: %s", error)
    network.set_attn_implementation(before)
    return None


def _has_known_layers(loaded: LoadedModel) -> bool:
    types = getattr(loaded.network.config.get_text_config(decoder=True), "layer_types", None)
    return set(types or ()) <= _LAYER_TYPES


def _sequences(loaded: LoadedModel) -> list[list[int]]:
    vocabulary = loaded.network.config.get_text_config(decoder=True).vocab_size
    return [[(37 * place + 11 * length) % vocabulary for place in range(length)] for length in _LENGTHS]


def _read_packed(loaded: LoadedModel, sequences: list[list[int]]) -> tuple[list[torch.Tensor], int]:
    """Return the last logits of each sequence, and the bytes of cache per token."""
    caches = [PackedCache(0) for _ in sequences]
    for cache, ids in zip(caches, sequences, strict=True):
        cache.reserve(len(ids))
    last: list[torch.Tensor] = [torch.empty(0)] * len(sequences)
    while reading := [index for index, ids in enumerate(sequences) if caches[index].length < len(ids)]:
        segments = []
        for index in reading:
            begin = caches[index].length
            step = 1 if begin else _FIRST_CALL
            segments.append(Segment(sequences[index][begin : begin + step], caches[index], 1))
        for index, logits in zip(reading, forward(loaded, segments), strict=True):
            last[index] = logits
    return last, caches[0].measured_bytes_per_token


def _agree(one: torch.Tensor, other: torch.Tensor) -> bool:
    exact = one.dtype in (torch.float32, torch.float64)
    limit = _MOST_DIFFERENCE if exact else _MOST_DIFFERENCE_IN_HALF_PRECISION
    return bool((one.float() - other.float()).norm() <= limit * one.float().norm())
