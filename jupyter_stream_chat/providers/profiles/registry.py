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
from ..errors.classify import ProviderProblem, classify
from ..local.adapter import LocalAdapter
from ..local.guide import GUIDE_ID, PROFILE
from . import catalog
from .inside import InsideAddresses
from .keyfile import KeptKey
from .keys import Keys
from .profile import Origin, Profile, broken_profile_info, parse_profile, profile_info, read_profile

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from ...config import Settings
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
    """Profiles by id. Configured ones win over stored ones of the same id; the guide comes last.

    Stored ones are their owner's; "" is the owner of those that all share.
    """

    def __init__(
        self,
        configured: Sequence[Mapping[str, Any]] = (),
        *,
        engine: EngineClient,
        default_profile: str = "",
        environ: Mapping[str, str] = os.environ,
        key_variables: Collection[str] = (),
        key_destinations: Mapping[str, Collection[str]] | None = None,
        allow_inside: bool = True,
        proxy_loopback: bool = False,
    ) -> None:
        """Read the configured profiles; what is wrong with one is said in its ``ProfileInfo``.

        ``key_variables``, ``key_destinations``: see ``Keys``. ``allow_inside``: a page's profile may name an
        address of this machine or its network. ``proxy_loopback``: see ``Profile``.
        """
        self._configured = _read(configured, "configured")
        self.keys = Keys(
            environ,
            also_allowed=key_variables,
            destinations=key_destinations,
            configured=[each.profile for each in self._configured if isinstance(each.profile, Profile)],
        )
        self._inside = InsideAddresses(allowed=allow_inside)
        self._proxy_loopback = proxy_loopback
        self._wanted_default = default_profile
        self._engine = engine
        self._adapters = {name: provider.adapter(engine) for name, provider in catalog.known().items()}
        self._stored: dict[str, list[_Entry]] = {}
        self._chosen: dict[str, str] = {}

    def set_stored(
        self,
        profiles: Iterable[Mapping[str, Any]],
        keys: Mapping[str, KeptKey] | None = None,
        *,
        owner: str = "",
    ) -> None:
        """Replace an owner's stored profiles, and the keys that are kept, of all owners."""
        known = {entry.id: entry for entry in self._stored.get(owner, ())}
        # What has not changed stays the same object: events that list the profiles share it.
        self._stored[owner] = [
            old if (old := known.get(entry.id)) and old.values == entry.values else entry
            for entry in _read(profiles, "stored", owner)
        ]
        self.keys.kept = keys or {}

    def draft(self, values: Mapping[str, Any], owner: str = "") -> tuple[Profile | None, list[ErrorInfo]]:
        """Read a profile that a page is editing, without its key, and find all that is wrong with it.

        Says nothing of the server's environment.
        """
        given = {name: value for name, value in values.items() if name != "profile_id"}
        profile, problems = read_profile(
            {"id": str(values.get("profile_id") or "draft"), **given}, origin="stored", owner=owner
        )
        if profile is not None:
            profile = self._marked(profile)
        return profile, [*problems, *(self.problems(profile) if profile is not None else ())]

    def keyed_draft(
        self, values: Mapping[str, Any], owner: str = "", *, but_for: str = ""
    ) -> tuple[Profile | None, list[ErrorInfo]]:
        """Read a profile that a page is editing, with its key in place, and find all that is wrong with it.

        ``profile_id`` among the values names the stored profile whose kept key is used if they have none.
        ``but_for``: a field that need not be right.
        """
        profile, problems = self.draft(values, owner)
        problems = [problem for problem in problems if problem.field != but_for]
        if profile is None or problems:
            return profile, problems
        found = self.keys.with_key(profile, str(values.get("profile_id") or profile.id))
        return (profile, [found]) if isinstance(found, ErrorInfo) else (found, [])

    def refusal(self, profile: Profile) -> ErrorInfo | None:
        """Say why a page may not store the profile."""
        return self.keys.variable_problem(profile) or self._inside.problem(profile)

    def problems(self, profile: Profile) -> list[ErrorInfo]:
        """Say why the profile may not be used here, without looking at the environment."""
        found = (self._adapters[profile.provider].problem(), self.refusal(profile))
        return [problem for problem in found if problem is not None]

    @asynccontextmanager
    async def trial(self, profile: Profile) -> AsyncIterator[Adapter]:
        """Lend an adapter for a profile, whose connections are closed afterwards.

        Raises ProviderProblem for an address that a page may not name.
        """
        await self._check_address(profile)
        adapter = profile.served_by.adapter(self._engine)
        try:
            yield adapter
        finally:
            await adapter.close()

    def infos(self, owner: str = "") -> list[ProfileInfo]:
        """Return every profile as a page may see it, with what is wrong with it."""
        return [
            broken_profile_info(entry.id, entry.values, entry.profile, origin=entry.origin)
            if isinstance(entry.profile, ErrorInfo)
            else self._info(entry.profile)
            for entry in self._entries(owner)
        ]

    def choose_default(self, profile_id: str, owner: str = "") -> None:
        """Let an owner's chats without a choice use this profile, as long as there is one of this id."""
        self._chosen[owner] = profile_id

    def default_id_for(self, owner: str) -> str | None:
        """Return the profile that a chat without a choice uses; None when there is none to use.

        The owner's choice comes before the administrator's default, a configured profile before stored ones,
        and the newest stored one before the guide.
        """
        usable = [entry.profile for entry in self._entries(owner) if isinstance(entry.profile, Profile)]
        for wanted in (self._chosen.get(owner), self._wanted_default):
            if any(profile.id == wanted for profile in usable):
                return wanted
        for profile in usable:
            if profile.origin == "configured":
                return profile.id
        stored = [profile for profile in reversed(usable) if profile.origin == "stored"]
        built_in = [profile for profile in usable if profile.origin == "built-in"]
        candidates = [*stored, *built_in]
        return next((profile.id for profile in candidates if self._problem(profile) is None), None)

    @property
    def default_id(self) -> str | None:
        """The default of what all share."""
        return self.default_id_for("")

    def find(self, profile_id: str, owner: str = "") -> Profile | ErrorInfo:
        """Return the profile with its key in place, or say why it cannot be used."""
        profile = self.written(profile_id, owner)
        if isinstance(profile, ErrorInfo):
            return profile
        problems = self.problems(profile)
        return problems[0] if problems else self.keys.with_key(profile)

    def written(self, profile_id: str, owner: str = "") -> Profile | ErrorInfo:
        """Return the profile as it is written, usable or not; or say why it cannot be read."""
        for entry in self._entries(owner):
            if entry.id == profile_id:
                profile = entry.profile
                return profile if isinstance(profile, ErrorInfo) else self._marked(profile)
        return ErrorInfo(
            code="unknown_profile",
            message=f"There is no profile {profile_id}.",
            hint="Choose another profile.",
            field="profile_id",
        )

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's LangChain model for one run, which ends with ``release``.

        ``profile`` comes from ``find``. Raises ProviderProblem for an address that a page may not name.
        """
        await self._check_address(profile)
        return await self._adapters[profile.provider].open(profile, on_progress)

    def release(self, profile: Profile) -> None:
        """Say that a run has ended for which ``open`` was called with this profile."""
        self._adapters[profile.provider].release(profile)

    def explain(self, error: BaseException, profile: Profile) -> ErrorInfo:
        """Say what an error means. What an address inside the network answered stays here."""
        info = classify(error, profile)
        return info.model_copy(update={"detail": None}) if self._inside.is_silent(profile) else info

    async def warm(self) -> None:
        """Import in a thread what the profiles need, and build the default profile's client."""
        owners = [self._entries(owner) for owner in ("", *self._stored)]
        profiles = [entry.profile for entries in owners for entry in entries]
        needed = {p.provider for p in profiles if isinstance(p, Profile) and not self._problem(p)}
        for name in sorted(needed):
            await asyncio.to_thread(self._adapters[name].load)
        if self._wanted_default and self.default_id != self._wanted_default:
            log.warning("The default profile %s cannot be read or does not exist", self._wanted_default)
        default = self.find(self.default_id) if self.default_id else None
        if isinstance(default, Profile):
            await self.open(default, lambda stage, fraction, position: None)
            self.release(default)

    async def start_ahead(self, owner: str = "") -> None:
        """Start what a first question to the default profile would wait for; a page has just opened."""
        default_id = self.default_id_for(owner)
        default = self.find(default_id, owner) if default_id else None
        adapter = self._adapters[default.provider] if isinstance(default, Profile) else None
        if isinstance(adapter, LocalAdapter):
            await adapter.start_ahead()

    async def close(self) -> None:
        """Close the connections of every adapter."""
        for adapter in self._adapters.values():
            await adapter.close()

    def _marked(self, profile: Profile) -> Profile:
        """Return the profile, which knows what the configuration says of its address."""
        marked = self._inside.marked(profile)
        return marked.model_copy(update={"proxy_loopback": True}) if self._proxy_loopback else marked

    async def _check_address(self, profile: Profile) -> None:
        if problem := await self._inside.check(profile):
            raise ProviderProblem(problem)

    def _entries(self, owner: str) -> list[_Entry]:
        entries: dict[str, _Entry] = {}
        for entry in [
            *self._configured,
            *self._stored.get(owner, ()),
            _Entry(GUIDE_ID, {}, PROFILE, "built-in"),
        ]:
            entries.setdefault(entry.id, entry)
        return list(entries.values())

    def _info(self, profile: Profile) -> ProfileInfo:
        return profile_info(
            profile,
            problem=self._problem(profile),
            notice=profile.served_by.notice,
            has_key=self.keys.has_kept(profile),
        )

    def _problem(self, profile: Profile) -> ErrorInfo | None:
        if problems := self.problems(profile):
            return problems[0]
        found = self.keys.with_key(profile)
        return found if isinstance(found, ErrorInfo) else None


def registry_of(settings: Settings, engine: EngineClient) -> Registry:
    """Return the registry of these settings, without the stored profiles."""
    return Registry(
        settings.profiles,
        engine=engine,
        default_profile=settings.default_profile,
        key_variables=settings.key_variables,
        key_destinations=settings.key_destinations,
        allow_inside=settings.allows_private_addresses,
        proxy_loopback=settings.proxy_loopback,
    )


def _read(profiles: Iterable[Mapping[str, Any]], origin: Origin, owner: str = "") -> list[_Entry]:
    return [
        _Entry(
            str(values.get("id") or f"profile-{position}"),
            values,
            parse_profile(values, origin=origin, owner=owner),
            origin,
        )
        for position, values in enumerate(profiles, 1)
    ]
