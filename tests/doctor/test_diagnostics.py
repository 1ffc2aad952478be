"""Each thing that can be wrong with a profile, for real, and what the doctor says of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from jupyter_stream_chat.providers.local.guide import PROFILE as GUIDE
from tests.providers.conftest import KEY
from tests.scripted_provider import ScriptedProvider

from .conftest import examined, failures, scripted, skipped

SHAPES = ("openai", "azure", "openai-compatible")
AT_THE_PROVIDER = ["direct", "direct_streamed", "buffering", "langchain", "langchain_streamed", "callbacks"]


@pytest.mark.parametrize("shape", SHAPES)
async def test_nothing_is_wrong(provider: ScriptedProvider, shape: str) -> None:
    findings = await examined(scripted(provider, "tokens=40,rate=100", shape))
    assert {step.outcome for step in findings.values()} == {"pass"}, findings
    assert list(findings)[:5] == ["configuration", "name", "connection", "key", "key_accepted"]
    assert findings["direct"].message == "Answered: t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t1…"
    assert findings["direct_streamed"].message.startswith("40 pieces")
    assert findings["callbacks"].message == "40 tokens reported, 40 logged, 40 forwarded."
    assert "disconnected" in findings["stop"].message
    assert provider.requests[-1].disconnected, "Stop reached the provider"
    assert KEY not in "".join(step.model_dump_json() for step in findings.values())


async def test_a_profile_that_cannot_be_read_is_all_that_is_looked_at(provider: ScriptedProvider) -> None:
    findings = await examined(scripted(provider, api_versoin="2024-10-21"))
    assert failures(findings) == ["configuration"]
    assert findings["configuration"].field == "api_versoin"
    assert findings["tracing"].outcome == "pass"
    assert set(skipped(findings)) == set(findings) - {"configuration", "tracing"}


async def test_without_a_key_the_way_to_the_provider_is_looked_at(provider: ScriptedProvider) -> None:
    findings = await examined(scripted(provider, api_key=None, api_key_env="MISSING_API_KEY"))
    assert failures(findings) == ["key"]
    assert findings["key"].field == "api_key_env"
    assert "MISSING_API_KEY" in findings["key"].message
    assert findings["connection"].outcome == "pass"
    assert {*AT_THE_PROVIDER, "stop"} <= {*skipped(findings)}
    assert not provider.requests


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_wrong_key(provider: ScriptedProvider, shape: str) -> None:
    findings = await examined(scripted(provider, shape=shape, api_key="sk-wrong-0123456789"))
    # Azure has no list of models that its key opens: there the first call finds it out.
    first = "direct" if shape == "azure" else "key_accepted"
    assert failures(findings)[0] == first
    assert findings[first].field == "api_key"
    assert "sk-wrong" not in "".join(step.model_dump_json() for step in findings.values())


async def test_a_line_break_after_a_variables_key_does_no_harm(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_API_KEY", f"{KEY}\n")
    findings = await examined(scripted(provider, api_key=None, api_key_env="SCRIPTED_API_KEY"))
    assert failures(findings) == []


async def test_a_sign_that_no_key_has(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTED_API_KEY", f"{KEY} # mine")
    findings = await examined(scripted(provider, api_key=None, api_key_env="SCRIPTED_API_KEY"))
    assert failures(findings) == ["key"]
    assert findings["key"].field == "api_key_env"


async def test_a_host_that_does_not_exist(provider: ScriptedProvider) -> None:
    findings = await examined(scripted(provider, base_url="http://no-such-host.invalid/v1"))
    assert failures(findings) == ["name"]
    assert findings["name"].field == "base_url"
    assert "no-such-host.invalid" in findings["name"].message
    assert findings["key"].outcome == "pass", "it does not depend on the network"


@pytest.mark.parametrize(("shape", "field"), [("azure", "azure_endpoint"), ("openai", "base_url")])
async def test_nothing_listens(provider: ScriptedProvider, shape: str, field: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        findings = await examined(scripted(provider, shape=shape) | {field: url})
    assert failures(findings) == ["connection"]
    assert findings["connection"].field == field


async def test_a_certificate_that_nobody_vouches_for(provider: ScriptedProvider) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(__file__).parent / "self_signed.pem")

    async def answer(request: web.Request) -> web.StreamResponse:
        return hello()

    async with serving(answer, context) as url:
        findings = await examined(scripted(provider, base_url=f"{url}/v1"))
    assert failures(findings) == ["connection"]
    assert "not trusted" in findings["connection"].message
    assert "SSL_CERT_FILE" in (findings["connection"].hint or "")


async def test_a_proxy_of_the_environment_that_is_not_there(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://no-such-proxy.invalid:3128")
    # This machine is asked without a proxy.
    findings = await examined(scripted(provider, base_url="http://models.example.com/v1"))
    assert failures(findings) == ["name"]
    assert "HTTP_PROXY" in (findings["name"].hint or "")


@pytest.mark.parametrize(("shape", "field"), [("azure", "azure_deployment"), ("openai", "model")])
async def test_a_model_that_is_not_there(provider: ScriptedProvider, shape: str, field: str) -> None:
    findings = await examined(scripted(provider, "fail=404", shape))
    assert failures(findings) == ["direct", "direct_streamed"]
    assert findings["direct"].field == findings["direct_streamed"].field == field
    assert skipped(findings) == ["buffering", "langchain", "langchain_streamed", "callbacks", "stop"]


@pytest.mark.parametrize("script", ["refuse=stream", "body=json", "fail-stream=500"])
@pytest.mark.parametrize(("streaming", "outcome"), [("auto", "warn"), ("off", "warn"), ("on", "fail")])
async def test_a_deployment_that_does_not_stream(
    provider: ScriptedProvider, script: str, streaming: str, outcome: str
) -> None:
    findings = await examined(scripted(provider, f"tokens=5,{script}", "azure"), streaming=streaming)
    assert findings["direct_streamed"].outcome == outcome
    assert "does not stream" in findings["direct_streamed"].message
    assert findings["direct_streamed"].field == "streaming"
    assert findings["direct"].outcome == findings["langchain"].outcome == findings["stop"].outcome == "pass"
    assert findings["callbacks"].outcome == "pass", "the answer in one piece went through the chain"


async def test_a_stream_that_something_on_the_way_collects(provider: ScriptedProvider) -> None:
    async with buffering_proxy(provider) as url:
        findings = await examined(scripted(provider, "tokens=40,rate=40", base_url=f"{url}/v1"))
    assert findings["buffering"].outcome == "warn"
    assert "proxy_buffering off" in (findings["buffering"].hint or "")
    assert findings["buffering"].field == "base_url"
    assert not failures(findings)


async def test_a_provider_that_never_answers_holds_nothing_up(provider: ScriptedProvider) -> None:
    findings = await examined(scripted(provider, "hang=before-headers"), call_seconds=1)
    assert failures(findings) == ["direct", "direct_streamed"]
    assert "within 1 s" in findings["direct"].message
    assert findings["direct"].field == "base_url"
    assert "disconnected" in findings["stop"].message
    assert all(request.disconnected for request in provider.requests), "no call is left behind"


async def test_a_stream_that_never_begins_where_one_piece_comes() -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and (await request.json()).get("stream"):
            await asyncio.Event().wait()
        return hello()

    async with serving(half) as url:
        findings = await examined(compatible(url), call_seconds=5)
    assert findings["direct"].outcome == "pass"
    assert findings["direct_streamed"].outcome == "fail"
    assert findings["direct_streamed"].field == "streaming"
    assert findings["langchain"].outcome == "pass"
    assert findings["stop"].outcome == "pass"


async def test_a_parameter_that_the_provider_refuses_is_seen_by_comparison() -> None:
    async def picky(request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and "temperature" in await request.json():
            return web.json_response({"error": {"message": "no such argument: temperature"}}, status=400)
        return hello()

    async with serving(picky) as url:
        findings = await examined(compatible(url) | {"parameters": {"temperature": 0.5}})
    assert findings["direct"].outcome == "pass"
    assert findings["langchain"].outcome == "fail"
    assert (findings["langchain"].field or "").startswith("parameters")
    assert "temperature" in (findings["langchain"].detail or "")


@pytest.mark.parametrize("allowed", [False, True])
async def test_tracing_is_told(provider: ScriptedProvider, allowed: bool) -> None:
    environ = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": "http://traces.invalid"}
    values = scripted(provider, base_url="http://no-such-host.invalid")
    findings = await examined(values, tracing=allowed, environ=environ)
    assert findings["tracing"].outcome == ("warn" if allowed else "pass")
    assert ("http://traces.invalid" in findings["tracing"].message) is allowed


async def test_the_guide_is_examined_through_the_engine() -> None:
    findings = await examined({"id": "guide", "provider": "guide"})
    chain = ["langchain", "langchain_streamed", "callbacks", "stop"]
    assert list(findings) == ["configuration", "direct", *chain, "remembered", "tracing"]
    assert {step.outcome for step in findings.values()} == {"pass"}, findings
    assert GUIDE.provider in findings["configuration"].message


def compatible(url: str) -> dict[str, Any]:
    """Return a profile without a key."""
    return {"id": "x", "provider": "openai-compatible", "model": "m", "base_url": f"{url}/v1"}


def hello() -> web.Response:
    """Answer in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    envelope = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
    return web.json_response(envelope | {"choices": [choice]})


Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handle: Handle, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve every path by ``handle``; yield the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def buffering_proxy(provider: ScriptedProvider) -> AsyncIterator[str]:
    """Stand before the provider, and pass on each answer when it is whole."""
    async with aiohttp.ClientSession() as session:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            headers = {name: request.headers.get(name, "") for name in ("Authorization", "Content-Type")}
            url = provider.url + request.path
            async with session.request(
                request.method, url, data=await request.read(), headers=headers
            ) as answer:
                body = await answer.read()
                return web.Response(status=answer.status, body=body, content_type=answer.content_type)

        async with serving(pass_on) as url:
            yield url
