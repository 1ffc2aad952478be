"""The provider ``huggingface``: any causal chat model by hub id or folder, run by this server's engine."""

from __future__ import annotations

from dataclasses import replace

from ..fields import MODEL
from ..profiles.timeouts import LOCAL
from ..provider import Provider
from .adapter import LocalAdapter, leave_open

PROVIDER = Provider(
    id="huggingface",
    label="Local model (Hugging Face)",
    fields=(replace(MODEL, required=True, example="Qwen/Qwen2.5-0.5B-Instruct"),),
    adapter=LocalAdapter,
    timeouts=LOCAL,
    continuation=leave_open,
    lists_models=True,
    is_local=True,
    position=4,
)
