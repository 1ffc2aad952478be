"""What each provider's profile holds: its fields, its parameters, its presets. Data alone.

The form in the panel is made from it, and the checks of a profile. ``langchain`` is not for pages: it loads
classes, so it is read from Jupyter's configuration only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...protocol import OnRepetition, Parameters, PresetInfo, ProviderField, ProviderInfo
from ..langchain import extensions
from .presets import PRESETS
from .timeouts import usual

_ALL = tuple(Parameters.model_fields)
_OPENAI = tuple(name for name in _ALL if name not in ("top_k", "repetition_penalty"))

ON_REPETITION: Final[OnRepetition] = "ask"
"""What happens when an answer repeats itself, unless the profile has a value."""

_KEY = ProviderField(name="api_key", kind="key")
_KEY_ENV = ProviderField(name="api_key_env", kind="variable", example="MY_API_KEY")
_BASE_URL = ProviderField(name="base_url", kind="url", example="https://api.openai.com/v1")


def _provider(name: str, **more: Any) -> ProviderInfo:
    timeouts = usual(name).model_dump()
    return ProviderInfo(provider=name, timeouts=timeouts, on_repetition=ON_REPETITION, **more)


_BUILT_IN = (
    _provider(
        "openai",
        label="OpenAI",
        fields=[
            ProviderField(name="model", kind="model", required=True, example="gpt-4o-mini"),
            _KEY,
            _KEY_ENV,
            _BASE_URL,
        ],
        parameters=list(_OPENAI),
        lists_models=True,
    ),
    _provider(
        "azure",
        label="Azure OpenAI",
        fields=[
            ProviderField(
                name="azure_endpoint", kind="url", required=True, example="https://NAME.openai.azure.com"
            ),
            ProviderField(name="azure_deployment", kind="text", required=True, example="my-deployment"),
            ProviderField(name="api_version", kind="text", required=True, example="2024-10-21"),
            _KEY,
            _KEY_ENV,
            ProviderField(name="model", kind="text", example="gpt-4o"),
        ],
        parameters=list(_OPENAI),
    ),
    _provider(
        "openai-compatible",
        label="OpenAI-compatible server",
        fields=[
            _BASE_URL.model_copy(update={"required": True, "example": "http://127.0.0.1:8000/v1"}),
            ProviderField(name="model", kind="model", required=True, example="my-model"),
            _KEY,
            _KEY_ENV,
        ],
        parameters=list(_ALL),
        presets=[PresetInfo(id=each.id, label=each.label, values=each.values) for each in PRESETS.values()],
        lists_models=True,
    ),
    _provider(
        "huggingface",
        label="Local model (Hugging Face)",
        fields=[
            ProviderField(name="model", kind="model", required=True, example="Qwen/Qwen2.5-0.5B-Instruct")
        ],
        parameters=list(_ALL),
        lists_models=True,
    ),
)

_LANGCHAIN = _provider(
    "langchain",
    label="LangChain class",
    fields=[ProviderField(name="class_path", kind="text", required=True)],
    parameters=list(_ALL),
)


def offered() -> list[ProviderInfo]:
    """Return the providers that a page can make profiles of, the installed ones last."""
    installed = [
        _provider(
            name,
            label=name,
            fields=[ProviderField(name="model", kind="text"), _KEY, _KEY_ENV, _BASE_URL],
            parameters=list(_ALL),
        )
        for name in extensions.names()
        if name not in _RESERVED
    ]
    return [*_BUILT_IN, *installed]


_RESERVED = {*(info.provider for info in _BUILT_IN), "guide", "langchain"}
_GUIDE = _provider("guide", label="Guide", fields=[], parameters=list(_ALL))


def known() -> Mapping[str, ProviderInfo]:
    """Return every provider that a profile may name, by name."""
    return {info.provider: info for info in [*offered(), _LANGCHAIN, _GUIDE]}
