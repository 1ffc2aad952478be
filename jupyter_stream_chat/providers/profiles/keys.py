"""Where a profile's key comes from: the profile, the file of typed-in keys, or an environment variable.

Only variables of the allow-list can be named. Keys are ``SecretStr`` from here to the client that sends them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from importlib.util import find_spec

from pydantic import SecretStr

from ...protocol import ErrorInfo
from .keyfile import KeptKey
from .profile import Profile, profile_error
from .validators import is_sendable

ALLOWED_VARIABLES = re.compile(r"[A-Z0-9_]*_API_KEY")
"""Names that a profile may read: without this a page could send any variable to any address."""

_USUAL_VARIABLE = {"openai": "OPENAI_API_KEY", "azure": "AZURE_OPENAI_API_KEY"}


class Keys:
    """The keys of one server."""

    def __init__(
        self, environ: Mapping[str, str] = os.environ, *, also_allowed: Collection[str] = ()
    ) -> None:
        """``also_allowed``: names of variables that an administrator adds to the allow-list."""
        self.kept: Mapping[str, KeptKey] = {}
        """By profile, as the file has them."""
        self._environ = environ
        self._also_allowed = frozenset(also_allowed)

    def has_kept(self, profile: Profile, profile_id: str | None = None) -> bool:
        """Tell whether a typed-in key is kept for this profile and for the host that it names now."""
        return self._kept(profile, profile_id or profile.id) is not None

    def with_key(self, profile: Profile, profile_id: str | None = None) -> Profile | ErrorInfo:
        """Return the profile with its key in place, or say what is missing.

        ``profile_id`` names the profile whose kept key is used, where that is another one's.
        """
        if profile.azure_identity:
            return profile if _has_azure_identity() else _NO_AZURE_IDENTITY
        if profile.api_key is not None:
            return profile
        if kept := self._kept(profile, profile_id or profile.id):
            return profile.model_copy(update={"api_key": kept})
        variable = profile.api_key_env or _usual_variable(profile)
        if variable is None:
            return _missing(profile) if profile.provider in _USUAL_VARIABLE else profile
        if problem := self.variable_problem(variable):
            return problem
        if key := self._environ.get(variable, "").strip():
            if not is_sendable(key):
                return profile_error(
                    "api_key_env" if profile.api_key_env else "api_key",
                    f"The key in the environment variable {variable} holds a sign that no key has.",
                    f"Set {variable} to the key alone, without quotes or spaces, and restart Jupyter.",
                )
            return profile.model_copy(update={"api_key": SecretStr(key)})
        return profile_error(
            "api_key_env" if profile.api_key_env else "api_key",
            f"The environment variable {variable} is not set.",
            f"Set {variable} before Jupyter starts, or give the profile an api_key.",
        )

    def variable_problem(self, variable: str) -> ErrorInfo | None:
        """Say why a profile may not read an environment variable."""
        if ALLOWED_VARIABLES.fullmatch(variable) or variable in self._also_allowed:
            return None
        return profile_error(
            "api_key_env",
            f"A profile may not read the environment variable {variable[:64]}.",
            "Name a variable that ends in _API_KEY, or have it added to c.StreamChat.key_variables.",
        )

    def _kept(self, profile: Profile, profile_id: str) -> SecretStr | None:
        kept = self.kept.get(profile_id) if profile.origin == "stored" else None
        return kept.key if kept and kept.destination == profile.destination else None


def _usual_variable(profile: Profile) -> str | None:
    """Return the variable that is read unasked; never for an address that a page chose."""
    if profile.has_address_of_a_page:
        return None
    return _USUAL_VARIABLE.get(profile.provider)


def _missing(profile: Profile) -> ErrorInfo:
    return profile_error(
        "api_key", f"The profile {profile.label} has no API key.", "Give it an api_key or an api_key_env."
    )


def _has_azure_identity() -> bool:
    try:
        return find_spec("azure.identity") is not None
    except ModuleNotFoundError:  # there is no azure at all
        return False


_NO_AZURE_IDENTITY = profile_error(
    "azure_identity",
    "Signing in with Entra ID needs azure-identity, which is not installed.",
    "Run: pip install azure-identity",
)
