"""The provider ``openai-compatible``: any server that speaks chat completions, with a key or without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ..adapter import HostedAdapter
from ..fields import BASE_URL, KEY, KEY_VARIABLE, MODEL
from ..profiles.presets import PRESETS
from ..profiles.profile import Profile
from ..provider import Provider
from .prefill import by_preset

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

_NO_KEY = SecretStr("none")
"""Sent where the profile has no key: left out, LangChain would send OPENAI_API_KEY to a stranger."""


def _build(profile: Profile) -> BaseChatOpenAI:
    from .chat_openai import SETTINGS, CompatibleChatOpenAI, clients_of, without_environment

    model = CompatibleChatOpenAI(
        model=profile.model,
        base_url=profile.base_url,
        api_key=profile.api_key or _NO_KEY,
        # A server that refuses stream_options is asked again without them, and that is remembered.
        stream_usage=True,
        **clients_of(profile),
        **SETTINGS,
    )
    return without_environment(model)


PROVIDER = Provider(
    id="openai-compatible",
    label="OpenAI-compatible server",
    fields=(
        replace(BASE_URL, required=True, example="http://127.0.0.1:8000/v1"),
        replace(MODEL, required=True, example="my-model"),
        KEY,
        KEY_VARIABLE,
    ),
    adapter=lambda engine: HostedAdapter(_build),
    presets=tuple(PRESETS.values()),
    continuation=by_preset,
    # Such a server may go on to the end of a model's context where nothing limits it.
    length_parameter="max_tokens",
    lists_models=True,
    is_openai_shaped=True,
    position=3,
)
