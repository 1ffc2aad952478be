"""docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, table


def machine(browser: str, load: float) -> str:
    """Describe what was measured on. ``load``: the load average before the start."""
    return (
        f"{time.strftime('%Y-%m')}, {os.cpu_count()} cores, {_system()}, Python {platform.python_version()}, "
        f"{browser.replace('Headless', '').replace('/', ' ')}; load average before the start {load:.1f}."
    )


def document(figures: Sequence[Figure], browser: str, load: float) -> str:
    """Return the page."""
    return f"placeholder {machine(browser, load)}\n\n{table(figures)}\n"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


__all__ = ["Path", "document", "machine"]
