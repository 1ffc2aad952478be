"""LangChain models that misbehave in one way each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr


class Model(BaseChatModel):
    """Streams ``pieces``."""

    pieces: Sequence[str] = ("one ", "two ", "three")

    @property
    def _llm_type(self) -> str:
        return "test"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="".join(self.pieces)))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


class Reasoning(Model):
    """Streams reasoning and text by turns, given as kind and words; then ends, or ``hangs``."""

    turns: Sequence[tuple[str, str]] = ()
    hangs: bool = False

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        blocks: list[str | dict[str, Any]] = [{"type": kind, kind: words} for kind, words in self.turns]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=blocks))])

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for kind, words in self.turns:
            message = AIMessageChunk(content=words)
            if kind == "reasoning":
                message = AIMessageChunk(content="", additional_kwargs={"reasoning_content": words})
            yield ChatGenerationChunk(message=message)
        if self.hangs:
            await asyncio.Event().wait()


class WithoutCallbacks(Model):
    """Overrides ``astream`` itself and tells no callback anything."""

    async def astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[AIMessageChunk]:
        for piece in self.pieces:
            yield AIMessageChunk(content=piece)


class Wrapping(Model):
    """Asks another model with the callbacks that it was given itself, so that both report every token."""

    inner: BaseChatModel
    handed: list[Any] = Field(default_factory=list)

    async def astream(self, model_input: Any, config: Any = None, **kwargs: Any) -> AsyncIterator[Any]:
        self.handed = config["callbacks"]
        async for chunk in super().astream(model_input, config, **kwargs):
            yield chunk

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for chunk in self.inner.astream(messages, {"callbacks": list(self.handed)}):
            yield ChatGenerationChunk(message=AIMessageChunk(content=chunk.content))


class Waiting(Model):
    """Says nothing until ``go`` is set."""

    go: Any

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        await self.go.wait()
        yield ChatGenerationChunk(message=AIMessageChunk(content="gone"))


class Failing(Model):
    """Raises in mid-answer."""

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="so far "))
        raise ZeroDivisionError("scripted")


class Deaf(Model):
    """Ignores cancellation until ``release`` is set, then says one thing more."""

    release: Any
    cancels: list[float] = Field(default_factory=list)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="heard"))
        while not self.release.is_set():
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancels.append(asyncio.get_running_loop().time())
        yield ChatGenerationChunk(message=AIMessageChunk(content=" too late"))


class SwallowsOneCancel(Model):
    """Loses the first cancel, as ``asyncio.wait_for`` does on Python 3.11."""

    begun: Any

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield ChatGenerationChunk(message=AIMessageChunk(content="after"))
        await asyncio.Event().wait()


class Paused(Model):
    """Can be paused, and stands still then."""

    calls: list[str] = Field(default_factory=list)
    _go: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")
        self._go.set()

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content=self.pieces[0]))
        await self._go.wait()
        for piece in self.pieces[1:]:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
