"""A LangChain model that knows nothing of asyncio, as many integrations do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult


class SyncOnly(BaseChatModel):
    """Streams numbers until it is let go. ``open``: how many of its streams have not been closed."""

    open: ClassVar[list[int]] = []
    closed: ClassVar[threading.Event] = threading.Event()

    @property
    def _llm_type(self) -> str:
        return "sync-only"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="whole"))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.open.append(1)
        try:
            for number in range(100_000):
                threading.Event().wait(0.01)  # as a blocking socket does
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"t{number} "))
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        finally:
            self.open.pop()
            self.closed.set()


class Deaf(BaseChatModel):
    """Ignores cancellation until ``release`` is set."""

    release: ClassVar[threading.Event] = threading.Event()

    @property
    def _llm_type(self) -> str:
        return "deaf"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="whole"))])

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="heard"))
        while not self.release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)
