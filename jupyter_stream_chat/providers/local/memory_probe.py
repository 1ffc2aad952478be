"""The memory that a local model would be loaded into: the GPU's where there is one, else the machine's.

The engine knows it better, but may not run yet; this asks the system and imports nothing. Blocks.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ...engine.fit import Memory

_MIB = 2**20
_SECONDS = 5.0


def probe_memory() -> Memory:
    """Return what is free and what there is."""
    return _gpu() or _machine()


def _gpu() -> Memory | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=memory.free,memory.total", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=_SECONDS, check=True)
        free, total = (int(each) * _MIB for each in asked.stdout.splitlines()[0].split(","))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return Memory("cuda", free, total)


def _machine() -> Memory:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return Memory("cpu", None, None)
    sizes = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if "kB" in line}
    return Memory("cpu", sizes.get("MemAvailable"), sizes.get("MemTotal"))
