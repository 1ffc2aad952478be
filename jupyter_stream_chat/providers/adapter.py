"""What a provider's adapter is, and the one that hosted providers share.

An adapter builds LangChain models and keeps their clients; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..protocol import ErrorInfo, Parameters, ProgressStage
from .model_cache import ModelCache
from .parameters import openai_parameters
from .profiles.profile import Profile
from .profiles.timeouts import Timeouts
from .provider import ON_REPETITION

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_openai.chat_models.base import BaseChatOpenAI

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
    """What opens the models of one provider."""

    def problem(self) -> ErrorInfo | None:
        """Say why this provider cannot be used in this installation. Cheap; imports nothing."""

    def load(self) -> None:
        """Import what the provider needs. Blocks for seconds: never call it on the event loop."""

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return a model for one run; ``profile`` holds its key."""

    def release(self, profile: Profile) -> None:
        """Say that a run has ended for which ``open`` was called with this profile."""

    async def models(self, profile: Profile) -> list[str] | None:
        """Return the names of the models that there are; None where nobody keeps a list."""

    async def close(self) -> None:
        """Close every connection."""


class HostedAdapter:
    """A provider behind HTTP, asked by the ``openai`` client. All models of a profile share one client."""

    def __init__(self, build: Callable[[Profile], BaseChatOpenAI], *, lists_models: bool = True) -> None:
        """``build`` makes a model from a profile and may block (a TLS context takes 50 ms)."""
        self._build = build
        self._lists_models = lists_models
        self._clients: ModelCache[BaseChatOpenAI] = ModelCache(self._built, _close)

    def problem(self) -> ErrorInfo | None:
        """Return None: what a hosted provider needs is always installed."""
        return None

    def load(self) -> None:
        """Import the SDK and call it once, so that the first question waits for nothing."""
        from .openai.warmup import warm_up

        warm_up()

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model with its parameters."""
        model = await self._clients.lease(_client_key(profile))
        return model.model_copy(update=openai_parameters(profile))

    def release(self, profile: Profile) -> None:
        """Let the client be closed if the profile has changed meanwhile."""
        self._clients.release(_client_key(profile))

    def _built(self, profile: Profile) -> BaseChatOpenAI:
        from .openai.public_network import keep_outside
        from .openai.sse_decoder import mend_streams

        model = self._build(profile)
        if profile.is_public_only and profile.has_address_of_a_page:
            keep_outside(model.root_async_client)
        # Key and question are for the address that was checked; the other client is told so by mend_streams.
        model.root_client._client.follow_redirects = False
        mend_streams(model.root_async_client)
        return model

    async def models(self, profile: Profile) -> list[str] | None:
        """Return what the endpoint lists at ``/models``. Raises what the SDK raises, and MalformedAnswer."""
        if not self._lists_models:
            return None
        key = _client_key(profile)
        client = (await self._clients.lease(key)).root_async_client
        from openai import NotFoundError  # loaded with the client

        from .openai.model_list import listed_models

        try:
            return await listed_models(client)
        except NotFoundError:
            return None
        finally:
            self._clients.release(key)

    async def close(self) -> None:
        """Close every connection of every client."""
        await self._clients.close()


def _client_key(profile: Profile) -> Profile:
    """Return the profile without what a client does not depend on."""
    return profile.model_copy(
        update={
            "label": profile.id,
            "parameters": Parameters(),
            "extra_body": {},
            "timeouts": Timeouts(),
            "on_repetition": ON_REPETITION,
            "streaming": None,
        }
    )


async def _close(model: BaseChatOpenAI) -> None:
    await model.root_async_client.close()
    model.root_client.close()
    for client in (model.root_async_client, model.root_client):
        # Client and SDK refer to each other: they wait for a collection of all garbage, which is rare in a
        # large process. Their TLS contexts (0.7 MB each) must not wait with them.
        http = client._client
        http._mounts = {}
        del http._transport
