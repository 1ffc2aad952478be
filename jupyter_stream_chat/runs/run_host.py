"""What a run needs of the world around it; ``ChatRunHost`` is the real one, tests have one in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from langchain_core.language_models import BaseChatModel

from ..chats.feed import LiveRun
from ..protocol import ErrorInfo, PartKind
from ..providers.adapter import OnProgress
from .continuation import Prompt
from .streaming_fallback import Memory


class RunHost(Memory, Protocol):
    """What a run needs of the world around it. Its memory is of the deployment that it asks."""

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        """Return the model to ask."""

    async def prompt(self) -> Prompt:
        """Return the conversation to answer, or to go on with. Asked for once the model is open."""

    def explain(self, error: BaseException) -> ErrorInfo:
        """Say what an error of the provider's means."""

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Put text of a part where it survives the process. Does not raise.

        False where that takes long: ``on_written`` is called when it is done, in the order of the calls.
        """

    def on_text(self, run: LiveRun) -> None:
        """Tell the readers that the run has more text."""

    def progressed(self, run: LiveRun) -> None:
        """Tell whoever watches that the status or the progress changed."""

    async def finished(self, run: LiveRun) -> None:
        """Write the terminal state, ``run.info``, and release what the run held."""
