"""The profiles of this server, which of them is the default, and the models that they open.

Owns resolution: where profiles come from, where keys come from, which adapter serves whom. Reads no store:
stored profiles are handed in.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...protocol import ErrorInfo, ProfileInfo
from ..adapter import Adapter, OnProgress
from ..langchain import adapter as langchain
from ..local import guide, huggingface
from ..local.adapter import LocalAdapter
from ..openai import azure, openai
from ..openai import openai_compatible as compatible
from . import catalog
from .keyfile import KeptKey
from .keys import Keys
from .profile import Origin, Profile, broken_profile_info, parse_profile, profile_info, read_profile

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from ..local.engine_client import EngineClient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """One profile as it was given, and what was read from it."""

    id: str
    values: Mapping[str, Any]
    profile: Profile | ErrorInfo
    origin: Origin


class Registry:
    """Profiles by id. Configured ones win over stored ones of the same id; the guide comes last."""

    def __init__(
        self,
        configured: Sequence[Mapping[str, Any]] = (),
        *,
        engine: EngineClient,
        default_profile: str = "",
        environ: Mapping[str, str] = os.environ,
        key_variables: Collection[str] = (),
    ) -> None:
        """Read the configured profiles; what is wrong with one is said in its ``ProfileInfo``.

        ``key_variables``: environment variables that profiles may name beside those of the allow-list.
        """
        self.keys = Keys(environ, also_allowed=key_variables)
        self._wanted_default = default_profile
        self._engine = engine
        self._adapters = {name: self._adapter(name) for name in catalog.known()}
        self._configured = _read(configured, "configured")
        self._stored: list[_Entry] = []

    def set_stored(
        self, profiles: Iterable[Mapping[str, Any]], keys: Mapping[str, KeptKey] | None = None
    ) -> None:
        """Replace the profiles that come from the store, and the keys that are kept for them."""
        self._stored = _read(profiles, "stored")
        self.keys.kept = keys or {}

    def stored(self, profile_id: str) -> Profile | None:
        """Return a stored profile without its key, if it can be read."""
        entry = next((entry for entry in self._stored if entry.id == profile_id), None)
        return entry.profile if entry and isinstance(entry.profile, Profile) else None

    def draft(self, values: Mapping[str, Any]) -> tuple[Profile | None, list[ErrorInfo]]:
        """Read a profile that a page is editing, with its key in place, and find all that is wrong with it.

        ``profile_id`` among the values names the stored profile whose kept key is used if they have none.
        """
        given = {name: value for name, value in values.items() if name != "profile_id"}
        kept_by = str(values.get("profile_id") or given.get("id") or "")
        profile, problems = read_profile({"id": kept_by or "draft", **given}, origin="stored")
        if profile is None:
            return None, problems
        found = self._adapters[profile.provider].problem() or self.keys.with_key(profile, kept_by)
        return (profile, [*problems, found]) if isinstance(found, ErrorInfo) else (found, problems)

    @asynccontextmanager
    async def trial(self, profile: Profile) -> AsyncIterator[Adapter]:
        """Lend an adapter for a draft, whose connections are closed afterwards."""
        adapter = self._adapter(profile.provider)
        try:
            yield adapter
        finally:
            await adapter.close()

    def infos(self) -> list[ProfileInfo]:
        """Return every profile as a page may see it, with what is wrong with it."""
        return [
            broken_profile_info(entry.id, entry.values, entry.profile, origin=entry.origin)
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
        profile = self.written(profile_id)
        if isinstance(profile, ErrorInfo):
            return profile
        return self._adapters[profile.provider].problem() or self.keys.with_key(profile)

    def written(self, profile_id: str) -> Profile | ErrorInfo:
        """Return the profile as it is written, usable or not; or say why it cannot be read."""
        for entry in self._entries():
            if entry.id == profile_id:
                return entry.profile
        return ErrorInfo(
            code="unknown_profile",
            message=f"There is no profile {profile_id}.",
            hint="Choose another profile.",
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

    async def start_ahead(self) -> None:
        """Start what a first question to the default profile would wait for; a page has just opened."""
        default = self.find(self.default_id) if self.default_id else None
        adapter = self._adapters[default.provider] if isinstance(default, Profile) else None
        if isinstance(adapter, LocalAdapter):
            await adapter.start_ahead()

    async def close(self) -> None:
        """Close the connections of every adapter."""
        for adapter in self._adapters.values():
            await adapter.close()

    def _adapter(self, provider: str) -> Adapter:
        match provider:
            case "guide":
                return guide.adapter(self._engine)
            case "huggingface":
                return huggingface.adapter(self._engine)
            case "openai":
                return openai.adapter()
            case "azure":
                return azure.adapter()
            case "openai-compatible":
                return compatible.adapter()
            case "langchain":
                return langchain.by_class_path()
            case _:
                return langchain.by_entry_point(provider)

    def _entries(self) -> list[_Entry]:
        entries: dict[str, _Entry] = {}
        for entry in [
            *self._configured,
            *self._stored,
            _Entry(guide.GUIDE_ID, {}, guide.PROFILE, "built-in"),
        ]:
            entries.setdefault(entry.id, entry)
        return list(entries.values())

    def _info(self, profile: Profile) -> ProfileInfo:
        return profile_info(
            profile,
            problem=self._problem(profile),
            notice=self._adapters[profile.provider].notice,
            has_key=self.keys.has_kept(profile),
        )

    def _problem(self, profile: Profile) -> ErrorInfo | None:
        if problem := self._adapters[profile.provider].problem():
            return problem
        found = self.keys.with_key(profile)
        return found if isinstance(found, ErrorInfo) else None


def _read(profiles: Iterable[Mapping[str, Any]], origin: Origin) -> list[_Entry]:
    return [
        _Entry(
            str(values.get("id") or f"profile-{position}"),
            values,
            parse_profile(values, origin=origin),
            origin,
        )
        for position, values in enumerate(profiles, 1)
    ]
