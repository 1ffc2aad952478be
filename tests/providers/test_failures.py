"""Each way to fail, made to happen over a real socket: the sentence, the hint, the field, and no key.

Each is a run as the panel has it, asked with streaming, so that text that had come is seen to be kept.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.errors.classify import classify
from jupyter_stream_chat.providers.openai import chat_openai
from jupyter_stream_chat.providers.openai.chunks import text_of
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, profile_values

AZURE, OPENAI, COMPATIBLE = "azure", "openai", "openai-compatible"


async def failed(values: dict[str, Any], question: str, *, whole: bool = False) -> tuple[ErrorInfo, str]:
    """Ask, expect an exception, and return what it means and the text that had come."""
    registry = Registry([values], engine=None)  # type: ignore[arg-type]
    profile = registry.find(str(values["id"]))
    assert isinstance(profile, Profile), profile
    text = ""
    try:
        llm = await registry.open(profile, lambda *_: None)
        if whole:
            text = text_of(await llm.ainvoke(question))
        else:
            async for chunk in llm.astream(question):
                text += text_of(chunk)
    except Exception as error:  # noqa: BLE001 - any, that is the point
        return classify(error, profile), text
    finally:
        await registry.close()
    raise AssertionError("no failure")


@dataclasses.dataclass
class Case:
    """One way to fail, and what is said of it."""

    shape: str
    question: str
    code: str
    says: str
    hint: str
    field: str | None = None
    values: dict[str, str] | None = None
    text: str = ""
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


CASES = [
    Case(
        OPENAI,
        "hello",
        "wrong_key",
        "does not accept",
        "API key",
        "api_key",
        more={"api_key": "sk-wrong-0123"},
    ),
    Case(OPENAI, "fail=403", "wrong_key", "may not use", "access", "api_key"),
    Case(OPENAI, "error=no-model", "unknown_model", "does not know scripted", "name", "model"),
    Case(OPENAI, "error=litellm-model", "unknown_model", "does not know scripted", "name", "model"),
    Case(AZURE, "error=no-deployment", "unknown_model", "deployment dep", "portal", "azure_deployment"),
    Case(AZURE, "error=api-version", "unknown_api_version", "2024-10-21", "api_version", "api_version"),
    Case(OPENAI, "error=quota", "quota_used_up", "quota", "billing", "api_key"),
    Case(COMPATIBLE, "error=balance", "quota_used_up", "quota", "billing", "api_key"),
    Case(OPENAI, "error=rate", "rate_limited", "too many", "Wait"),
    Case(
        OPENAI,
        "error=context",
        "context_too_long",
        "accepts at most 8192",
        "new chat",
        values={"asked": "9500", "most": "8192"},
    ),
    Case(
        COMPATIBLE,
        "error=vllm-context",
        "context_too_long",
        "accepts at most 4096",
        "new chat",
        values={"asked": "5000", "most": "4096"},
    ),
    Case(COMPATIBLE, "error=llama-context", "context_too_long", "longer than scripted can read", "new chat"),
    Case(COMPATIBLE, "error=dashscope-context", "context_too_long", "longer", "new chat"),
    Case(AZURE, "error=prompt-filter", "content_filter", "filter refused", "other words"),
    Case(COMPATIBLE, "error=dashscope-filter", "content_filter", "filter refused", "other words"),
    Case(
        OPENAI,
        "error=temperature",
        "parameter_refused",
        "parameter temperature",
        "temperature",
        "parameters.temperature",
        {"parameter": "temperature"},
        more={"parameters": {"temperature": 0.2}},
    ),
    Case(
        COMPATIBLE,
        "error=vllm-top-k",
        "parameter_refused",
        "parameter top_k",
        "top_k",
        "parameters.top_k",
        {"parameter": "top_k"},
        more={"parameters": {"top_k": 1}},
    ),
    Case(OPENAI, "error=plain-http", "no_tls", "TLS only", "https://", "base_url"),
    Case(OPENAI, "fail=500", "provider_error", "An error occurred", "again"),
    Case(OPENAI, "fail=504", "timeout", "in time", "again"),
    Case(OPENAI, "fail=407", "proxy_failed", "proxy", "NO_PROXY"),
    Case(OPENAI, "tokens=5 cut=3", "connection_lost", "broke", "kept", text="t0 t1 t2 "),
    Case(OPENAI, "tokens=5 end=3", "stream_cut", "closed the stream", "Continue", text="t0 t1 t2 "),
    Case(AZURE, "tokens=5 end=3", "stream_cut", "closed the stream", "Continue", text="t0 t1 t2 "),
    Case(OPENAI, "tokens=5 fail-at=3", "provider_error", "broke off", "kept", text="t0 t1 t2 "),
    Case(OPENAI, "tokens=2 junk=json", "malformed_answer", "no answer", "address", "base_url", text="t0 t1 "),
    Case(
        AZURE,
        "tokens=2 junk=shape",
        "malformed_answer",
        "no answer",
        "address",
        "azure_endpoint",
        text="t0 t1 ",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.shape}-{case.question}" for case in CASES])
async def test_each_failure_has_its_sentence_its_cure_and_its_field(
    provider: ScriptedProvider, case: Case
) -> None:
    error, text = await failed(profile_values(case.shape, provider, **case.more), case.question)
    assert (error.code, error.field, error.values, text) == (case.code, case.field, case.values, case.text)
    assert case.says in error.message
    assert case.hint in (error.hint or "")
    assert error.detail
    for key in (KEY, "sk-wrong-0123"):
        assert key not in error.model_dump_json()
    assert len(provider.requests) == 1, "nothing is retried behind the run's back"


@pytest.mark.parametrize("question", ["body=html", "junk=json", "junk=shape"])
async def test_an_answer_in_one_piece_that_is_none(provider: ScriptedProvider, question: str) -> None:
    for shape in (OPENAI, AZURE, COMPATIBLE):
        error, _ = await failed(profile_values(shape, provider), question, whole=True)
        assert error.code == "malformed_answer", shape


async def test_a_host_that_cannot_be_found(provider: ScriptedProvider) -> None:
    values = profile_values(COMPATIBLE, provider, base_url="http://no-such-host.invalid/v1")
    error, _ = await failed(values, "hello")
    assert (error.code, error.field) == ("unknown_host", "base_url")


@asynccontextmanager
async def listening(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve on a free port of the loopback."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_nothing_listens(provider: ScriptedProvider) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        error, _ = await failed(profile_values(AZURE, provider, azure_endpoint=url), "hello")
    assert (error.code, error.field) == ("connection_refused", "azure_endpoint")
    assert url in error.message


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Return the side of a server whose certificate nobody vouches for."""
    pem, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=here"]
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*request, *name, "-keyout", key, "-out", pem], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem, key)
    return tls


