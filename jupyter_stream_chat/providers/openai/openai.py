"""The provider ``openai``: OpenAI's own service, or a proxy of it with a key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..adapter import HostedAdapter
from ..fields import BASE_URL, KEY, KEY_VARIABLE, MODEL
from ..parameters import OPENAI_PARAMETERS
from ..profiles.profile import Profile
from ..provider import Provider

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

DEFAULT_URL = "https://api.openai.com/v1"


def _build(profile: Profile) -> BaseChatOpenAI:
    from .chat_openai import SETTINGS, StreamingChatOpenAI, clients_of, without_environment

    model = StreamingChatOpenAI(
        model=profile.model,
        # Always explicit: otherwise the environment may send the chat elsewhere (OPENAI_API_BASE,
        # LANGSMITH_GATEWAY).
        base_url=profile.base_url or DEFAULT_URL,
        api_key=profile.api_key,
        stream_usage=True,
        **clients_of(profile),
        **SETTINGS,
    )
    return without_environment(model) if profile.has_address_of_a_page else model


PROVIDER = Provider(
    id="openai",
    label="OpenAI",
    fields=(replace(MODEL, required=True, example="gpt-4o-mini"), KEY, KEY_VARIABLE, BASE_URL),
    adapter=lambda engine: HostedAdapter(_build),
    parameters=OPENAI_PARAMETERS,
    key_variable="OPENAI_API_KEY",
    address=DEFAULT_URL,
    key_destinations=("https://api.openai.com",),
    lists_models=True,
    is_openai_shaped=True,
    position=1,
)
