"""Where a profile's key comes from, and where it may go: a typed-in key, or one of the environment.

A key is for its destination. A typed-in one is kept with it (``keyfile``). One of the environment goes where
the administrator's configuration sends it, or to the hosts of the provider that it belongs to. Keys are
``SecretStr`` from here to the client that sends them.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from importlib.util import find_spec

from pydantic import SecretStr

from ...protocol import ErrorInfo
from . import catalog
from .addresses import destination_of, matches
from .keyfile import KeptKey
from .profile import Profile, profile_error
from .validators import is_sendable

ALLOWED_VARIABLES = re.compile(r"[A-Z0-9_]*_API_KEY")
"""Names that a profile may read."""


class Keys:
    """The keys of one server."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        also_allowed: Collection[str] = (),
        destinations: Mapping[str, Collection[str]] | None = None,
        configured: Iterable[Profile] = (),
    ) -> None:
        """``also_allowed``: names of variables that an administrator adds to the allow-list.

        ``destinations``: addresses by variable, where the administrator lets a page's profiles send its key.
        ``configured``: the profiles of the configuration, which say the same by naming variable and address.
        """
        self.kept: Mapping[str, KeptKey] = {}
        """By ``key_name``, as the file has them."""
        self._environ = environ
        self._also_allowed = frozenset(also_allowed)
        self._destinations: dict[str, set[str]] = defaultdict(set)
        for provider in catalog.known().values():
            if provider.key_variable:
                self._destinations[provider.key_variable].update((provider.id, *provider.key_destinations))
            for preset in provider.presets:
                if preset.api_key_env:
                    self._destinations[preset.api_key_env].add(preset.destination)
        for variable, addresses in (destinations or {}).items():
            self._destinations[variable].update(destination_of(address) for address in addresses)
        for profile in configured:
            if named := _variable(profile):
                self._destinations[named].add(profile.destination)

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
        if problem := self.variable_problem(profile):
            return problem
        variable = _variable(profile)
        if variable is None or not self._may_go(variable, profile):
            return _missing(profile) if profile.served_by.key_variable else profile
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

    def variable_problem(self, profile: Profile) -> ErrorInfo | None:
        """Say why the profile may not use the variable that it names. Whether there is one is not told."""
        variable = profile.api_key_env
        if variable is None:
            return None
        if not (ALLOWED_VARIABLES.fullmatch(variable) or variable in self._also_allowed):
            return profile_error(
                "api_key_env",
                f"A profile may not read the environment variable {variable[:64]}.",
                "Name a variable that ends in _API_KEY, or have it added to c.StreamChat.key_variables.",
            )
        if self._may_go(variable, profile):
            return None
        destination = profile.destination
        return ErrorInfo(
            code="key_not_allowed",
            message=f"The key in {variable[:64]} may not be sent to {destination}.",
            hint="Type the key in, or ask the administrator to add it to c.StreamChat.key_destinations.",
            field="api_key_env",
            values={"variable": variable[:64], "destination": destination},
        )

    def _may_go(self, variable: str, profile: Profile) -> bool:
        """Tell whether a variable's key may be sent where the profile's questions go."""
        if profile.origin != "stored":
            return True
        # A variable that belongs to no provider may still go to the own hosts of the profile's provider.
        allowed = self._destinations.get(variable) or profile.served_by.own_destinations
        return any(matches(profile.destination, each) for each in allowed)

    def _kept(self, profile: Profile, profile_id: str) -> SecretStr | None:
        kept = self.kept.get(key_name(profile.owner, profile_id)) if profile.origin == "stored" else None
        return kept.key if kept and kept.destination == profile.destination else None


def key_name(owner: str, profile_id: str) -> str:
    """Return what a profile's key is kept under. No profile's id has a slash."""
    return f"{owner}/{profile_id}" if owner else profile_id


def _variable(profile: Profile) -> str | None:
    """Return the environment variable that the profile names, or its provider's."""
    return profile.api_key_env or profile.served_by.key_variable


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
