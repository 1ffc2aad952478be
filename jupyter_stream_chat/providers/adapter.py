"""What a provider's adapter is, and the part that hosted providers share.

All that is odd about a provider ends in its adapter. An adapter builds LangChain models; it runs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..protocol import ErrorInfo, Parameters, ProgressStage
from .profiles.profile import Profile

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_openai.chat_models.base import BaseChatOpenAI

log = logging.getLogger(__name__)

OnProgress = Callable[[ProgressStage, float | None, int | None], None]
"""Told what a model does before its first token: stage, fraction 0..1, place in the queue (1 is next)."""


@runtime_checkable
class Pausable(Protocol):
    """A model that can be paused: it computes nothing until it is resumed. Others are read into a hold."""

    def pause(self) -> None:
        """Let the call that is going on, or the next one, stand still."""

    def resume(self) -> None:
        """Let it go on."""


class Adapter(Protocol):
    """One provider."""

    notice: str | None
    """What a page says above the composer while a profile of this provider is chosen."""

    def problem(self) -> ErrorInfo | None:
        """Say why this provider cannot be used in this installation. Cheap; imports nothing."""

    def load(self) -> None:
        """Import what the provider needs. Blocks for seconds: never call it on the event loop."""

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return a model for one run; ``profile`` holds its key."""

    async def models(self, profile: Profile) -> list[str] | None:
        """Return the names of the models that there are; None where nobody keeps a list."""

    async def close(self) -> None:
        """Let go of connections."""


class HostedAdapter:
    """A provider behind HTTP. Clients are built in a thread (a TLS context takes 50 ms) and kept."""

    notice: str | None = None

    def __init__(self, build: Callable[[Profile], BaseChatOpenAI], *, lists_models: bool = True) -> None:
        """``build`` makes a model from a profile and may block."""
        self._build = build
        self._lists_models = lists_models
        self._models: dict[str, tuple[Profile, BaseChatOpenAI]] = {}
        self._retired: list[BaseChatOpenAI] = []
        self._building = asyncio.Lock()

    def problem(self) -> ErrorInfo | None:
        """Return None: what a hosted provider needs is always installed."""
        return None

    def load(self) -> None:
        """Import the SDK and rehearse it, so that the first question waits for nothing."""
        from .openai.warmup import warm_up

        warm_up()

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model with its parameters; all models of a profile share one client."""
        from .openai.chat_openai import parameters

        model = await self._client(profile.model_copy(update={"parameters": Parameters()}))
        return model.model_copy(update=parameters(profile))

    async def _client(self, profile: Profile) -> BaseChatOpenAI:
        """Return a model without parameters, built at first use and again when the profile has changed."""
        async with self._building:
            known = self._models.get(profile.id)
            if known and known[0] == profile:
                return known[1]
            model = await asyncio.to_thread(self._built, profile)
            if known:  # a run may still be reading from it: closed at the end
                self._retired.append(known[1])
            self._models[profile.id] = (profile, model)
            return model

    def _built(self, profile: Profile) -> BaseChatOpenAI:
        from .openai.sse_decoder import mend_streams

        model = self._build(profile)
        mend_streams(model.root_async_client)
        return model

    async def models(self, profile: Profile) -> list[str] | None:
        """Return what the endpoint lists at ``/models``. Raises what the SDK raises, and MalformedAnswer."""
        if not self._lists_models:
            return None
        client = (await self._client(profile)).root_async_client
        from openai import NotFoundError  # loaded with the client

        from .openai.model_list import listed_models

        try:
            return await listed_models(client)
        except NotFoundError:
            return None

    async def close(self) -> None:
        """Close every connection of every client that was built."""
        models = [model for _, model in self._models.values()] + self._retired
        self._models, self._retired = {}, []
        for model in models:
            await model.root_async_client.close()
            model.root_client.close()
