"""The server's client of the local engine: one engine process for all chats, started when first needed.

Owns when a process starts and when it ends (idle, closed); what happens in one is ``engine_process``'s.
Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.folder import model_folder
from ...engine.messages import Event, Failed, Finished, Freed, Generate, ReleaseMemory, Status, Unload
from .engine_process import AskAgain, EngineProcess, engine_command, unstartable

if TYPE_CHECKING:
    from ...config import Settings


class EngineClient:
    """Streams answers of local models."""

    def __init__(
        self,
        *,
        idle_seconds: float = 600,
        threads: int = 0,
        most_chats: int = 32,
        cache_mib: int = 0,
        keep_free_mib: int = 512,
        grace_seconds: float = 2.0,
        command: Sequence[str] | None = None,
        proxy_loopback: bool = False,
    ) -> None:
        """Start nothing yet.

        ``idle_seconds``: the process ends after so long without a request, and its memory returns.
        ``threads``: CPU threads of the engine; 0: one less than there are cores.
        ``most_chats``: answers of a model that it writes at once; others wait.
        ``cache_mib``: most MiB for the chats of a model; 0: a part of what is free when it is loaded.
        ``keep_free_mib``: MiB of free memory below which the engine gives back what is idle.
        ``grace_seconds``: how long a cancelled request may take to end before the process is killed.
        ``command``: another program that speaks the engine's wire.
        ``proxy_loopback``: a hub on this machine is asked through the environment's proxy too.
        """
        self._idle_seconds = idle_seconds
        self._grace = grace_seconds
        self._proxy_loopback = proxy_loopback
        self._command = list(command or engine_command(threads, most_chats, cache_mib, keep_free_mib))
        self._process: EngineProcess | None = None
        self._starting = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._endings: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The id of the engine process; None while there is none."""
        return self._process.pid if self._process and self._process.usable else None

    @property
    def status(self) -> Status | None:
        """The models in the engine's memory; None while there is no process, or it has not told yet."""
        return self._process.status if self._process and self._process.usable else None

    @property
    def freed(self) -> list[tuple[float, Freed]]:
        """What the engine gave back because another program needed it, with the time, oldest first."""
        return list(self._process.freed) if self._process else []

    def unload(self, model: str) -> None:
        """Let the engine give a model's memory back, unless an answer of it is being written."""
        if self._process is not None:
            self._process.order(Unload(model))

    def release_memory(self) -> None:
        """Let the engine give back what is idle."""
        if self._process is not None:
            self._process.order(ReleaseMemory())

    async def start(self) -> None:
        """Start the process ahead of the first request, so that its imports are done by then.

        Raises OSError when the system starts no process.
        """
        await self._usable_process()

    async def stream(
        self, request: Generate, *, paused: Callable[[], bool] = lambda: False
    ) -> AsyncGenerator[Event, None]:
        """Yield a request's events to the last, which is ``Finished`` or ``Failed``.

        ``paused`` tells whether it is to begin paused; a process may have to be started first.

        Closing the iterator, or cancelling the task that reads it, cancels the request at once. A process
        that has not ended it ``grace_seconds`` later is killed. Requests that were only queued in a process
        that ends before its time are asked again of the next; those that had begun fail with
        ``engine_restarted``.
        """
        request = _with_absolute_folder(request)
        while True:
            try:
                process = await self._usable_process()
            except OSError as error:
                yield unstartable(request.request_id, error)
                return
            events = process.open(request)
            if paused():
                process.pause(request.request_id)
            try:
                while not isinstance(event := await events.get(), AskAgain):
                    yield event
                    if isinstance(event, Finished | Failed):
                        return
            finally:
                process.abandon(request.request_id)
                self._watch_idleness()

    def pause(self, request_id: str) -> None:
        """Let a request that is in the engine stand still: it computes nothing and holds up no other."""
        if self._process is not None:
            self._process.pause(request_id)

    def resume(self, request_id: str) -> None:
        """Let a paused request go on, behind those that came meanwhile."""
        if self._process is not None:
            self._process.resume(request_id)

    async def close(self) -> None:
        """End the process and wait until it is gone. A later request would start another."""
        self._forget_idleness()
        async with self._starting:
            process, self._process = self._process, None
        if process is not None:
            await process.end()
        if self._endings:
            await asyncio.wait(self._endings)

    async def _usable_process(self) -> EngineProcess:
        async with self._starting:
            if self._process is None or not self._process.usable:
                if self._process is not None:
                    self._end_later(self._process)
                self._process = await EngineProcess.start(
                    self._command, self._grace, proxy_loopback=self._proxy_loopback
                )
            self._watch_idleness()
            return self._process

    def _watch_idleness(self) -> None:
        """Look again after the idle time; whoever asks meanwhile begins it anew."""
        self._forget_idleness()
        if self._process is not None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_seconds, self._end_if_idle)

    def _forget_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_if_idle(self) -> None:
        process = self._process
        if process is None or not process.usable:
            return
        if not process.idle:
            self._watch_idleness()
            return
        self._process = None
        self._end_later(process)

    def _end_later(self, process: EngineProcess) -> None:
        ending = asyncio.create_task(process.end(), name="engine-end")
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def engine_of(settings: Settings) -> EngineClient:
    """Return a client of the engine, which starts as these settings say."""
    return EngineClient(
        idle_seconds=settings.engine_idle_seconds,
        threads=settings.engine_threads,
        most_chats=settings.engine_max_chats,
        cache_mib=settings.engine_cache_mib,
        keep_free_mib=settings.engine_keep_free_mib,
        proxy_loopback=settings.proxy_loopback,
    )


def _with_absolute_folder(request: Generate) -> Generate:
    """Return the request with folders named from the root: the engine works in another one."""
    load = request.load
    if load.draft_model is not None:
        load = replace(load, draft_model=absolute_folder(load.draft_model))
    return replace(request, model=absolute_folder(request.model), load=load)


def absolute_folder(model: str) -> str:
    """Return a model's folder named from the root; a hub id as it is."""
    try:
        folder = model_folder(model)
    except OSError:  # the engine says why it cannot be read
        folder = None
    return str(folder.absolute()) if folder else model
