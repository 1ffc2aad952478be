"""The ``openai`` provider: OpenAI's own service, or a proxy of it with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapter import HostedAdapter
from ..profiles.profile import Profile

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

DEFAULT_URL = "https://api.openai.com/v1"


def adapter() -> HostedAdapter:
    """Return the adapter of ``openai``."""
    return HostedAdapter(_build)


def _build(profile: Profile) -> BaseChatOpenAI:
    from .chat_openai import SETTINGS, StreamingChatOpenAI, without_environment

    model = StreamingChatOpenAI(
        model=profile.model,
        # Always explicit: otherwise the environment may send the chat elsewhere (OPENAI_API_BASE,
        # LANGSMITH_GATEWAY).
        base_url=profile.base_url or DEFAULT_URL,
        api_key=profile.api_key,
        stream_usage=True,
        **SETTINGS,
    )
    return without_environment(model) if profile.has_address_of_a_page else model
