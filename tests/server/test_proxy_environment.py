"""Proxies that the environment names: passed by for this machine, named where they fail."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.doctor.context import Context
from jupyter_stream_chat.doctor.diagnostics import examine
from tests.loopback_proxy import Proxy
from tests.providers.wire_server import WireServer, said

from .conftest import StartServer
from .test_wire import asked, opened


async def test_a_loopback_address_is_asked_without_the_proxy(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with WireServer({"stream": said("one", " two")}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert (run["finish_reason"], run.get("error")) == ("stop", None)


async def test_a_loopback_address_is_asked_through_the_proxy_if_told_so(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with WireServer({"stream": said("one", " two")}) as wire, Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        profile = {"id": "wire", "provider": "openai-compatible", "model": "m", "base_url": f"{wire.url}/v1"}
        server = await start_server(profiles=[profile], proxy_loopback=True)
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, _ = await asked(page, chat_id, "hello")
            assert (run["finish_reason"], run.get("error")) == ("stop", None)
            assert proxy.heads == [f"POST {wire.url}/v1/chat/completions HTTP/1.1"]
            registry = (await server.extension.services()).registry
            context = Context(registry.written("wire"), registry.find("wire"))
            findings = {step.name: step async for step in examine(context, registry)}
            assert findings["name"].code == "proxy_found"
            assert {step.outcome for step in findings.values()} <= {"pass", "warn"}, findings
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            names = {step.name: step async for step in examine(context, registry)}
            assert names["name"].code == "host_found"


async def test_a_proxy_that_does_not_answer_is_named_for_a_loopback_address_too(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    profile = {
        "id": "wire",
        "provider": "openai-compatible",
        "model": "m",
        "base_url": "http://localhost:1/v1",
    }
    server = await start_server(profiles=[profile], proxy_loopback=True)
    async with server.page() as page:
        run, _ = await asked(page, await page.new_chat(), "hello")
    assert "HTTP_PROXY" in run["error"]["hint"]


@pytest.mark.parametrize(
    ("proxy", "code", "words"),
    [
        ("socks5://127.0.0.1:9", "proxy_package_missing", "pip install"),
        ("socks://127.0.0.1:9", "proxy_failed", "socks5://"),
        ("http://127.0.0.1:9", "connection_refused", "NO_PROXY"),
    ],
)
async def test_a_proxy_that_does_not_work_is_named(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, proxy: str, code: str, words: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    async with WireServer({"stream": said("one")}) as wire:
        server = await opened(start_server, wire, base_url="http://provider.example/v1")
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert run["error"]["code"] == code, run["error"]
    assert words in run["error"]["hint"]
