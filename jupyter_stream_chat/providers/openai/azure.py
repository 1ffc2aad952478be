"""The provider ``azure``: a deployment of Azure OpenAI."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..adapter import HostedAdapter
from ..fields import KEY, KEY_VARIABLE
from ..parameters import OPENAI_PARAMETERS
from ..profiles import validators
from ..profiles.profile import Profile
from ..provider import Field, Provider

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

_USAGE_SINCE = "2024-09-01"
"""API versions from this date on know ``stream_options``; older ones answer 400 to it."""

_SCOPE = "https://cognitiveservices.azure.com/.default"


def _build(profile: Profile) -> BaseChatOpenAI:
    from openai.lib.azure import API_KEY_SENTINEL

    from .chat_openai import SETTINGS, StreamingAzureChatOpenAI, clients_of, without_environment

    identity = _identity() if profile.azure_identity else {"api_key": profile.api_key, "azure_ad_token": None}
    model = StreamingAzureChatOpenAI(
        azure_endpoint=profile.azure_endpoint,
        azure_deployment=profile.azure_deployment,
        api_version=profile.api_version,
        model=profile.model or None,
        **identity,
        stream_usage=(profile.api_version or "") >= _USAGE_SINCE,
        **clients_of(profile),
        **SETTINGS,
    )
    for client in (model.root_client, model.root_async_client):
        # Key and token of the environment would go to the endpoint beside or instead of what the profile
        # says; the arguments above keep out the newer versions of the SDK alone.
        client._azure_ad_token = None
        if profile.azure_identity:
            client.api_key = API_KEY_SENTINEL
    return without_environment(model) if profile.has_address_of_a_page else model


def _identity() -> dict[str, Any]:
    """Return what makes the client ask Entra ID for a token, which azure-identity keeps while it is valid."""
    from azure.identity import DefaultAzureCredential, get_bearer_token_provider

    provider = get_bearer_token_provider(DefaultAzureCredential(), _SCOPE)

    async def asynchronous() -> str:
        return str(await asyncio.to_thread(provider))

    # The environment's key and token must not be used instead.
    return {
        "api_key": None,
        "azure_ad_token": None,
        "azure_ad_token_provider": provider,
        "azure_ad_async_token_provider": asynchronous,
    }


_DOMAINS = ("openai.azure.{}", "cognitiveservices.azure.{}", "services.ai.azure.{}")

PROVIDER = Provider(
    id="azure",
    label="Azure OpenAI",
    fields=(
        Field(
            "azure_endpoint",
            kind="url",
            required=True,
            example="https://NAME.openai.azure.com",
            hint='Give the resource\'s address, for example "https://NAME.openai.azure.com".',
            check=validators.azure_endpoint,
        ),
        Field(
            "azure_deployment",
            required=True,
            example="my-deployment",
            hint="Give the deployment's name as the Azure portal shows it.",
        ),
        Field(
            "api_version",
            required=True,
            example="2024-10-21",
            hint='Give the API version, for example "2024-10-21".',
            check=validators.api_version,
        ),
        KEY,
        KEY_VARIABLE,
        Field("model", example="gpt-4o"),
    ),
    adapter=lambda engine: HostedAdapter(_build, lists_models=False),
    parameters=OPENAI_PARAMETERS,
    key_variable="AZURE_OPENAI_API_KEY",
    # Not azure-api.net: what stands there is a gateway whose owner can read the headers.
    key_destinations=tuple(
        f"https://*.{domain.format(cloud)}" for cloud in ("com", "us", "cn") for domain in _DOMAINS
    ),
    model_field="azure_deployment",
    is_openai_shaped=True,
    position=2,
)
