"""The provider ``huggingface``: any causal chat model by hub id or folder, run by this server's engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..fields import MODEL
from ..profiles import validators
from ..profiles.timeouts import LOCAL
from ..provider import Field, Provider
from .adapter import LocalAdapter, leave_open


def _one_of(*words: str) -> Callable[[str], str]:
    """Return a check that takes these words alone."""

    def check(value: str) -> str:
        word = value.strip().lower()
        if word not in words:
            raise validators.problem(f"{value.strip()[:64]} is none of its values.", _listed(words))
        return word

    return check


def _listed(words: tuple[str, ...]) -> str:
    return f"Use {', '.join(words[:-1])} or {words[-1]}, or leave it out."


PROVIDER = Provider(
    id="huggingface",
    label="Local model (Hugging Face)",
    fields=(
        replace(MODEL, required=True, example="Qwen/Qwen2.5-0.5B-Instruct"),
        Field("quantization", example="none, 4bit, 8bit", check=_one_of("none", "4bit", "8bit")),
        Field("prompt_lookup", example="off, on", check=_one_of("off", "on")),
        Field("draft_model", example="Qwen/Qwen2.5-0.5B-Instruct"),
    ),
    adapter=LocalAdapter,
    timeouts=LOCAL,
    continuation=leave_open,
    lists_models=True,
    is_local=True,
    position=4,
)
