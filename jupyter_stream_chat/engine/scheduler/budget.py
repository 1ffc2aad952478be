"""How many bytes the caches of a model may take, decided once, when it has been loaded."""

from __future__ import annotations

import torch

from ..hardware import free_memory

_GIB = 2**30
_MOST = {"cuda": 16 * _GIB}
_MOST_ELSEWHERE = 4 * _GIB
_PART = 4


def default_budget(device: torch.device) -> int:
    """Return a quarter of what is free, at most 4 GiB, or 16 GiB on a GPU: others share the memory."""
    free = free_memory(device)
    most = _MOST.get(device.type, _MOST_ELSEWHERE)
    return min(most, (_GIB if free is None else free) // _PART)
