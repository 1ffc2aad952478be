"""What needs no network: the profile as it is written, its key, tracing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..protocol import ErrorInfo
from ..providers.profiles.profile import Profile
from .context import Context
from .findings import LIMITATIONS, Finding, found

_SWITCHES: Final = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")
_ENDPOINTS: Final = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")
_DEFAULT_ENDPOINT: Final = "https://api.smith.langchain.com"


async def read(context: Context) -> Finding:
    """Look at the profile's fields, and at what its provider needs installed."""
    if isinstance(context.profile, ErrorInfo):
        return context.failed(context.profile)
    if isinstance(context.keyed, ErrorInfo) and not context.lacks_key:
        return context.failed(context.keyed)
    profile = context.profile
    names: dict[str, Any] = {"provider": profile.provider, "model": profile.model_name}
    if endpoint := profile.deployment.endpoint:
        return found("pass", "configured_at", **names, endpoint=endpoint)
    return found("pass", "configured", **names)


async def key(context: Context) -> Finding:
    """Look whether there is a key, and say where it comes from."""
    if isinstance(context.keyed, ErrorInfo):
        return context.failed(context.keyed)
    if context.keyed.azure_identity:
        return found("pass", "entra_id")
    if context.keyed.api_key is None:
        return found("pass", "no_key")
    assert isinstance(context.profile, Profile)
    where = context.profile.api_key_env
    return found("pass", "key_in_variable", variable=where) if where else found("pass", "key_there")


async def remembered(context: Context) -> Finding:
    """Say what earlier questions found out about the deployment, and how it is asked for that reason."""
    if not context.remembered:
        return found("pass", "nothing_remembered")
    names = sorted(context.remembered)
    return replace(
        found("pass", "remembered", findings=" ".join(LIMITATIONS[name] for name in names)),
        values={"findings": ",".join(names)},
    )


async def tracing(context: Context) -> Finding:
    """Say whether LangChain sends every chat to a tracing service."""
    switch = next((name for name in _SWITCHES if _is_on(name, context.environ)), None)
    if switch is None:
        return found("pass", "tracing_off")
    if not context.tracing:
        return found("pass", "tracing_not_allowed", switch=switch)
    endpoint = next((e for name in _ENDPOINTS if (e := context.environ.get(name))), _DEFAULT_ENDPOINT)
    return found("warn", "tracing_on", endpoint=endpoint)


def _is_on(name: str, environ: Mapping[str, str]) -> bool:
    return environ.get(name, "").lower() in ("true", "1")
