"""Chats are sent to no tracing service unless that is configured, whatever the environment says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.scripted_provider import ScriptedProvider

ASK = """
import asyncio, json, sys
from langchain_core.tracers.langchain import wait_for_all_tracers
from jupyter_stream_chat.providers.profiles.registry import Registry
from jupyter_stream_chat.providers.langchain.tracing import tracing

async def main(values, allowed):
    registry = Registry([values], engine=None)
    await registry.warm()
    model = await registry.open(registry.find(values["id"]), lambda *_: None)
    with tracing(allowed):
        print("".join([chunk.content async for chunk in model.astream("secret question tokens=3")]))
        await model.ainvoke("secret question tokens=3")
    await registry.close()

asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2] == "allowed"))
wait_for_all_tracers()
"""
"""A process of its own: LangSmith reads the environment once."""


class Collector:
    """A tracing service that takes whatever comes."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.json_response({})


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """Return a collector that listens."""
    collector = Collector()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", collector.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield collector
    await runner.cleanup()


async def ask(collector: Collector, values: dict[str, Any], switches: list[str], how: str) -> str:
    """Ask a question in a process whose environment switches tracing on, and return the answer."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LANG")}
    environ |= {"LANGSMITH_ENDPOINT": collector.url, "LANGSMITH_API_KEY": "k", "PYTHONPATH": os.getcwd()}
    environ |= dict.fromkeys(switches, "true")
    command = [sys.executable, "-c", ASK, json.dumps(values), how]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "switches",
    [["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"], ["LANGCHAIN_TRACING"], ["LANGCHAIN_HANDLER"]],
)
async def test_the_environment_alone_ships_nothing(collector: Collector, switches: list[str]) -> None:
    async with ScriptedProvider() as provider:
        values = {"id": "c", "provider": "openai-compatible", "model": "m", "base_url": provider.openai_url}
        assert await ask(collector, values, switches, "forbidden") == "t0 t1 t2"
    assert collector.bodies == []


async def test_configured_tracing_is_sent(collector: Collector) -> None:
    async with ScriptedProvider() as provider:
        values = {"id": "c", "provider": "openai-compatible", "model": "m", "base_url": provider.openai_url}
        assert await ask(collector, values, ["LANGSMITH_TRACING"], "allowed") == "t0 t1 t2"
    assert collector.bodies, "the collector of this test would not notice"
