"""The three hosted adapters, against a real socket: what is sent, and what comes back."""

from __future__ import annotations

import asyncio
import gc
import ssl
import sys
import weakref
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from openai.types.chat import ChatCompletionChunk

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.openai.chunks import end_word_of, pieces_of, text_of, usage_of
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.scripted_provider import TEXTS, Script, ScriptedProvider

from .conftest import KEY, profile_values

SHAPES = ("openai", "azure", "openai-compatible")


class Opened:
    """A model of each shape, opened through the registry."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider
        self._registries: list[Registry] = []

    async def __call__(self, shape: str, **more: Any) -> BaseChatModel:
        registry = Registry([profile_values(shape, self._provider, **more)], engine=None)  # type: ignore[arg-type]
        self._registries.append(registry)
        profile = registry.find(shape)
        assert isinstance(profile, Profile)
        return await registry.open(profile, lambda *_: None)

    async def close(self) -> None:
        for registry in self._registries:
            await registry.close()


@pytest.fixture
async def opened(provider: ScriptedProvider) -> AsyncIterator[Opened]:
    opener = Opened(provider)
    yield opener
    await opener.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_tokens_arrive_one_by_one_none_lost_or_doubled(opened: Opened, shape: str) -> None:
    llm = await opened(shape)
    chunks = [chunk async for chunk in llm.astream("tokens=2000")]
    texts = [text for chunk in chunks if (text := text_of(chunk))]
    assert texts == [f"t{i} " for i in range(2000)]
    assert [r for chunk in chunks if (r := end_word_of(chunk))] == ["stop"]


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_token_is_not_made_an_object_of_the_sdk(
    opened: Opened, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def construct(*args: Any, **values: Any) -> None:
        raise AssertionError("it costs a quarter of the token, and LangChain makes a dict of it")

    monkeypatch.setattr(ChatCompletionChunk, "construct", construct)
    llm = await opened(shape)
    assert "".join([text_of(chunk) async for chunk in llm.astream("tokens=3")]) == "t0 t1 t2 "


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_chunk_without_a_delta_says_nothing(opened: Opened, shape: str) -> None:
    llm = await opened(shape)
    assert "".join([text_of(chunk) async for chunk in llm.astream("tokens=3 junk=bare")]) == "t0 t1 t2 "


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_kept_and_apart(opened: Opened, shape: str, field: str) -> None:
    llm = await opened(shape)
    question = f"tokens=3 reasoning=2 field={field}"
    chunks = [chunk async for chunk in llm.astream(question)]
    streamed = [piece for chunk in chunks for piece in pieces_of(chunk)]
    reasoning, text = ["r0 ", "r1 "], ["t0 ", "t1 ", "t2 "]
    assert streamed == [*(("reasoning", each) for each in reasoning), *(("text", each) for each in text)]
    whole = await llm.ainvoke(question)
    assert pieces_of(whole) == [("reasoning", "r0 r1 "), ("text", "t0 t1 t2 ")]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", sorted(TEXTS))
async def test_any_text_is_the_same_streamed_and_in_one_piece(opened: Opened, shape: str, text: str) -> None:
    llm = await opened(shape)
    question = f"text={text}"
    halves = "".join([text_of(chunk) async for chunk in llm.astream(question)])
    assert halves.encode("utf-16", "surrogatepass").decode("utf-16") == Script.read(question).answer()
    assert text_of(await llm.ainvoke(question)) == Script.read(question).answer()


@pytest.mark.parametrize("shape", SHAPES)
async def test_parameters_are_sent_and_absent_ones_are_not(
    opened: Opened, provider: ScriptedProvider, shape: str
) -> None:
    parameters = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 12, "seed": 3, "stop": ["END"]}
    await (await opened(shape, parameters=parameters)).ainvoke("tokens=1")
    body = provider.requests[-1].body
    assert body["max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"] == 12
    sent = {"temperature": 0.5, "top_p": 0.9, "seed": 3, "stop": ["END"]}
    assert {name: body[name] for name in sent} == sent
    await (await opened(shape)).ainvoke("tokens=1")
    assert not sent.keys() & provider.requests[-1].body.keys()


def tls_contexts(llm: Any, on_freed: Callable[[object], None]) -> list[weakref.ref[ssl.SSLContext]]:
    """Return the TLS contexts of a model's clients; ``on_freed`` is told when one is freed."""
    clients = [llm.root_async_client._client, llm.root_client._client]
    return [weakref.ref(client._transport._pool._ssl_context, on_freed) for client in clients]


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_profile_that_was_edited_and_used_leaves_no_tls_context(
    provider: ScriptedProvider, shape: str
) -> None:
    """Also while Python looks for no garbage: in a large process it hardly ever looks through all of it."""
    registry = Registry([], engine=None)  # type: ignore[arg-type]
    contexts: list[list[weakref.ref[ssl.SSLContext]]] = []
    freed = asyncio.Event()
    gc.disable()
    try:
        for edit in range(4):
            registry.set_stored([profile_values(shape, provider, model=f"m{edit}")])
            profile = registry.find(shape)
            assert isinstance(profile, Profile)
            llm: Any = await registry.open(profile, lambda *_: None)
            contexts.append(tls_contexts(llm, lambda _: freed.set()))
            assert text_of(await llm.ainvoke("tokens=1")) == "t0 "
            registry.release(profile)
        async with asyncio.timeout(10):
            while any(ref() for each in contexts[:-1] for ref in each):
                await freed.wait()  # the clients are closed by a task of their own
                freed.clear()
        assert all(ref() for ref in contexts[-1])
    finally:
        gc.enable()
        await registry.close()


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_key_goes_where_the_profile_says(
    opened: Opened, provider: ScriptedProvider, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL", "LANGSMITH_GATEWAY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/elsewhere")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    await (await opened(shape)).ainvoke("tokens=1")
    headers = provider.requests[-1].headers
    assert KEY in (headers.get("api-key"), headers.get("authorization", "").removeprefix("Bearer "))
    assert "sk-of-the-environment" not in str(headers)


async def test_a_compatible_server_without_a_key_gets_no_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    async with ScriptedProvider() as provider:
        opener = Opened(provider)
        await (await opener("openai-compatible", api_key=None)).ainvoke("tokens=1")
        await opener.close()
        assert "sk-of-the-environment" not in str(provider.requests[-1].headers)


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_address_that_a_page_chose_is_sent_nothing_of_the_environment(
    provider: ScriptedProvider, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"):
        monkeypatch.setenv(name, "of-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: of-the-environment")
    registry = Registry([], engine=None)  # type: ignore[arg-type]
    registry.set_stored([profile_values(shape, provider)])
    profile = registry.find(shape)
    assert isinstance(profile, Profile)
    llm = await registry.open(profile, lambda *_: None)
    await llm.ainvoke("tokens=1")
    assert [chunk async for chunk in llm.astream("tokens=1")]
    await registry.close()
    for request in provider.requests:
        assert "of-the-environment" not in str(request.headers)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_client_that_may_only_leave_the_network_connects_to_nothing_inside(
    provider: ScriptedProvider, host: str
) -> None:
    """As if the name had led outside when the profile was checked."""
    address = provider.openai_url.replace("127.0.0.1", host)
    profile = parse_profile(profile_values("openai-compatible", provider, base_url=address), origin="stored")
    assert isinstance(profile, Profile)
    adapter = profile.served_by.adapter(None)  # type: ignore[arg-type]
    for is_public_only in (True, False):
        asked = profile.model_copy(update={"is_public_only": is_public_only})
        llm = await adapter.open(asked, lambda *_: None)
        if is_public_only:
            with pytest.raises(ConnectionRefusedError):
                await llm.ainvoke("tokens=1")
            assert not provider.requests
        else:
            await llm.ainvoke("tokens=1")
        adapter.release(asked)
    await adapter.close()


async def test_azures_key_is_the_profiles_and_no_token_of_the_environment(
    opened: Opened, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "of-the-environment")
    await (await opened("azure")).ainvoke("tokens=1")
    assert provider.requests[-1].headers["api-key"] == KEY


async def test_azure_is_asked_by_deployment_and_version(opened: Opened, provider: ScriptedProvider) -> None:
    await (await opened("azure")).ainvoke("tokens=1")
    request = provider.requests[-1]
    assert request.path == "/openai/deployments/dep/chat/completions"
    assert request.query == {"api-version": "2024-10-21"}


@pytest.mark.parametrize(
    ("shape", "more", "asks"),
    [
        ("openai", {}, True),
        ("openai-compatible", {}, True),
        ("azure", {"api_version": "2024-10-21"}, True),
        ("azure", {"api_version": "2023-05-15"}, False),
    ],
)
async def test_usage_is_asked_for_where_it_is_understood(
    opened: Opened, provider: ScriptedProvider, shape: str, more: dict[str, str], asks: bool
) -> None:
    llm = await opened(shape, **more)
    chunks = [chunk async for chunk in llm.astream("tokens=4")]
    assert ("stream_options" in provider.requests[-1].body) is asks
    usages = [usage for chunk in chunks if (usage := usage_of(chunk))]
    assert [usage.output_tokens for usage in usages] == ([4] if asks else [])


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_stop_relies_on_is_set(opened: Opened, shape: str) -> None:
    llm: Any = await opened(shape)
    assert getattr(llm, "stream_chunk_timeout", 0) == 0, "asyncio.wait_for swallows cancels on Python 3.11"
    assert llm.max_retries == 0
    assert not llm.streaming


async def test_what_only_other_servers_know_is_sent_to_them_as_they_call_it(
    opened: Opened, provider: ScriptedProvider
) -> None:
    llm = await opened(
        "openai-compatible",
        parameters={"top_k": 5, "repetition_penalty": 1.1, "max_tokens": 9},
        extra_body={"chat_template_kwargs": {"enable_thinking": False}},
    )
    assert [chunk async for chunk in llm.astream("tokens=1")]
    body = provider.requests[-1].body
    assert (body["top_k"], body["repetition_penalty"], body["max_tokens"]) == (5, 1.1, 9)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert "max_completion_tokens" not in body


IDENTITY = """
class DefaultAzureCredential:
    pass

def get_bearer_token_provider(credential, *scopes):
    asked = []
    def token():
        asked.append(credential)
        return f"token-{len(asked)}-for-{scopes[0]}"
    return token
"""


async def test_azure_can_be_asked_with_a_token_of_entra_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_OPENAI_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"):
        monkeypatch.setenv(name, "of-the-environment")
    async with ScriptedProvider() as provider:
        values = profile_values("azure", provider, api_key=None, azure_identity=True)
        without = Registry([values], engine=None)  # type: ignore[arg-type]
        problem = without.find("azure")
        assert isinstance(problem, ErrorInfo)
        assert (problem.field, "pip install azure-identity" in (problem.hint or "")) == (
            "azure_identity",
            True,
        )
        package = tmp_path / "azure" / "identity"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(IDENTITY)
        monkeypatch.syspath_prepend(str(tmp_path))
        opener = Opened(provider)
        llm = await opener("azure", api_key=None, azure_identity=True)
        assert [chunk async for chunk in llm.astream("tokens=1")]
        await llm.ainvoke("tokens=1")
        await opener.close()
        scope = "for-https://cognitiveservices.azure.com/.default"
        sent = [request.headers["authorization"] for request in provider.requests]
        assert sent == [f"Bearer token-1-{scope}", f"Bearer token-2-{scope}"], "asked anew: tokens expire"
        assert not any("of-the-environment" in str(request.headers) for request in provider.requests)
    for name in ("azure.identity", "azure"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_long_conversation_is_not_looked_through_on_the_loop(
    opened: Opened, provider: ScriptedProvider, shape: str
) -> None:
    """The SDK compares each message that it is given with its types: seconds, for 20,000 of them."""
    llm = await opened(shape)
    turns = [(HumanMessage if at % 2 == 0 else AIMessage)(content=f"words {at}") for at in range(20_000)]
    asked = [*turns, HumanMessage(content="tokens=2")]
    given: list[int] = []
    create = llm.async_client.create  # type: ignore[attr-defined]

    async def counted(**payload: Any) -> Any:
        given.append(len(payload["messages"]))
        return await create(**payload)

    llm.async_client.create = counted  # type: ignore[attr-defined]
    assert "".join([text_of(chunk) async for chunk in llm.astream(asked)]) == "t0 t1 "
    assert given == [0]
    sent = provider.requests[-1].body["messages"]
    assert [each["content"] for each in sent] == [each.content for each in asked]
    assert [each["role"] for each in sent[:3]] == ["user", "assistant", "user"]
