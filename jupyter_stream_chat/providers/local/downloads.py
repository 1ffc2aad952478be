"""Downloads of models, each a process of its own: started, watched, stopped, and gone on with later.

Owns the processes. What was received stays on the disk, whoever ends a download.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from ...protocol import ErrorInfo
from .engine_process import PACKAGE_FOLDER, child_environment

log = logging.getLogger(__name__)

State = Literal["running", "stopped", "failed", "done"]
_RATE_SECONDS = 5.0
"""The rate is that of the last seconds."""
_FAILED = ErrorInfo(
    code="download_failed",
    message="The download ended before the model was complete.",
    hint="Download it again: it goes on where it was. The server's log says more.",
)


@dataclass
class Download:
    """One download. Sizes are in bytes."""

    model: str
    state: State = "running"
    received: int = 0
    total: int = 0
    """0: not known yet."""
    error: ErrorInfo | None = None
    _moments: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def bytes_per_second(self) -> float | None:
        """How fast it goes; None while nobody can tell."""
        if self.state != "running" or len(self._moments) < 2:
            return None
        (begin, before), (end, now) = self._moments[0], self._moments[-1]
        return (now - before) / (end - begin) if end > begin else None

    @property
    def seconds_left(self) -> float | None:
        """How long it takes at this rate; None while nobody can tell."""
        rate = self.bytes_per_second
        return (self.total - self.received) / rate if rate and self.total else None

    def move(self, received: int, total: int) -> None:
        """Take note of what has come."""
        self.received, self.total = received, total
        now = time.monotonic()
        self._moments.append((now, received))
        while now - self._moments[0][0] > _RATE_SECONDS:
            self._moments.popleft()


class Downloads:
    """The downloads of a server since it started, one for each model."""

    def __init__(self, *, proxy_loopback: bool = False) -> None:
        """``proxy_loopback``: a hub on this machine is asked through the environment's proxy too."""
        self._proxy_loopback = proxy_loopback
        self._downloads: dict[str, Download] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def all(self) -> list[Download]:
        """Every download, newest last."""
        return list(self._downloads.values())

    def is_running(self, model: str) -> bool:
        """Tell whether a model is being downloaded."""
        return model in self._tasks

    def start(self, model: str) -> None:
        """Begin to download a model, or go on with it; nothing where that happens already."""
        if model in self._tasks:
            return
        self._downloads.pop(model, None)
        self._downloads[model] = download = Download(model)
        task = asyncio.get_running_loop().create_task(self._run(download), name=f"download {model}")
        self._tasks[model] = task
        task.add_done_callback(lambda _: self._tasks.pop(model, None))

    async def stop(self, model: str) -> None:
        """End a download and wait until it is over; what was received stays."""
        if task := self._tasks.get(model):
            task.cancel()
            await asyncio.wait({task})

    def forget(self, model: str) -> None:
        """Leave a download that is over out of the list."""
        if model not in self._tasks:
            self._downloads.pop(model, None)

    async def wait(self, model: str) -> None:
        """Wait until a download is over."""
        if task := self._tasks.get(model):
            await asyncio.wait({task})

    async def close(self) -> None:
        """End every download."""
        for model in list(self._tasks):
            await self.stop(model)

    async def _run(self, download: Download) -> None:
        try:
            error = await self._follow(download)
        except asyncio.CancelledError:
            download.state = "stopped"
            return
        except (OSError, ValueError) as failure:  # not started, or it wrote what is no JSON
            log.warning("the download of %s failed: %s", download.model, failure)
            error = _FAILED
        download.error = error
        download.state = "failed" if error else "done"

    async def _follow(self, download: Download) -> ErrorInfo | None:
        process = await self._start(download.model)
        assert process.stdout is not None
        is_done = False
        try:
            async for line in process.stdout:
                told = json.loads(line)
                if error := told.get("error"):
                    return ErrorInfo(**error)
                is_done = told.get("done", False)
                if not is_done:
                    download.move(told["received"], told["total"])
        finally:
            await _end(process)
        if is_done:
            download.received = download.total
        return None if is_done else _FAILED

    async def plan(self, model: str) -> dict[str, Any] | ErrorInfo:
        """Ask the hub how much a model is: ``total`` bytes to download, ``weights`` bytes of weights."""
        process = await self._start(model, "--plan")
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
        finally:
            await _end(process)
        told: dict[str, Any] = json.loads(line or b"{}")
        if error := told.get("error"):
            return ErrorInfo(**error)
        return told if "total" in told else _FAILED

    async def _start(self, model: str, *options: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jupyter_stream_chat.engine.download",
            *options,
            "--",
            model,
            stdin=DEVNULL,
            stdout=PIPE,
            cwd=PACKAGE_FOLDER,
            env=child_environment(os.environ, proxy_loopback=self._proxy_loopback),
            start_new_session=True,
        )


async def _end(process: Process) -> None:
    """End a process that may have ended, and wait until it is gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
