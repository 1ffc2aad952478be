"""Where a run without a chat has its question from; its text stays in the run alone (``RunHost``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from ..chats.feed import LiveRun
from ..protocol import ErrorInfo, PartKind
from ..providers.adapter import OnProgress
from ..providers.profiles.profile import Profile
from ..providers.profiles.registry import Registry
from .continuation import Prompt
from .deployments import DeploymentMemory, Deployments


class DetachedRunHost(DeploymentMemory):
    """One run that is asked by a program and kept nowhere."""

    def __init__(
        self,
        registry: Registry,
        deployments: Deployments,
        profile: Profile,
        messages: Sequence[BaseMessage],
        owner: str,
        on_text: Callable[[], None],
    ) -> None:
        """``profile`` has its key; ``on_text`` is called when there is more text, and at the end."""
        super().__init__(deployments, profile, owner)
        self._registry = registry
        self._messages = messages
        self._on_text = on_text
        self._has_model = False

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model."""
        llm = await self._registry.open(self._profile, on_progress)
        self._has_model = True
        return llm

    async def prompt(self) -> Prompt:
        """Return the conversation as it was sent."""
        return Prompt(self._messages)

    def explain(self, error: BaseException) -> ErrorInfo:
        """Say what an error means."""
        return self._registry.explain(error, self._profile)

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Write nothing: the client that asked has the only copy."""
        return True

    def on_text(self, run: LiveRun) -> None:
        """Tell the client's connection."""
        self._on_text()

    def progressed(self, run: LiveRun) -> None:
        """Do nothing: the protocol of such clients has no progress."""

    async def finished(self, run: LiveRun) -> None:
        """Let go of the model; tell the client's connection."""
        if self._has_model:
            self._registry.release(self._profile)
        self._on_text()
