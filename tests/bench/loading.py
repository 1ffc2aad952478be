"""What the extension costs Jupyter: at its start, and while the first page makes it load the rest.

Each round is a fresh interpreter: ``python -m tests.bench.loading start|warm`` prints its figure as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, best, percentile
from tests.bench.processes import process

if TYPE_CHECKING:
    from tests.bench.harness import Bench

TICK_SECONDS = 0.001


async def measure(bench: Bench) -> list[Figure]:
    """Measure both in interpreters of their own."""
    starts = [await _in_fresh_interpreter("start") for _ in range(bench.rounds)]
    warms = [await _in_fresh_interpreter("warm") for _ in range(bench.rounds)]
    p99 = best([warm["p99"] for warm in warms]) * 1000
    longest, seconds = (best([warm[name] for warm in warms]) for name in ("max", "seconds"))
    return [
        Figure(
            "loading the extension at the server's start", best([s["seconds"] for s in starts]), "s", 0.05
        ),
        Figure(
            "loop lag while the rest is loaded, p99",
            p99,
            "ms",
            50,
            note=f"longest {longest * 1000:.0f} ms; loading takes {seconds:.1f} s, off the loop",
        ),
    ]


async def _in_fresh_interpreter(what: str) -> dict[str, float]:
    async with process(sys.executable, "-m", "tests.bench.loading", what, stdout=PIPE) as started:
        assert started.stdout is not None
        figures: dict[str, float] = json.loads(await started.stdout.read())
        return figures


def start() -> dict[str, float]:
    """Return the seconds in which a server with all else loaded imports, links and loads the extension."""
    import jupyterlab.labapp  # noqa: F401 - what Jupyter loads anyway
    from jupyter_server.serverapp import ServerApp

    with tempfile.TemporaryDirectory() as home:
        app = ServerApp(root_dir=home, port=0, open_browser=False, allow_root=True, log_level=40)
        app.initialize(argv=[], find_extensions=False, new_httpserver=False)
        app.reraise_server_extension_failures = True
        begin = time.perf_counter()
        manager = app.extension_manager
        manager.add_extension("jupyter_stream_chat", enabled=True)
        manager.link_extension("jupyter_stream_chat")
        manager.load_extension("jupyter_stream_chat")
        seconds = time.perf_counter() - begin
        assert "jupyter_stream_chat" in app.web_app.settings
    return {"seconds": seconds}


async def warm() -> dict[str, float]:
    """Return how late the loop was, in seconds, each millisecond while the services were loaded."""
    import jupyterlab.labapp  # noqa: F401 - what Jupyter has loaded by then

    from jupyter_stream_chat.config import Settings
    from jupyter_stream_chat.server.app import StreamChat  # noqa: F401
    from jupyter_stream_chat.server.warm import warm

    profile = {"id": "p", "provider": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:1/v1"}
    lags: list[float] = []
    ticking = asyncio.create_task(_tick(lags))
    with tempfile.TemporaryDirectory() as home:
        begin = time.perf_counter()
        services = await warm(Settings(data_dir=home, profiles=[profile]))
        seconds = time.perf_counter() - begin
        ticking.cancel()
        await services.close()
    return {"seconds": seconds, "p99": percentile(lags, 99), "max": max(lags)}


async def _tick(lags: list[float]) -> None:
    """Note how late each millisecond's turn came: a stall counts as long as it lasts, not once."""
    due = time.perf_counter()
    while True:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        now = time.perf_counter()
        while due <= now:
            lags.append(now - due)
            due += TICK_SECONDS


if __name__ == "__main__":
    print(json.dumps(start() if sys.argv[1] == "start" else asyncio.run(warm())))
