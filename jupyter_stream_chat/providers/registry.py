"""The profiles of this server, which of them is the default, and the models that they open.

Owns resolution: where profiles come from, where keys come from, which adapter serves whom. Reads no store:
stored profiles are handed in.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..protocol import ErrorInfo, ProfileInfo
from . import azure, compatible, guide, huggingface, openai
from .adapter import Adapter, OnProgress
from .keys import with_key
from .profiles import Origin, Profile, ProviderName, broken_profile_info, parse_profile, profile_info

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from .engine_client import EngineClient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """One profile as it was given, and what was read from it."""

    id: str
    values: Mapping[str, Any]
    profile: Profile | ErrorInfo


class Registry:
    """Profiles by id. Configured ones win over stored ones of the same id; the guide comes last."""

    def __init__(
        self,
        configured: Sequence[Mapping[str, Any]] = (),
        *,
        engine: EngineClient,
        default_profile: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Read the configured profiles; what is wrong with one is said in its ``ProfileInfo``."""
        self._environ = environ
        self._wanted_default = default_profile
        self._adapters: dict[ProviderName, Adapter] = {
            "guide": guide.adapter(engine),
            "huggingface": huggingface.adapter(engine),
            "openai": openai.adapter(),
            "azure": azure.adapter(),
            "openai-compatible": compatible.adapter(),
        }
        self._configured = _read(configured, "configured")
        self._stored: list[_Entry] = []

    def set_stored(self, profiles: Iterable[Mapping[str, Any]]) -> None:
        """Replace the profiles that come from the store."""
        self._stored = _read(profiles, "stored")

    def infos(self) -> list[ProfileInfo]:
        """Return every profile as a page may see it, with what is wrong with it."""
        return [
            broken_profile_info(entry.id, entry.values, entry.profile)
            if isinstance(entry.profile, ErrorInfo)
            else self._info(entry.profile)
            for entry in self._entries()
        ]

    @property
    def default_id(self) -> str | None:
        """The profile that a chat without a choice uses; None when there is none to use."""
        usable = [entry.profile for entry in self._entries() if isinstance(entry.profile, Profile)]
        if any(profile.id == self._wanted_default for profile in usable):
            return self._wanted_default
        for profile in usable:
            if profile.origin == "configured":
                return profile.id
        # A user without the local packages who has set up a provider wants that one, not the guide.
        candidates = sorted(usable, key=lambda profile: profile.origin == "stored")
        return next((profile.id for profile in candidates if self._problem(profile) is None), None)

    def find(self, profile_id: str) -> Profile | ErrorInfo:
        """Return the profile with its key in place, or say why it cannot be used."""
        for entry in self._entries():
            if entry.id == profile_id:
                if isinstance(entry.profile, ErrorInfo):
                    return entry.profile
                return self._adapters[entry.profile.provider].problem() or with_key(
                    entry.profile, self._environ
                )
        return ErrorInfo(
            code="unknown_profile",
            message=f"There is no profile {profile_id}.",
            cure="Choose another profile.",
            field="profile_id",
        )

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's LangChain model for one run; ``profile`` comes from ``find``."""
        return await self._adapters[profile.provider].open(profile, on_progress)

    async def warm(self) -> None:
        """Import in a thread what the profiles need, and build the default profile's client."""
        profiles = [entry.profile for entry in self._entries() if isinstance(entry.profile, Profile)]
        adapters = {p.provider: self._adapters[p.provider] for p in profiles if not self._problem(p)}
        for adapter in adapters.values():
            await asyncio.to_thread(adapter.load)
        if self._wanted_default and self.default_id != self._wanted_default:
            log.warning("The default profile %s cannot be read or does not exist", self._wanted_default)
        default = self.find(self.default_id) if self.default_id else None
        if isinstance(default, Profile):
            await self.open(default, lambda stage, fraction, position: None)

    async def close(self) -> None:
        """Close the connections of every adapter."""
        for adapter in self._adapters.values():
            await adapter.close()

    def _entries(self) -> list[_Entry]:
        entries: dict[str, _Entry] = {}
        for entry in [*self._configured, *self._stored, _Entry(guide.GUIDE_ID, {}, guide.PROFILE)]:
            entries.setdefault(entry.id, entry)
        return list(entries.values())

    def _info(self, profile: Profile) -> ProfileInfo:
        notice = self._adapters[profile.provider].notice
        return profile_info(profile, problem=self._problem(profile), notice=notice)

    def _problem(self, profile: Profile) -> ErrorInfo | None:
        if problem := self._adapters[profile.provider].problem():
            return problem
        found = with_key(profile, self._environ)
        return found if isinstance(found, ErrorInfo) else None


def _read(profiles: Iterable[Mapping[str, Any]], origin: Origin) -> list[_Entry]:
    return [
        _Entry(str(values.get("id") or f"profile-{position}"), values, parse_profile(values, origin=origin))
        for position, values in enumerate(profiles, 1)
    ]
