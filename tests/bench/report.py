"""The table of docs/benchmarks.md. The words around it are written by hand and stay."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, table

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
"""What lies between is written by ``write``."""


def write(path: Path, figures: Sequence[Figure], machine: str) -> None:
    """Replace the figures in the page."""
    missed = sum(not figure.reached for figure in figures)
    summary = f"{len(figures) - missed} of {len(figures)} targets are reached."
    fresh = f"{BEGIN}\n\n{machine}\n\n{table(figures)}\n\n{summary}\n\n{END}"
    page = path.read_text()
    path.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: fresh, page, flags=re.DOTALL))


def describe_machine(browser: str, load: float) -> str:
    """Describe what was measured on. ``load``: the load average before the start."""
    return (
        f"Measured in {time.strftime('%Y-%m')} on {os.cpu_count()} cores, {_system()}, "
        f"Python {platform.python_version()}, {browser.replace('Chrome/', 'Chromium ')}; "
        f"load average before the start {load:.1f}."
    )


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
