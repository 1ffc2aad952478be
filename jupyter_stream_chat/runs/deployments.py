"""What deployments were found not to do, and for how long that is believed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final

from ..chats.chat_service import ChatService
from ..chats.steady_clock import steady_time
from ..protocol import Deployment, DeploymentLimitation, Limitation
from ..providers.profiles.profile import Profile

log = logging.getLogger(__name__)

_DAY: Final = 86_400.0
_REMEMBERED_SECONDS: Final[dict[Limitation, float]] = {
    "refuses_streaming": _DAY,
    "refuses_stream_options": _DAY,
    "fails_streaming": 600.0,
    "streams_only": _DAY,
    "wants_reasoning": _DAY,
    "opens_reasoning": 30 * _DAY,
    "refuses_pictures": _DAY,
}


_SUSPECTED_SECONDS: Final = _DAY
"""A second time within it is no chance any more."""


class Deployments:
    """The memory of all deployments. It is the store's, so that it outlives the server."""

    def __init__(self, chat_service: ChatService, *, clock: Callable[[], float] = steady_time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._chat_service = chat_service
        self._clock = clock
        self._suspicions: dict[tuple[str, Deployment], float] = {}
        """By owner: when a deployment sent a stream without anything in it, once: it may have been chance."""

    async def all(self, owner: str = "") -> list[DeploymentLimitation]:
        """Return all that is remembered of an owner's questions and still believed."""
        now = self._clock()
        return [
            found
            for found in await self._chat_service.limitations(now, owner)
            # One that would hold for longer was written while the clock of the machine was ahead.
            if found.until - now <= _REMEMBERED_SECONDS[found.limitation]
        ]

    async def limitations(self, deployment: Deployment, owner: str = "") -> Collection[Limitation]:
        """Return what one deployment was found not to do."""
        return {
            found.limitation
            for found in await self.all(owner)
            if (found.provider, found.endpoint, found.model)
            == (deployment.provider, deployment.endpoint, deployment.model)
        }

    async def take_pictures(self, profile: Profile, owner: str = "") -> bool:
        """Tell whether a profile's model can be sent pictures."""
        if profile.is_local or profile.images == "off":
            return False
        return profile.images == "on" or "refuses_pictures" not in await self.limitations(
            profile.deployment, owner
        )

    async def remember(self, deployment: Deployment, limitation: Limitation, owner: str = "") -> None:
        """Remember what a deployment does not do."""
        now = self._clock()
        until = now + _REMEMBERED_SECONDS[limitation]
        found = DeploymentLimitation(**deployment.model_dump(), limitation=limitation, until=until)
        await self._chat_service.remember_limitation(found, now, owner)
        log.info("%s at %s: %s", deployment.model, deployment.endpoint or deployment.provider, limitation)

    async def suspect(self, deployment: Deployment, limitation: Limitation, owner: str = "") -> None:
        """Take note of what may have been chance; a second time is remembered."""
        now = self._clock()
        first = self._suspicions.pop((owner, deployment), None)
        if first is not None and now - first <= _SUSPECTED_SECONDS:
            await self.remember(deployment, limitation, owner)
        else:
            self._suspicions[owner, deployment] = now

    async def forget(
        self, owner: str = "", deployment: Deployment | None = None, limitation: Limitation | None = None
    ) -> None:
        """Forget an owner's findings: all, those of one deployment, or one of them."""
        self._suspicions = {
            key: when
            for key, when in self._suspicions.items()
            if key[0] != owner or (deployment is not None and key[1] != deployment)
        }
        await self._chat_service.forget_limitations(owner, deployment, limitation)


class DeploymentMemory:
    """What is remembered of one profile's deployment, as a run asks it (``streaming_fallback.Memory``)."""

    def __init__(self, deployments: Deployments, profile: Profile, owner: str) -> None:
        """``owner`` is whose questions are remembered."""
        self._deployments = deployments
        self._profile = profile
        self._owner = owner

    async def limitations(self) -> Collection[Limitation]:
        """Return what the deployment was found not to do."""
        return await self._deployments.limitations(self._profile.deployment, self._owner)

    async def remember(self, limitation: Limitation) -> None:
        """Remember it of the deployment."""
        await self._deployments.remember(self._profile.deployment, limitation, self._owner)

    async def suspect(self, limitation: Limitation) -> None:
        """Remember it of the deployment if it comes again."""
        await self._deployments.suspect(self._profile.deployment, limitation, self._owner)

    async def forget(self, limitation: Limitation) -> None:
        """Forget it of the deployment."""
        await self._deployments.forget(self._owner, self._profile.deployment, limitation)

    async def take_pictures(self) -> bool:
        """Tell whether the profile's model can be sent pictures."""
        return await self._deployments.take_pictures(self._profile, self._owner)
