"""Addresses inside the server's network that a page's profile names: which are asked, and what is told.

A profile of the configuration may name any address. A page's is looked at by its spelling when it is checked,
and by DNS each time before it is asked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ...protocol import ErrorInfo
from .addresses import is_inside, leads_inside
from .profile import Profile

_REMEMBERED = 256


class InsideAddresses:
    """What a page may name of this machine and its network."""

    def __init__(self, *, allowed: bool) -> None:
        """``allowed``: such addresses may be asked."""
        self._allowed = allowed
        self._found: dict[str, None] = {}
        """Destinations whose names led inside."""

    def marked(self, profile: Profile) -> Profile:
        """Return the profile, which knows whether its client may connect to an address inside."""
        is_public_only = not self._allowed and profile.has_address_of_a_page
        return profile.model_copy(update={"is_public_only": True}) if is_public_only else profile

    def problem(self, profile: Profile) -> ErrorInfo | None:
        """Say that the profile's address is refused, if its spelling says that it lies inside."""
        host = urlsplit(profile.address or "").hostname
        refused = not self._allowed and profile.has_address_of_a_page and host and is_inside(host)
        return _refused(profile) if refused else None

    async def check(self, profile: Profile) -> ErrorInfo | None:
        """Look the address up. Say that it is refused, if it leads inside."""
        if not profile.has_address_of_a_page or not await leads_inside(profile.address or ""):
            return None
        self._found[profile.destination] = None
        if len(self._found) > _REMEMBERED:
            del self._found[next(iter(self._found))]
        return None if self._allowed else _refused(profile)

    def is_silent(self, profile: Profile) -> bool:
        """Tell whether a page is told nothing of what the profile's address answered but a sentence."""
        return profile.has_address_of_a_page and profile.destination in self._found


def _refused(profile: Profile) -> ErrorInfo:
    return ErrorInfo(
        code="private_address",
        message="The address lies inside the server's network.",
        hint="Enter a public address, or ask the administrator to set c.StreamChat.private_addresses.",
        field=profile.served_by.address_field,
    )
