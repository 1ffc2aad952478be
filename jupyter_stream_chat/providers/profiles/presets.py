"""Presets of the ``openai-compatible`` provider: what is particular to a well-known server, as data.

A preset fills in the address and names the key's variable; whatever a profile says itself wins. Where the
reasoning lies needs no word here: both usual names are read everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .addresses import destination_of


@dataclass(frozen=True)
class Prefix:
    """How a server is told to go on with the last message, an assistant's, instead of answering it."""

    message: Mapping[str, Any] = field(default_factory=dict)
    """Goes into that message."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Goes into the request."""
    path: str | None = None
    """The path of the address that understands it, where it is another one."""


@dataclass(frozen=True)
class Preset:
    """One kind of server."""

    id: str
    label: str
    base_url: str
    api_key_env: str | None = None
    prefix: Prefix | None = None
    """None: it cannot be told to go on."""
    without: frozenset[str] = frozenset()
    """Parameters that it silently ignores."""

    @property
    def destination(self) -> str:
        """Whom its key is for."""
        return destination_of(self.base_url)

    @property
    def values(self) -> dict[str, str]:
        """What it fills into a profile."""
        given = {"preset": self.id, "base_url": self.base_url, "api_key_env": self.api_key_env}
        return {name: value for name, value in given.items() if value is not None}


_ALL = (
    Preset(
        "vllm",
        "vLLM",
        "http://127.0.0.1:8000/v1",
        prefix=Prefix(body={"continue_final_message": True, "add_generation_prompt": False}),
    ),
    Preset(
        "ollama",
        "Ollama",
        "http://127.0.0.1:11434/v1",
        prefix=Prefix(),
        without=frozenset({"top_k", "repetition_penalty"}),
    ),
    Preset(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        # https://api-docs.deepseek.com/guides/chat_prefix_completion
        prefix=Prefix(message={"prefix": True}, path="/beta"),
        without=frozenset({"top_k", "repetition_penalty", "seed"}),
    ),
    Preset(
        "dashscope",
        "DashScope (Qwen)",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        # https://help.aliyun.com/zh/model-studio/partial-mode
        prefix=Prefix(message={"partial": True}),
    ),
)

PRESETS: Mapping[str, Preset] = {preset.id: preset for preset in _ALL}
