"""Servers that nobody here wrote, as processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

START_SECONDS = 110.0
"""Imports of torch on a busy machine. Only a failing test waits that long."""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], *, ready: str, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[psutil.Process]:
    """Run a server until the block ends; it is ready when the address ``ready`` answers with any status."""
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
        _wait(server, ready, log)
        yield process
    finally:
        family = [*process.children(recursive=True), process] if server.poll() is None else []
        for member in family:
            member.terminate()
        _, alive = psutil.wait_procs(family, timeout=10)
        for member in alive:
            member.kill()
        server.wait()


def _wait(server: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(ready, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no server at {ready}:\n{log.read_text(errors='replace')[-4000:]}")
