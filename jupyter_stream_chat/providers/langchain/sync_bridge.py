"""LangChain models without asynchronous calls, made stoppable: each call has a thread of its own.

LangChain would run them in the event loop's executor, where a few that cannot be stopped keep everything else
in Jupyter from its threads. Heavy to import: only what runs in a thread imports it.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from .chunk_accumulator import reported

T = TypeVar("T")

_PATIENCE_SECONDS = 8.0
"""How long a stopped call's thread is waited for: longer than a run waits before it reports an orphan."""


def is_synchronous(model: BaseChatModel) -> bool:
    """Tell whether one of a model's calls has no asynchronous form of its own."""
    return not _has(model, "_agenerate") or (_has(model, "_stream") and not _has(model, "_astream"))


def _has(model: BaseChatModel, method: str) -> bool:
    """Tell whether a model's class has its own method instead of LangChain's."""
    return getattr(type(model), method) is not getattr(BaseChatModel, method)


class SyncBridgeChatModel(BaseChatModel):
    """Runs a model's synchronous calls. Stop is heeded between two chunks, at the end if there are none."""

    inner: BaseChatModel

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type

    def _should_stream(self, **kwargs: Any) -> bool:
        """Say no for a class that cannot: LangChain then asks for the whole answer."""
        streams = _has(self.inner, "_stream") or _has(self.inner, "_astream")
        return streams and super()._should_stream(**kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield the inner model's chunks as it makes them, in a thread if need be."""
        if _has(self.inner, "_astream"):
            async with aclosing(self.inner._astream(messages, stop, run_manager, **kwargs)) as own:  # type: ignore[type-var]
                async for chunk in own:
                    yield chunk
            return
        made = _from_thread(lambda: self.inner._stream(messages, stop=stop, **kwargs))
        async with aclosing(reported(made, run_manager)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Return the inner model's answer in one piece."""
        if _has(self.inner, "_agenerate"):
            return await self.inner._agenerate(messages, stop, run_manager, **kwargs)

        def work() -> Iterator[ChatResult]:
            yield self.inner._generate(messages, stop=stop, **kwargs)

        async with aclosing(_from_thread(work)) as results:
            return await anext(results)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Ask the inner model in the caller's thread."""
        return self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)


class _End:
    """Comes after the last item; ``error`` is what the thread died of."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def _from_thread(make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
    """Yield what an iterator yields in a thread of its own. Closed early, it waits for the thread's end."""
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[T | _End] = asyncio.Queue()
    over = asyncio.Event()
    stopped = threading.Event()

    def tell(callback: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop has been closed: nobody listens any more
            loop.call_soon_threadsafe(callback, *arguments)

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in make():
                if stopped.is_set():
                    break
                tell(items.put_nowait, item)
        except BaseException as raised:  # noqa: BLE001 - raised again where the items are awaited
            error = raised
        tell(items.put_nowait, _End(error))
        tell(over.set)

    # A daemon: a model that hangs must not keep Jupyter from ending.
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(work,), name="stream-chat-model", daemon=True).start()
    try:
        while not isinstance(item := await items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        await _wait_for(over)


async def _wait_for(over: asyncio.Event) -> None:
    """Wait for a thread's end whatever cancels: a model that is still at work must not be called released."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    cancelled = False
    while not over.is_set():
        try:
            async with asyncio.timeout_at(deadline):
                await over.wait()
        except TimeoutError:
            break
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
