"""One call of the model for many sequences: their tokens stand one after another in a single row.

All of the network but attention treats each token alone, so the row needs no padding. Attention runs for
each sequence over that sequence's own cache. ``trial`` finds out which models this suits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from ..model import LoadedModel, checked
from .kv_cache import PackedCache

ATTENTION = "stream_chat_packed"
"""The name of the packed attention among transformers' own; without a packed row it is ``sdpa``."""


@dataclass(frozen=True)
class Segment:
    """What one sequence reads in a call."""

    ids: Sequence[int]
    cache: PackedCache
    """Has room reserved for ``ids``."""
    outputs: int
    """How many of the last positions' logits are wanted."""


class PackedRow:
    """The segments of one call, as attention sees them."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._parts: list[tuple[int, int, PackedCache]] = []
        self._masks: dict[tuple[int, int, int | None, int], torch.Tensor] = {}
        start = 0
        for segment in segments:
            self._parts.append((start, start + len(segment.ids), segment.cache))
            start += len(segment.ids)

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        scale: float | None,
        window: int | None,
    ) -> torch.Tensor:
        """Return the attention of (1, heads, tokens, head size) as (1, tokens, heads, value head size)."""
        heads = query.shape[1]
        parts = []
        for start, end, cache in self._parts:
            keys, values = cache.append(layer, key[0, :, start:end], value[0, :, start:end])
            out = self._attend_one(query[0, :, start:end], keys, values, scale, window)
            parts.append(out.view(heads, end - start, -1).transpose(0, 1))
        # Some architectures look at the result with ``view``, which needs it in one piece.
        return (parts[0].contiguous() if len(parts) == 1 else torch.cat(parts))[None]

    def _attend_one(
        self,
        query: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        scale: float | None,
        window: int | None,
    ) -> torch.Tensor:
        """Let the queries of a group stand as rows of its key head, so that no key is repeated."""
        heads, tokens, size = query.shape
        groups = heads // keys.shape[0]
        if window is not None and keys.shape[1] > window + tokens - 1:
            surplus = keys.shape[1] - (window + tokens - 1)
            keys, values = keys[:, surplus:], values[:, surplus:]
        mask = None if tokens == 1 else self._mask(tokens, keys.shape[1], window, groups, query.device)
        return torch.nn.functional.scaled_dot_product_attention(
            query.reshape(1, keys.shape[0], groups * tokens, size),
            keys[None],
            values[None],
            attn_mask=mask,
            scale=scale,
        )

    def _mask(
        self, tokens: int, length: int, window: int | None, groups: int, device: torch.device
    ) -> torch.Tensor:
        """Return which of ``length`` keys each of the last ``tokens`` positions sees, once per group."""
        wanted = (tokens, length, window, groups)
        if wanted not in self._masks:
            positions = torch.arange(length - tokens, length, device=device)[:, None]
            places = torch.arange(length, device=device)[None]
            seen = places <= positions
            if window is not None:
                seen &= places > positions - window
            self._masks[wanted] = seen.repeat(groups, 1)
        return self._masks[wanted]


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    packed_row: PackedRow | None = None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    position_bias: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as transformers asks: to a packed row, or, without one, as its own ``sdpa`` does."""
    if packed_row is None:
        options |= {"scaling": scaling, "sliding_window": sliding_window, "position_bias": position_bias}
        result: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, **options
        )
        return result
    if softcap is not None or s_aux is not None or position_bias is not None:
        raise NotImplementedError("an attention with a bias, a cap or sinks cannot be packed")
    layer: Any = module.layer_idx
    return packed_row.attend(layer, query, key, value, scaling, sliding_window), None


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def forward(loaded: LoadedModel, segments: Sequence[Segment]) -> torch.Tensor:
    """Call the model once; return the wanted logits, in order, shape (outputs of all, vocabulary).

    The caches are longer by their segments afterwards; if the call raises, they are as before.
    """
    device = loaded.device
    ids: list[int] = []
    positions: list[int] = []
    wanted: list[int] = []
    for segment in segments:
        ids.extend(segment.ids)
        positions.extend(range(segment.cache.length, segment.cache.length + len(segment.ids)))
        wanted.extend(range(len(ids) - segment.outputs, len(ids)))
    indices = torch.tensor(wanted, device=device, dtype=torch.long)
    output = loaded.network(
        input_ids=torch.tensor([ids], device=device),
        position_ids=torch.tensor([positions], device=device),
        attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=device),  # so that none is made
        use_cache=False,  # attention writes the caches
        return_dict=True,
        packed_row=PackedRow(segments),
        **({"logits_to_keep": indices} if loaded.abilities.keeps_last_logits else {}),
    )
    logits: torch.Tensor = output.logits[0]
    if not loaded.abilities.keeps_last_logits:
        logits = logits[indices]
    if len(ids) > len(segments) and device.type == "cuda":
        torch.cuda.synchronize(device)  # else a stop would wait for every chunk already handed over
    checked(logits)
    for segment in segments:
        segment.cache.length += len(segment.ids)
    return logits
