"""What needs no network: the profile as it is written, its key, tracing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..protocol import ErrorInfo
from ..providers.profiles import Profile
from .patient import Finding, Patient

_SWITCHES: Final = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")
_ENDPOINTS: Final = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")
_DEFAULT_ENDPOINT: Final = "https://api.smith.langchain.com"


async def read(patient: Patient) -> Finding:
    """Look at the profile's fields, and at what its provider needs installed."""
    if isinstance(patient.profile, ErrorInfo):
        return patient.failed(patient.profile)
    if isinstance(patient.keyed, ErrorInfo) and not patient.lacks_key:
        return patient.failed(patient.keyed)
    profile = patient.profile
    where = f" at {profile.deployment.endpoint}" if profile.deployment.endpoint else ""
    return Finding("pass", f"{profile.provider}: {profile.model_name}{where}.")


async def key(patient: Patient) -> Finding:
    """Look whether there is a key, and say where it comes from."""
    if isinstance(patient.keyed, ErrorInfo):
        return patient.failed(patient.keyed)
    if patient.keyed.azure_identity:
        return Finding("pass", "None is needed: it signs in with Entra ID.")
    if patient.keyed.api_key is None:
        return Finding("pass", "The profile has none, and none is sent.")
    assert isinstance(patient.profile, Profile)
    where = patient.profile.api_key_env
    secret = patient.keyed.api_key.get_secret_value()
    if secret != secret.strip() or not secret.isascii():
        # Of a typed-in key the profile's own checks see it.
        message = "The key has a blank at an end, or a sign that no key has."
        return Finding("fail", message, "Set the variable again, to the key alone.", where and "api_key_env")
    return Finding("pass", f"From the environment variable {where}." if where else "There is one.")


async def tracing(patient: Patient) -> Finding:
    """Say whether LangChain sends every chat to a tracing service."""
    switch = next((name for name in _SWITCHES if _is_on(name, patient.environ)), None)
    if switch is None:
        return Finding("pass", "Off.")
    if not patient.tracing:
        return Finding("pass", f"Off, although the environment has {switch}: c.StreamChat.tracing decides.")
    endpoint = next((e for name in _ENDPOINTS if (e := patient.environ.get(name))), _DEFAULT_ENDPOINT)
    return Finding(
        "warn",
        f"On: LangChain sends every chat to {endpoint}.",
        "If that is not wanted, set c.StreamChat.tracing to False.",
    )


def _is_on(name: str, environ: Mapping[str, str]) -> bool:
    return environ.get(name, "").lower() in ("true", "1")