async def test_a_certificate_that_nobody_signed(
    provider: ScriptedProvider, self_signed: ssl.SSLContext
) -> None:
    async with listening(hang_up, self_signed) as port:
        values = profile_values(OPENAI, provider, base_url=f"https://127.0.0.1:{port}/v1")
        error, _ = await failed(values, "hello")
    assert (error.code, error.field) == ("untrusted_certificate", "base_url")
    assert "SSL_CERT_FILE" in (error.hint or "")


async def test_https_to_a_server_without_tls(provider: ScriptedProvider) -> None:
    url = provider.openai_url.replace("http://", "https://")
    error, _ = await failed(profile_values(OPENAI, provider, base_url=url), "hello")
    assert (error.code, error.field) == ("no_tls", "base_url")
    assert "http://" in (error.hint or "")


async def test_a_proxy_that_refuses(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with listening(refuse) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        values = profile_values(OPENAI, provider, base_url="https://api.example/v1")
        error, _ = await failed(values, "hello")
    assert error.code == "proxy_failed"
    assert "HTTPS_PROXY" in (error.hint or "")


async def test_a_proxy_that_is_not_there_is_named_beside_the_endpoint(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:secret@127.0.0.1:9")
    values = profile_values(OPENAI, provider, base_url="http://api.example/v1")
    error, _ = await failed(values, "hello")
    assert error.code == "connection_refused"
    assert "the proxy http://127.0.0.1:9, which HTTP_PROXY names" in (error.hint or "")
    assert "secret" not in error.model_dump_json()


@pytest.mark.parametrize(("question", "text"), [("hang=after-headers", ""), ("hang=2", "t0 t1 ")])
async def test_a_silence_before_the_first_token_or_after(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, question: str, text: str
) -> None:
    monkeypatch.setitem(chat_openai.SETTINGS, "timeout", openai.Timeout(10, read=0.3))
    error, kept = await failed(profile_values(OPENAI, provider), question)
    assert (error.code, kept) == ("timeout", text)


async def test_malformed_counts_do_not_make_an_answer_an_error(provider: ScriptedProvider) -> None:
    registry = Registry([profile_values(OPENAI, provider)], engine=None)  # type: ignore[arg-type]
    profile = registry.find(OPENAI)
    assert isinstance(profile, Profile)
    llm = await registry.open(profile, lambda *_: None)
    question = "tokens=3 usage=broken"
    assert "".join([text_of(chunk) async for chunk in llm.astream(question)]) == "t0 t1 t2 "
    assert text_of(await llm.ainvoke(question)) == "t0 t1 t2 "
    await registry.close()
