"""Servers that nobody here wrote, as processes of their own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.server.page import PATIENCE

START_SECONDS = 110.0
"""Imports of torch on a busy machine. Only a failing test waits that long."""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready: str,
    log: Path,
    environ: Mapping[str, str] | None = None,
    start_seconds: float = START_SECONDS,
) -> Iterator[psutil.Process]:
    """Run a server until the block ends; it is ready when the address ``ready`` answers with any status.

    A proxy of this process's own servers is ready when it accepts: ``tcp://host:port``.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process = psutil.Process(server.pid)
    try:
        _wait(server, ready, log, start_seconds)
        yield process
    finally:
        family = [*process.children(recursive=True), process] if server.poll() is None else []
        for member in family:
            member.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for member in alive:
            member.kill()
        server.wait()


def _wait(server: subprocess.Popen[bytes], ready: str, log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        if _is_ready(ready):
            return
        time.sleep(0.1)
    raise RuntimeError(f"no server at {ready}:\n{log.read_text(errors='replace')[-4000:]}")


def _is_ready(address: str) -> bool:
    url = urlsplit(address)
    try:
        if url.scheme == "tcp":
            socket.create_connection((url.hostname, url.port), timeout=5).close()
        else:
            urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def scripted_provider(log: Path) -> Iterator[str]:
    """Run our scripted provider beside the foreign ones; yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.scripted_provider", "--port", str(port)]
    with running(command, ready=f"{url}/_requests", log=log):
        yield url


async def until_busy(process: psutil.Process) -> None:
    """Return when the process computes."""
    async with asyncio.timeout(PATIENCE):
        while await _share(process) < 0.1:
            pass


async def busy_one(processes: Sequence[psutil.Process]) -> psutil.Process:
    """Return the one that computes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            shares = await asyncio.gather(*map(_share, processes))
            if max(shares) > 0.1 and sorted(shares)[-2] < 0.05:
                return processes[shares.index(max(shares))]


async def until_idle(process: psutil.Process) -> None:
    """Return when the process computes no more: an endless answer would keep it at it."""
    async with asyncio.timeout(PATIENCE):
        while await _share(process) > 0.03:
            pass


async def _share(process: psutil.Process) -> float:
    """Return how much of a core the process used in half a second."""
    begun, used = time.monotonic(), sum(process.cpu_times()[:2])
    await asyncio.sleep(0.5)
    return float(sum(process.cpu_times()[:2]) - used) / (time.monotonic() - begun)
