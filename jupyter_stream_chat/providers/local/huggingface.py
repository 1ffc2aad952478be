"""The ``huggingface`` provider: any causal chat model by hub id or folder, run by this server's engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .adapter import LocalAdapter

if TYPE_CHECKING:
    from .engine_client import EngineClient


def adapter(engine: EngineClient) -> LocalAdapter:
    """Return the adapter of ``huggingface``."""
    return LocalAdapter(engine)
