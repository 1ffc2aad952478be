"""The ``openai-compatible`` provider: any server that speaks chat completions, with a key or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from ..adapter import HostedAdapter
from ..profiles.profile import Profile

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

_NO_KEY = SecretStr("none")
"""Sent where the profile has no key: left out, LangChain would send OPENAI_API_KEY to a stranger."""


def adapter() -> HostedAdapter:
    """Return the adapter of ``openai-compatible``."""
    return HostedAdapter(_build)


def _build(profile: Profile) -> BaseChatOpenAI:
    from .chat_openai import SETTINGS, CompatibleChatOpenAI, without_environment

    model = CompatibleChatOpenAI(
        model=profile.model,
        base_url=profile.base_url,
        api_key=profile.api_key or _NO_KEY,
        # A server that refuses stream_options is asked again without them, and that is remembered.
        stream_usage=True,
        **SETTINGS,
    )
    return without_environment(model)
