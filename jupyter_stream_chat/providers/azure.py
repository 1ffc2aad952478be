"""The ``azure`` provider: a deployment of Azure OpenAI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .adapter import HostedAdapter
from .profiles import Profile

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

_USAGE_SINCE = "2024-09-01"
"""API versions from this date on know ``stream_options``; older ones answer 400 to it."""


def adapter() -> HostedAdapter:
    """Return the adapter of ``azure``."""
    return HostedAdapter(_build, lists_models=False)


def _build(profile: Profile) -> BaseChatOpenAI:
    from .chat_openai import SETTINGS, StreamingAzureChatOpenAI, without_environment

    model = StreamingAzureChatOpenAI(
        azure_endpoint=profile.azure_endpoint,
        azure_deployment=profile.azure_deployment,
        api_version=profile.api_version,
        model=profile.model or None,
        api_key=profile.api_key,
        # Left out, the environment's AZURE_OPENAI_AD_TOKEN would go to the endpoint instead of the key.
        azure_ad_token=None,
        stream_usage=(profile.api_version or "") >= _USAGE_SINCE,
        **SETTINGS,
    )
    return without_environment(model) if profile.has_address_of_a_page else model
