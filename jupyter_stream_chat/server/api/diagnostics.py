"""The doctor's findings as lines of JSON, each there to be sent as soon as its step has ended."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, aclosing

from ...doctor.context import Context
from ...doctor.diagnostics import examine
from ...protocol import encode
from ...providers.profiles.registry import Registry


class Diagnostics:
    """An asynchronous iterator of lines. ``close`` ends it from outside, in the middle of a step too."""

    def __init__(
        self, context: Context, registry: Registry, while_running: AbstractContextManager[None]
    ) -> None:
        """``while_running`` is entered now, which may raise, and left when the examination ends."""
        self._running = ExitStack()
        self._running.enter_context(while_running)
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        # In a context of its own: LangChain must not see the request's.
        self._task = loop.create_task(self._examine(context, registry), context=contextvars.Context())
        # A task that is cancelled before its first step runs nothing of its own.
        self._task.add_done_callback(lambda _: self._running.close())

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield lines to the last step's, or until ``close``. Raises what broke the examination itself."""
        while (line := await self._lines.get()) is not None:
            yield line
        if not self._task.cancelled():
            await self._task

    def close(self) -> None:
        """End the examination; a call under way is cancelled."""
        self._task.cancel()

    async def _examine(self, context: Context, registry: Registry) -> None:
        try:
            async with aclosing(examine(context, registry)) as steps:
                async for step in steps:
                    self._lines.put_nowait(f"{encode(step)}\n")
        finally:
            self._lines.put_nowait(None)
