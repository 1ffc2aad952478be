"""What deployments were found not to do, and for how long that is believed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import Final

from ..chats.chat_service import ChatService
from ..protocol import Deployment, DeploymentLimitation, Limitation

log = logging.getLogger(__name__)

_DAY: Final = 86_400.0
_REMEMBERED_SECONDS: Final[dict[Limitation, float]] = {
    "refuses_streaming": _DAY,
    "refuses_stream_options": _DAY,
    "fails_streaming": 600.0,
}


class Deployments:
    """The memory of all deployments. It is the store's, so that it outlives the server."""

    def __init__(self, chat_service: ChatService, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns seconds since the epoch."""
        self._chat_service = chat_service
        self._clock = clock

    async def all(self, owner: str = "") -> list[DeploymentLimitation]:
        """Return all that is remembered of an owner's questions and still believed."""
        return await self._chat_service.limitations(self._clock(), owner)

    async def limitations(self, deployment: Deployment, owner: str = "") -> Collection[Limitation]:
        """Return what one deployment was found not to do."""
        return {
            found.limitation
            for found in await self.all(owner)
            if (found.provider, found.endpoint, found.model)
            == (deployment.provider, deployment.endpoint, deployment.model)
        }

    async def remember(self, deployment: Deployment, limitation: Limitation, owner: str = "") -> None:
        """Remember what a deployment does not do."""
        now = self._clock()
        until = now + _REMEMBERED_SECONDS[limitation]
        found = DeploymentLimitation(**deployment.model_dump(), limitation=limitation, until=until)
        await self._chat_service.remember_limitation(found, now, owner)
        log.info("%s at %s: %s", deployment.model, deployment.endpoint or deployment.provider, limitation)

    async def forget(self, owner: str = "") -> None:
        """Forget all of an owner's: each deployment is asked to stream again."""
        await self._chat_service.forget_limitations(owner)
