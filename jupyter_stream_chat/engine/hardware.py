"""What this machine computes on: devices, memory that is free, and the type of numbers that it is fast at."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch

from .weights import file_size, stored_type

_HALF_TYPES = {"BF16": "bfloat16", "F16": "float16"}
_FAST_WITH = {
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16", "svebf16"},
    "float16": {"avx512_fp16", "amx_fp16", "fphp", "asimdhp"},
}
"""The CPU's flags, on x86 and on ARM, for arithmetic in a type of two bytes."""


def pick_device(wanted: str) -> torch.device:
    """Return the device to compute on: a GPU if there is one, unless another is asked for."""
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def free_memory(device: torch.device) -> int | None:
    """Return the bytes that a model can still take on a device; None where that cannot be known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    available = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(available) * 1024 if available else None


def compute_type(wanted: str, weights: Sequence[Path], device: torch.device) -> str:
    """Return the type to compute in: the stored one, or float32 where the CPU is slow at the stored one.

    A CPU without instructions for bfloat16 converts each number: a prompt took 6 times as long as in float32.
    Where the double size of float32 does not fit into memory, and for quantised weights, the type stays.
    """
    types = {stored_type(file) for file in weights}
    stored = _HALF_TYPES.get(types.pop()) if len(types) == 1 else None
    if wanted != "auto" or device.type != "cpu" or stored is None or is_fast_at(stored):
        return wanted
    free = free_memory(device)
    return "float32" if free is None or 2 * file_size(weights) < free else wanted


def is_fast_at(name: str) -> bool:
    """Tell whether the CPU is fast at a type: by its flags, and where no system file has them by trying."""
    flags = cpu_flags()
    return bool(_FAST_WITH[name] & flags) if flags else measured_fast_at(name)


@cache
def measured_fast_at(name: str) -> bool:
    """Compare a linear layer in a type with float32; takes some 20 ms, once per process."""
    half, single = (_seconds(dtype) for dtype in (getattr(torch, name), torch.float32))
    return half <= 1.25 * single  # loading takes half the memory, which is worth a little


def _seconds(dtype: torch.dtype) -> float:
    """Return the shortest of a few times that a layer of the usual size takes."""
    rows, weights = torch.ones(64, 1024, dtype=dtype), torch.ones(1024, 1024, dtype=dtype)
    taken = []
    for _ in range(4):  # the first prepares the kernel
        start = time.perf_counter()
        torch.nn.functional.linear(rows, weights)
        taken.append(time.perf_counter() - start)
    return min(taken)


@cache
def cpu_flags() -> frozenset[str]:
    """Return the names of what the CPU can do, as Linux gives them; none on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return frozenset()
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()
