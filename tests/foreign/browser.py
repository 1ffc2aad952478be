"""The panel in a real browser, at an address: runs one of the tests in ``ui-tests/proxies``."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

UI_TESTS = Path(__file__).parents[2] / "ui-tests"
STREAMS = "an answer comes in steps"
SAYS_WHAT_TO_CHANGE = "the doctor says what to change"


async def passes(test: str, url: str, provider_url: str, folder: Path, **more: str) -> None:
    """Run the test of this title at ``url``. ``more``: ``JSC_USER``, ``JSC_PASSWORD`` of who signs in."""
    command = ("node_modules/.bin/playwright", "test", "--config", "playwright.proxies.config.js")
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--grep", test, "--output", str(folder / "results")),
        cwd=UI_TESTS,
        env={**os.environ, "JSC_URL": url, "JSC_PROVIDER_URL": provider_url, **more},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode(errors="replace")[-6000:]
    assert b"1 passed" in said
