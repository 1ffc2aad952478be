"""The open endpoint, asked over HTTP and by clients that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from jupyter_stream_chat.server.endpoint import answer as endpoint_answer
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, Server, StartServer, scripted_profile
from .page import PATIENCE
from .test_access import Hub, OnlyThese
from .test_metrics import Change

TWENTY = "".join(f"t{n} " for n in range(20))


def asked(content: Any = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": "scripted", "messages": [{"role": "user", "content": content}], **more}


async def post(server: Server, body: Any, **headers: str) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(
        server.url("v1/chat/completions"),
        method="POST",
        headers={"Authorization": f"Bearer {server.token}", **headers},
        body=body if isinstance(body, str) else json.dumps(body),
        raise_error=False,
        request_timeout=PATIENCE,
    )


async def refusal(server: Server, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    response = await post(server, body, **headers)
    error = json.loads(response.body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return response.code, error


@pytest.fixture
async def client(server: Server) -> AsyncIterator[openai.AsyncOpenAI]:
    async with client_of(server) as made:
        yield made


def client_of(server: Server, key: str = "") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.url("v1"), api_key=key or server.token, max_retries=0)


# --- answers ---------------------------------------------------------------------------------------


async def test_a_whole_answer(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(**asked("usage=always"))
    assert whole.model == "scripted"
    assert whole.choices[0].message.content == TWENTY
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 20
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + 20


async def test_a_stream_brings_each_token_as_it_comes(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(**asked("tokens=30 rate=200", stream=True))
    chunks = [chunk async for chunk in stream]
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
    assert "".join(texts) == "".join(f"t{n} " for n in range(30))
    assert len(texts) > 5
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert all(chunk.usage is None for chunk in chunks)


async def test_a_stream_has_the_usage_where_it_is_asked_for(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        **asked("usage=always"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 20
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_usage_that_nobody_counted_is_not_made_up(client: openai.AsyncOpenAI) -> None:
    assert (await client.chat.completions.create(**asked("usage=never"))).usage is None


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_reasoning_is_told_apart(client: openai.AsyncOpenAI, is_streamed: bool) -> None:
    question = asked("reasoning=3 tokens=2")
    if is_streamed:
        stream = await client.chat.completions.create(**question, stream=True)
        deltas = [chunk.choices[0].delta async for chunk in stream]
        reasoning = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        text = "".join(delta.content or "" for delta in deltas)
    else:
        message = (await client.chat.completions.create(**question)).choices[0].message
        reasoning, text = getattr(message, "reasoning_content", ""), message.content or ""
    assert (reasoning, text) == ("r0 r1 r2 ", "t0 t1 ")


async def test_the_reason_of_the_end_is_the_providers(client: openai.AsyncOpenAI) -> None:
    assert (await client.chat.completions.create(**asked("finish=length"))).choices[
        0
    ].finish_reason == "length"


async def test_parameters_reach_the_model(client: openai.AsyncOpenAI, provider: ScriptedProvider) -> None:
    await client.chat.completions.create(
        **asked(
            [{"type": "text", "text": "tokens=1 "}, {"type": "text", "text": "Hello"}],
            temperature=0.3,
            top_p=0.9,
            seed=5,
            stop="END",
            max_completion_tokens=7,
            user="ada",
            n=1,
            frequency_penalty=0,
            tools=[],
        )
    )
    sent = provider.requests[-1].body
    assert {name: sent.get(name) for name in ("temperature", "top_p", "seed")} == {
        "temperature": 0.3,
        "top_p": 0.9,
        "seed": 5,
    }
    assert sent["stop"] in ("END", ["END"])
    assert 7 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    assert sent["messages"][-1]["content"] == "tokens=1 Hello"


async def test_a_system_message_stands_for_that_of_the_profile(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    profile = scripted_profile(provider, parameters={"system_prompt": "Be short."})
    server = await start_server(profiles=[profile])
    async with client_of(server) as client:
        await client.chat.completions.create(**asked("tokens=1"))
        assert provider.requests[-1].body["messages"][0] == {"role": "system", "content": "Be short."}
        messages: Any = [{"role": "developer", "content": "Be long."}, *asked("tokens=1")["messages"]]
        await client.chat.completions.create(model="scripted", messages=messages)
        systems = [m for m in provider.requests[-1].body["messages"] if m["role"] == "system"]
        assert systems == [{"role": "system", "content": "Be long."}]


async def test_the_profiles_are_the_models(client: openai.AsyncOpenAI) -> None:
    listed = [model async for model in client.models.list()]
    assert [model.id for model in listed] == ["scripted", "guide"]
    assert (await client.models.retrieve("scripted")).id == "scripted"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nobody")


async def test_nothing_of_a_key_or_an_address_is_shown(server: Server, provider: ScriptedProvider) -> None:
    response = await AsyncHTTPClient().fetch(
        server.url("v1/models"), headers={"Authorization": f"token {server.token}"}
    )
    assert KEY.encode() not in response.body
    assert provider.openai_url.encode() not in response.body
    for body in (asked("fail=401 code=invalid_api_key"), asked("fail=500"), asked("fail-at=3", stream=True)):
        answered = await post(server, body)
        assert KEY.encode() not in answered.body


async def test_nothing_is_stored(server: Server, client: openai.AsyncOpenAI) -> None:
    await client.chat.completions.create(**asked())
    assert (await server.rest("GET", "chats"))[1]["chats"] == []
    assert not list(server.extension.data_folder.rglob("*.spool*"))


async def test_it_counts_in_the_metrics(client: openai.AsyncOpenAI) -> None:
    started = Change("runs_started_total", provider_profile="scripted")
    live, stopped = Change("runs_live"), Change("runs_finished_total", finish_reason="stop")
    await client.chat.completions.create(**asked())
    assert (started(), live(), stopped()) == (1, 0, 1)


# --- leaving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_client_that_leaves_stops_the_model(
    server: Server, client: openai.AsyncOpenAI, provider: ScriptedProvider, is_streamed: bool
) -> None:
    services = await server.extension.services()
    ended: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
    begun = asyncio.Event()
    services.runs.on_started.append(lambda run: begun.set())
    services.runs.on_finished.append(lambda run: ended.set_result(run.finish_reason))
    question = asked("tokens=100000 rate=50")
    async with asyncio.timeout(PATIENCE):
        if is_streamed:
            stream = await client.chat.completions.create(**question, stream=True)
            await anext(aiter(stream))
            await stream.close()
        else:
            task = asyncio.create_task(client.chat.completions.create(**question))
            await begun.wait()
            task.cancel()
        assert await ended == "interrupted"
    assert not services.runs.is_busy


async def test_a_run_that_is_stopped_on_the_server_is_no_answer(
    server: Server, client: openai.AsyncOpenAI
) -> None:
    services = await server.extension.services()
    stream = await client.chat.completions.create(**asked("tokens=100000 rate=50"), stream=True)
    await anext(aiter(stream))
    for run_id in services.runs.active:
        services.runs.interrupt(run_id)
    with pytest.raises(openai.APIError, match="stopped on the server"):
        await _rest_of(stream)


async def _rest_of(stream: openai.AsyncStream[Any], texts: list[str] | None = None) -> None:
    async for chunk in stream:
        if texts is not None:
            texts.append(chunk.choices[0].delta.content or "")


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"something_new": 1}, "something_new"),
    ],
)
async def test_what_is_not_obeyed_is_refused_by_name(
    server: Server, more: dict[str, Any], param: str
) -> None:
    status, error = await refusal(server, asked(**more))
    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["code"] == "unsupported_parameter"
    assert param in error["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("no json", None),
        ("[]", None),
        ({"messages": asked()["messages"]}, "model"),
        ({"model": "scripted"}, "messages"),
        ({"model": "scripted", "messages": []}, "messages"),
        (asked("   "), "messages"),
        ({"model": "scripted", "messages": [{"role": "king", "content": "x"}]}, "messages.0.role"),
        (asked([{"type": "image_url", "image_url": {"url": "data:,"}}]), "messages.0.content.0"),
        (asked(temperature=9), "temperature"),
        (asked(max_tokens=0), "max_tokens"),
        (asked(stream="maybe"), "stream"),
    ],
)
async def test_what_is_wrong_is_named(server: Server, body: Any, param: str | None) -> None:
    status, error = await refusal(server, body)
    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)


async def test_an_unknown_model(server: Server, client: openai.AsyncOpenAI) -> None:
    status, error = await refusal(server, {**asked(), "model": "nobody"})
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "scripted" in error["message"]


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("fail=401 code=invalid_api_key", 502, openai.InternalServerError),
        ("error=context", 400, openai.BadRequestError),
        ("cut=0", 502, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_an_error_of_the_provider_has_a_status(
    client: openai.AsyncOpenAI, words: str, status: int, kind: type[openai.APIStatusError], is_streamed: bool
) -> None:
    with pytest.raises(kind) as raised:
        await client.chat.completions.create(**asked(words, stream=is_streamed))
    assert raised.value.status_code == status


async def test_an_error_in_the_middle_ends_a_stream_without_a_good_end(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(**asked("tokens=9 fail-at=7"), stream=True)
    texts: list[str] = []
    with pytest.raises(openai.APIError):
        await _rest_of(stream, texts)
    assert "".join(texts) == "".join(f"t{n} " for n in range(7))


async def test_a_silent_stream_is_kept_open(
    server: Server, monkeypatch: pytest.MonkeyPatch, client: openai.AsyncOpenAI
) -> None:
    monkeypatch.setattr(endpoint_answer, "KEEP_ALIVE_SECONDS", 0.05)
    body = (await post(server, asked("delay=0.5 tokens=1", stream=True))).body.decode()
    assert endpoint_answer.KEEP_ALIVE in body
    stream = await client.chat.completions.create(**asked("delay=0.5 tokens=1"), stream=True)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "t0 "


# --- who may ---------------------------------------------------------------------------------------


async def test_a_wrong_token_is_a_wrong_key(server: Server) -> None:
    async with client_of(server, "wrong") as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()
        with pytest.raises(openai.AuthenticationError):
            await stranger.chat.completions.create(**asked())
    assert (await refusal(server, asked(), Authorization=""))[0] == 401


async def test_rights_are_asked_for(start_server: StartServer) -> None:
    server = await start_server(server_settings={"authorizer_class": OnlyThese})
    async with client_of(server) as client:
        with pytest.raises(openai.PermissionDeniedError):
            await client.chat.completions.create(**asked())
        assert [model.id async for model in client.models.list()]
        server.app.authorizer.actions = {"execute"}
        with pytest.raises(openai.PermissionDeniedError):
            await client.models.list()
        assert (await client.chat.completions.create(**asked())).choices[0].message.content == TWENTY


async def test_profiles_of_others_are_not_there(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_server(
        server_settings={"identity_provider_class": Hub, "disable_check_xsrf": True},
        per_user=True,
        private_addresses="allow",
    )
    own = scripted_profile(provider, id="adas")
    as_ada = {"X-User": "ada"}
    assert (await server.rest("POST", "profiles", own, headers=as_ada))[0] == 201
    for user, expected in (("ada", 200), ("ben", 404)):
        response = await post(server, {**asked(), "model": "adas"}, **{"X-User": user})
        assert response.code == expected, response.body
        listed = await AsyncHTTPClient().fetch(server.url("v1/models"), headers={"X-User": user})
        assert (b"adas" in listed.body) is (user == "ada")


async def test_the_limits_hold(start_server: StartServer) -> None:
    server = await start_server(max_live_runs=1, max_message_characters=50, max_frame_bytes=4096)
    assert (await refusal(server, asked("x" * 51)))[0] == 413
    assert (await refusal(server, asked("x" * 5000)))[0] == 413
    async with client_of(server) as client:
        stream = await client.chat.completions.create(**asked("tokens=9000 rate=50"), stream=True)
        await anext(aiter(stream))
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(**asked())
        await stream.close()


async def test_what_is_not_there(server: Server) -> None:
    async with client_of(server) as client:
        response = await client.with_options(max_retries=0).models.with_raw_response.list()
        assert response.http_response.headers["content-type"].startswith("application/json")
    got = await AsyncHTTPClient().fetch(
        server.url("v1/chat/completions"),
        headers={"Authorization": f"Bearer {server.token}"},
        raise_error=False,
    )
    assert got.code == 405
    assert json.loads(got.body)["error"]["code"] == "method_not_allowed"
