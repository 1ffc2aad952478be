"""Whether a model has room in the memory that is free, told before anything is loaded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .quantization_sizes import HELD_PART

Fit = Literal["fits", "tight", "does_not_fit"]

_OVERHEAD = 1.1
"""Beside the weights: what a call computes with, and the library's own."""
_CHATS = 1.15
"""With less room than this part more, long chats soon find none."""
_FLOAT32 = 4


@dataclass(frozen=True)
class Memory:
    """Memory that models are loaded into, in bytes."""

    device: str
    """cuda or cpu."""
    free: int | None
    """None: unknown."""
    total: int | None


def memory_needed(weights: int, quantization: str = "none") -> int:
    """Return the bytes that a model takes whose weights have so many bytes on disk."""
    return int(weights * HELD_PART[quantization] * _OVERHEAD)


def fit(weights: int, parameters: int | None, memory: Memory, quantization: str = "none") -> Fit | None:
    """Return whether a model has room; None: nobody knows what is free.

    On a CPU it is loaded in float32 where that has room, because many are slow at types of two bytes.
    """
    if memory.free is None:
        return None
    least = memory_needed(weights, quantization)
    comfortable = int(least * _CHATS)
    if memory.device == "cpu" and parameters and quantization == "none":
        comfortable = max(comfortable, int(parameters * _FLOAT32 * _OVERHEAD))
    if memory.free >= comfortable:
        return "fits"
    return "tight" if memory.free >= least else "does_not_fit"
