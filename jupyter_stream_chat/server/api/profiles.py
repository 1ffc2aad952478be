"""What the REST routes of profiles answer: list, add, change, check, try.

Owns what a page may do with a profile and with its key, which is written here and never read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, JsonValue

from ... import protocol as wire
from ...chats.command_error import CommandError
from ...doctor.context import Context, read_draft
from ...doctor.diagnostics import REMEMBERED, taken
from ...doctor.trial import tried
from ...providers.adapter import Adapter
from ...providers.langchain.tracing import tracing
from ...providers.profiles import catalog
from ...providers.profiles.keyfile import KeptKey
from ...providers.profiles.keys import key_name
from ...providers.profiles.profile import Profile, parse_profile
from . import checks
from .diagnostics import Diagnostics
from .request import Request, json_response

TRY_SECONDS: Final = 60.0
"""How long a model may take to answer when a profile is tried."""
LIST_SECONDS: Final = 15.0
MAX_TRIALS: Final = 4
"""Profiles of one owner that may be tried or examined at once."""
MAX_PROFILES: Final = 100
"""Profiles that one owner may store: every page of the owner holds them all."""


class Examined(BaseModel):
    """``POST doctor``"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile_id: str | None = None
    values: dict[str, JsonValue] | None = None


class ProfileApi(Request):
    """One request about profiles."""

    async def list_profiles(self) -> bytes:
        """``GET profiles``: and the settings that hold for all of them."""
        registry, settings = self._services.registry, self._services.settings
        return json_response(
            profiles=registry.infos(self._access.owner),
            default_profile_id=registry.default_id_for(self._access.owner),
            profiles_locked=settings.profiles_locked,
            streaming=settings.streaming,
            streaming_locked=settings.streaming_locked,
        )

    async def list_providers(self) -> bytes:
        """``GET providers``: what the form of each has."""
        return json_response(providers=catalog.offered())

    async def get_profile(self, profile_id: str) -> bytes:
        """``GET profiles/{id}``: as pages see it; of a stored one also the values that ``PUT`` takes."""
        profile = self._profile(profile_id)
        stored = await self._services.chat_service.profiles(self._access.owner)
        values = next((values for values in stored if values.get("id") == profile_id), None)
        return json_response(profile=profile, values=None if profile.locked else values)

    async def add_profile(self) -> bytes:
        """``POST profiles``: ``api_key`` among the values is kept apart from them.

        The new profile is the default from now on, if it can be used.
        """
        self._check_not_locked()
        values = self._object()
        profile = self._stored_profile(values)
        if self._exists(profile.id):
            raise CommandError(_exists_already(profile.id))
        if len(await self._services.chat_service.profiles(self._access.owner)) >= MAX_PROFILES:
            raise CommandError(
                wire.ErrorInfo(
                    code="too_many_profiles",
                    message=f"There are {MAX_PROFILES} profiles already, which is the limit.",
                    hint="Delete one that is no longer used.",
                )
            )
        return await self._save_profile(profile, values, is_new=True)

    async def choose_default(self, profile_id: str) -> None:
        """``PUT default-profile``: chats without a choice use it until another is chosen."""
        self._profile(profile_id)
        await self._services.choose_default(profile_id, self._access.owner)
        await self._services.profiles_changed(self._access.owner)

    async def replace_profile(self, profile_id: str) -> bytes:
        """``PUT profiles/{id}``: without ``api_key`` the kept key stays, with null it is dropped.

        It is dropped as well when the profile now asks another host; then the answer says ``key_dropped``.
        """
        self._check_not_locked()
        self._check_unlocked(profile_id)
        values = {**self._object(), "id": profile_id}
        return await self._save_profile(self._stored_profile(values), values)

    async def delete_profile(self, profile_id: str) -> bytes:
        """``DELETE profiles/{id}``: its key goes too."""
        self._check_not_locked()
        self._check_unlocked(profile_id)
        await self._keep_key(profile_id, None)
        await self._services.chat_service.delete_profile(profile_id, self._access.owner)
        await self._services.profiles_changed(self._access.owner)
        return json_response()

    def _stored_profile(self, values: Mapping[str, Any]) -> Profile:
        """Read a profile that a page sends, and refuse what only an administrator may say."""
        profile = parse_profile(values, origin="stored", owner=self._access.owner)
        if isinstance(profile, wire.ErrorInfo):
            raise CommandError(profile)
        if problem := self._services.registry.refusal(profile):
            raise CommandError(problem)
        return profile

    async def _save_profile(self, profile: Profile, values: dict[str, Any], *, is_new: bool = False) -> bytes:
        # The key first: a new address must never be stored beside the key of the old one.
        dropped = await self._change_key(profile, values)
        plain = {name: value for name, value in values.items() if name != "api_key"}
        await self._services.chat_service.save_profile(profile.id, plain, profile.owner)
        if is_new:
            await self._services.read_stored_profiles(profile.owner)
            if self._profile(profile.id).problem is None:
                await self._services.choose_default(profile.id, profile.owner)
        await self._services.profiles_changed(profile.owner)
        return json_response(profile=self._profile(profile.id), key_dropped=dropped or None)

    async def _change_key(self, profile: Profile, values: Mapping[str, Any]) -> bool:
        """Keep or drop the profile's key; True when it was dropped because it is another host's."""
        if profile.api_key is not None:
            await self._keep_key(profile.id, KeptKey(profile.api_key, profile.destination))
            return False
        kept = self._services.registry.keys.kept.get(key_name(profile.owner, profile.id))
        foreign = kept is not None and kept.destination != profile.destination
        if kept is not None and (foreign or "api_key" in values):
            await self._keep_key(profile.id, None)
        return foreign

    async def _keep_key(self, profile_id: str, key: KeptKey | None) -> None:
        file, name = self._services.key_file, key_name(self._access.owner, profile_id)
        try:
            if key is not None:
                await asyncio.to_thread(file.keep, name, key)
            else:
                await asyncio.to_thread(file.drop, name)
        except OSError as error:
            raise CommandError(
                wire.ErrorInfo(
                    code="key_not_saved",
                    message="The key could not be saved: the data folder cannot be written.",
                    hint="Free space, correct its permissions, or put the key into an environment variable.",
                    field="api_key",
                    detail=f"{type(error).__name__}: {error.strerror}",
                )
            ) from None

    # --- a profile that is being edited -----------------------------------------------------------

    async def check_profile(self) -> bytes:
        """``POST profiles/check``: all that is wrong with the values, without asking anybody.

        Says nothing of the environment: whoever may read may check.
        """
        self._check_not_locked()
        values = self._object()
        _, problems = self._services.registry.draft(values, self._access.owner)
        name = values.get("id")
        if isinstance(name, str) and name != values.get("profile_id") and self._exists(name):
            problems.append(_exists_already(name))
        return json_response(problems=problems)

    async def list_models(self) -> bytes:
        """``POST profiles/models``: the names that the endpoint offers."""
        async with self._trial(LIST_SECONDS, but_for="model") as (profile, adapter):
            models = await adapter.models(profile)
        if models is None:
            raise CommandError(
                wire.ErrorInfo(
                    code="no_model_list",
                    message="This provider has no list of models.",
                    hint="Type the model's name.",
                )
            )
        return json_response(models=models)

    async def try_profile(self) -> bytes:
        """``POST profiles/try``: ask a short question without streaming."""
        begun = time.monotonic()
        async with self._trial(TRY_SECONDS) as (profile, adapter):
            llm = await adapter.open(profile, lambda stage, fraction, position: None)
            with tracing(self._services.settings.tracing):
                text = await tried(llm)
        return json_response(text=text, ms=(time.monotonic() - begun) * 1000)

    @asynccontextmanager
    async def _trial(self, seconds: float, but_for: str = "") -> AsyncIterator[tuple[Profile, Adapter]]:
        """Lend the profile of the body and an adapter for it. What goes wrong is refused in plain words.

        ``but_for``: a field that need not be right.
        """
        profile = self._meant(but_for)
        registry = self._services.registry
        try:
            with self._services.trials.enter(self._access.owner, MAX_TRIALS):
                async with asyncio.timeout(seconds), registry.trial(profile) as adapter:
                    yield profile, adapter
        except CommandError:
            raise
        except Exception as error:  # noqa: BLE001 - any: what it means is what is asked for
            raise CommandError(registry.explain(error, profile)) from None

    async def examine_profile(self) -> Diagnostics:
        """``POST doctor``: a profile by its ``profile_id``, or the ``values`` of one that is being edited."""
        context = await self._examined()
        counted = self._services.trials.enter(self._access.owner, MAX_TRIALS)
        return Diagnostics(context, self._services.registry, counted)

    async def forget_deployment(self) -> wire.DoctorStep:
        """``POST deployments/forget``: of a profile named as in ``POST doctor``; return the doctor's row."""
        context = await self._examined()
        if isinstance(context.profile, Profile):
            await self._services.deployments.forget(self._access.owner, context.profile.deployment)
        return await taken(REMEMBERED, replace(context, remembered=()))

    async def _examined(self) -> Context:
        body = self._body(Examined)
        registry, owner = self._services.registry, self._access.owner
        if body.values is not None:
            self._check_not_locked()
            read = read_draft(registry, body.values, owner)
        elif body.profile_id is not None:
            read = registry.written(body.profile_id, owner), registry.find(body.profile_id, owner)
        else:
            raise CommandError(checks.invalid("profile_id", "Name a profile_id, or give values."))
        profile, deployments = read[0], self._services.deployments
        known = (
            await deployments.limitations(profile.deployment, owner) if isinstance(profile, Profile) else ()
        )
        return Context.of(*read, self._services.settings, remembered=known)

    def _meant(self, but_for: str) -> Profile:
        """Return the profile of the body: its values, or by ``profile_id`` alone one that is there."""
        values = self._object()
        registry, owner = self._services.registry, self._access.owner
        if values.keys() == {"profile_id"}:
            found = registry.find(str(values["profile_id"]), owner)
            if isinstance(found, wire.ErrorInfo):
                raise CommandError(found)
            return found
        self._check_not_locked()
        profile, problems = registry.keyed_draft(values, owner, but_for=but_for)
        if profile is None or problems:
            raise CommandError(problems[0])
        return profile

    # --- which there are --------------------------------------------------------------------------

    def _profile(self, profile_id: str) -> wire.ProfileInfo:
        for profile in self._services.registry.infos(self._access.owner):
            if profile.profile_id == profile_id:
                return profile
        raise CommandError(checks.unknown("profile", profile_id, "Choose another profile."))

    def _exists(self, profile_id: str) -> bool:
        return any(
            known.profile_id == profile_id for known in self._services.registry.infos(self._access.owner)
        )

    def _check_unlocked(self, profile_id: str) -> None:
        if self._profile(profile_id).locked:
            raise CommandError(
                wire.ErrorInfo(
                    code="profile_locked",
                    message=f"The profile {profile_id} comes from Jupyter's configuration.",
                    hint="Change c.StreamChat.profiles, or add a profile of another id.",
                )
            )

    def _check_not_locked(self) -> None:
        if self._services.settings.profiles_locked:
            raise CommandError(
                wire.ErrorInfo(
                    code="profiles_locked",
                    message="The administrator of this server chooses the profiles.",
                    hint="Ask the administrator for the profile that you need.",
                )
            )


def _exists_already(profile_id: str) -> wire.ErrorInfo:
    return wire.ErrorInfo(
        code="profile_exists",
        message=f"There is a profile {profile_id} already.",
        hint="Choose another id.",
        field="id",
    )
