"""Providers that other packages bring, by the entry point group ``jupyter_stream_chat.providers``.

An entry point names a LangChain chat model class, or a function that returns one; ``langchain`` builds it.
Nothing of these packages is imported to list them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

GROUP = "jupyter_stream_chat.providers"


@cache
def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> list[str]:
    """Return the names of the installed providers. Reads packages' metadata, once."""
    return sorted(_installed())


def load(name: str) -> Callable[..., Any]:
    """Import what an entry point names. Blocks; raises whatever the package raises."""
    loaded: Callable[..., Any] = _installed()[name].load()
    return loaded
