"""Where a profile's key comes from: the profile, or an environment variable that the allow-list lets it name.

Keys are ``SecretStr`` from here to the client that sends them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import SecretStr

from ..protocol import ErrorInfo
from .profiles import Profile, ProviderName, profile_error

ALLOWED_VARIABLES = re.compile(r"[A-Z0-9_]*_API_KEY")
"""Names that a profile may read: without this a page could send any variable to any address."""

_USUAL_VARIABLE: dict[ProviderName, str] = {"openai": "OPENAI_API_KEY", "azure": "AZURE_OPENAI_API_KEY"}


def with_key(profile: Profile, environ: Mapping[str, str]) -> Profile | ErrorInfo:
    """Return the profile with its key in place, or say what is missing."""
    if profile.api_key is not None:
        return profile
    variable = profile.api_key_env or _usual_variable(profile)
    if variable is None:
        return _missing(profile) if profile.provider in _USUAL_VARIABLE else profile
    if not ALLOWED_VARIABLES.fullmatch(variable):
        return profile_error(
            "api_key_env",
            f"A profile may not read the environment variable {variable}.",
            "Name a variable that ends in _API_KEY.",
        )
    if key := environ.get(variable):
        return profile.model_copy(update={"api_key": SecretStr(key)})
    return profile_error(
        "api_key_env" if profile.api_key_env else "api_key",
        f"The environment variable {variable} is not set.",
        f"Set {variable} before Jupyter starts, or give the profile an api_key.",
    )


def _usual_variable(profile: Profile) -> str | None:
    """Return the variable that is read unasked; never for an address that a page chose."""
    if profile.has_address_of_a_page:
        return None
    return _USUAL_VARIABLE.get(profile.provider)


def _missing(profile: Profile) -> ErrorInfo:
    return profile_error(
        "api_key", f"The profile {profile.label} has no API key.", "Give it an api_key or an api_key_env."
    )
