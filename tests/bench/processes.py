"""The servers under measurement, each a process of its own in a folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import aiohttp

START_SECONDS = 90
STOP_SECONDS = 10
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(*command: str, **options: object) -> AsyncIterator[Process]:
    """Run a program, in a process group of its own that ends with the block."""
    started = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        start_new_session=True,
        **options,  # type: ignore[arg-type]
    )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await started.wait()
        except TimeoutError:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        await started.wait()


@asynccontextmanager
async def module(name: str, *arguments: str) -> AsyncIterator[str]:
    """Run a module that prints its URL; return the URL."""
    async with process(sys.executable, "-m", name, *arguments, stdout=PIPE) as started:
        assert started.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            url = (await started.stdout.readline()).decode().strip()
        if not url:
            raise RuntimeError(f"{name} did not start")
        yield url


@asynccontextmanager
async def jupyter(
    provider: str,
    prepare: Callable[[Path], None] = lambda home: None,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[str]:
    """Run JupyterLab with the panel, its default profile the scripted provider; return its URL.

    ``prepare`` is called with its home before it starts; ``environment`` holds more variables.
    """
    with tempfile.TemporaryDirectory(prefix="stream-chat-bench-") as home:
        prepare(Path(home))
        port = free_port()
        # A home of its own: settings, kernels and runtime files of whoever measures stay out of it.
        variables = {
            **os.environ,
            **environment,
            "BENCH_HOME": home,
            "BENCH_PORT": str(port),
            "BENCH_PROVIDER": provider,
            "HOME": home,
            "JUPYTER_CONFIG_DIR": f"{home}/config",
        }
        config = str(Path(__file__).with_name("jupyter_config.py"))
        command = (sys.executable, "-m", "jupyterlab", "--config", config)
        with (Path(home) / "log").open("w+") as log:
            async with process(*command, env=variables, stdout=DEVNULL, stderr=log) as started:
                url = f"http://127.0.0.1:{port}"
                try:
                    await _answers(f"{url}/api", started)
                except (TimeoutError, ChildProcessError):
                    sys.stderr.write((Path(home) / "log").read_text())
                    raise
                yield url


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(url: str, started: Process) -> None:
    """Wait until a server answers. ChildProcessError when it ends instead."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(START_SECONDS):
        while True:
            if started.returncode is not None:
                raise ChildProcessError(f"the server ended with {started.returncode}")
            with contextlib.suppress(aiohttp.ClientError):
                await (await http.get(url)).release()
                return
            await asyncio.sleep(0.1)
