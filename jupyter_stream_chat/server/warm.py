"""Loading what Jupyter's start does not load: once, off the event loop, at the first request.

Owns the order of loading and of closing. While the imports run nothing on the loop may import: a module lock
held by the loading thread would stall every notebook of the server.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from .gc_tuning import collections_paused

if TYPE_CHECKING:
    from ..config import Settings
    from .running import Running

log = logging.getLogger(__name__)

T = TypeVar("T")


class Shared(Generic[T]):
    """One asynchronous result for all who ask. A failure is told to those who wait; the next asks anew."""

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._task: asyncio.Task[T] | None = None
        self._closed = False

    async def get(self) -> T:
        """Return the result, and make it if nobody has. RuntimeError after ``close``."""
        if self._closed:
            raise RuntimeError("the server is shutting down")
        if self._task is None or _failed(self._task):
            # A fresh context: what is made outlives the request that happened to come first.
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._made(), context=contextvars.Context())
        # Shielded: the first page may close while others wait for the same result.
        return await asyncio.shield(self._task)

    @property
    def made(self) -> T | None:
        """The result, if there is one."""
        task = self._task
        return None if task is None or not task.done() or _failed(task) else task.result()

    async def close(self) -> T | None:
        """Make nothing more; return the result, if there is one, to be taken down by the first to ask."""
        self._closed = True
        task, self._task = self._task, None
        if task is None:
            return None
        await asyncio.wait({task})
        return None if _failed(task) else task.result()

    async def _made(self) -> T:
        return await self._make()


def _failed(task: asyncio.Task[T]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def warm(settings: Settings) -> Running:
    """Load the rest of the package and open the store. Raises what went wrong."""
    with collections_paused():
        running = await asyncio.to_thread(import_module, "jupyter_stream_chat.server.running")
        opened: Running = await running.open_running(settings)
    return opened
