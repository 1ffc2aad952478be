"""What a page's profile may not do: send a key elsewhere, pass a lock, reach another user's, look inside."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from jupyter_stream_chat.providers.profiles.keys import key_name
from jupyter_stream_chat.providers.profiles.profile import MAX_BYTES
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, Server, StartServer, scripted_profile
from .page import PATIENCE
from .test_access import Hub, page_of
from .test_doctor import Reader
from .test_profile_api import ask, form

SECRET = "sk-environment-0123456789"


@asynccontextmanager
async def web_server(answer: Any) -> AsyncIterator[str]:
    """Run a server that answers every request with ``answer``; yield its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def asked_in_every_way(server: Server, values: dict[str, Any]) -> str:
    """Try, list, examine, check, store and ask a profile; return all that was answered."""
    told = []
    for path in ("profiles/try", "profiles/models", "profiles/check"):
        told.append((await server.fetch("POST", path, values)).body.decode())
    told.append((await server.fetch("POST", "doctor", {"values": values})).body.decode())
    told.append((await server.fetch("POST", "profiles", {**values, "id": "mine"})).body.decode())
    # As an older version may have stored it.
    services = await server.extension.services()
    await services.chat_service.save_profile("old", {**values, "id": "old"})
    await services.profiles_changed()
    told.append(str(await ask_if_possible(server, "old")))
    reader = Reader(server, {"profile_id": "old"})
    await reader.reading
    return "".join([*told, str(reader.lines)])


async def ask_if_possible(server: Server, profile_id: str) -> Any:
    _, made = await server.rest("POST", "chats", {"profile_id": profile_id})
    chat_id = made["chat"]["chat_id"]
    status, sent = await server.rest("POST", f"chats/{chat_id}/messages", {"text": "tokens=1"})
    if status != 202:
        return sent
    await server.fetch("GET", f"runs/{sent['run_id']}/events")
    return (await server.rest("GET", f"runs/{sent['run_id']}"))[1]


# --- locked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more", [{}, {"profile_id": "scripted"}, {"provider": "huggingface", "model": "/tmp"}]
)
async def test_locked_no_draft_is_tried_checked_or_examined(
    start_server: StartServer, provider: ScriptedProvider, more: dict[str, Any]
) -> None:
    server = await start_server(profiles=[scripted_profile(provider)], profiles_locked=True)
    async with ScriptedProvider() as stranger:
        values = {**form(stranger), **more}
        for path, body in (
            ("profiles/try", values),
            ("profiles/models", values),
            ("profiles/check", values),
            ("doctor", {"values": values}),
        ):
            status, answer = await server.rest("POST", path, body)
            assert (status, answer["error"]["code"]) == (403, "profiles_locked"), path
        assert not stranger.requests
    status, answer = await server.rest("POST", "profiles/try", {"profile_id": "scripted"})
    assert (status, answer["text"][:3]) == (200, "t0 ")
    reader = Reader(server, {"profile_id": "scripted"})
    await reader.reading
    assert {line["outcome"] for line in reader.lines} == {"pass"}


# --- keys of the environment -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "variable", ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "DEEPSEEK_API_KEY", "OTHER_API_KEY", "OUR_TOKEN"]
)
@pytest.mark.parametrize("shape", ["openai", "azure", "openai-compatible"])
async def test_a_key_of_the_environment_goes_to_no_address_of_a_page(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, variable: str, shape: str
) -> None:
    monkeypatch.setenv(variable, SECRET)
    server = await start_server(key_variables=["OUR_TOKEN"])
    async with ScriptedProvider() as stranger:
        address = (
            {"azure_endpoint": stranger.url, "azure_deployment": "d", "api_version": "2024-10-21"}
            if shape == "azure"
            else {"base_url": stranger.openai_url, "model": "scripted"}
        )
        values = {"provider": shape, **address}
        told = await asked_in_every_way(server, {**values, "api_key_env": variable})
        assert not any(SECRET in str(request.headers) for request in stranger.requests)
        assert "key_destinations" in told
        _, refused = await server.rest("POST", "profiles", {**values, "api_key_env": variable, "id": "x"})
        assert refused["error"]["field"] == "api_key_env"
        if shape != "openai-compatible":
            await asked_in_every_way(server, values)
            assert not any(SECRET in str(request.headers) for request in stranger.requests)


@pytest.mark.parametrize("how", ["setting", "configured"])
async def test_a_key_of_the_environment_goes_where_the_administrator_sends_it(
    start_server: StartServer, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("OTHER_API_KEY", KEY)
    configured = scripted_profile(provider, api_key=None, api_key_env="OTHER_API_KEY")
    settings: dict[str, Any] = (
        {"key_destinations": {"OTHER_API_KEY": [provider.openai_url]}}
        if how == "setting"
        else {"profiles": [configured]}
    )
    server = await start_server(**settings)
    values = {**form(provider), "api_key": None, "api_key_env": "OTHER_API_KEY", "id": "mine"}
    assert (await server.rest("POST", "profiles", values))[0] == 201
    assert (await ask(server, "mine"))["finish_reason"] == "stop"


async def test_a_check_says_nothing_of_the_environment(
    server: Server, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_API_KEY", SECRET)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    openai = {"provider": "openai", "model": "m"}

    async def checked(values: dict[str, Any]) -> str:
        return (await server.fetch("POST", "profiles/check", values)).body.decode()

    for values in (openai, {**form(provider), "api_key": None}):
        answers = [
            (await checked({**values, "api_key_env": name})).replace(name, "NAME")
            for name in ("SET_API_KEY", "UNSET_API_KEY")
        ]
        assert answers[0] == answers[1]
    before = await checked(openai)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert await checked(openai) == before


@pytest.mark.parametrize("shape", ["openai", "azure", "openai-compatible"])
async def test_a_redirect_takes_neither_key_nor_question_elsewhere(server: Server, shape: str) -> None:
    async with ScriptedProvider() as stranger:

        async def redirect(request: web.Request) -> web.Response:
            raise web.HTTPTemporaryRedirect(stranger.url + request.path_qs)

        async with web_server(redirect) as address:
            field = "azure_endpoint" if shape == "azure" else "base_url"
            values = {"provider": shape, field: address, "model": "m", "api_key": SECRET}
            if shape == "azure":
                values |= {"azure_deployment": "d", "api_version": "2024-10-21"}
            status, answer = await server.rest("POST", "profiles/try", values)
            assert (status, answer["error"]["code"]) == (400, "server_redirects")
            assert answer["error"]["field"] == field
            await server.rest("POST", "profiles/models", values)
        assert not stranger.requests


# --- whose profile ---------------------------------------------------------------------------------


async def start_for_two(start_server: StartServer, **settings: Any) -> Server:
    return await start_server(
        server_settings={"identity_provider_class": Hub, "disable_check_xsrf": True},
        per_user=True,
        private_addresses="allow",
        **settings,
    )


async def as_user(server: Server, user: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return await server.rest(method, path, body, headers={"X-User": user})


async def test_a_profile_is_its_owners_alone(start_server: StartServer, provider: ScriptedProvider) -> None:
    server = await start_for_two(start_server)
    values = form(provider, id="mine", label="Ada's")
    assert (await as_user(server, "ada", "POST", "profiles", values))[0] == 201
    for method, path, body in (
        ("GET", "profiles/mine", None),
        ("PUT", "profiles/mine", {**values, "label": "Ben's"}),
        ("DELETE", "profiles/mine", None),
        ("POST", "profiles/try", {"profile_id": "mine"}),
        ("POST", "profiles/models", {"profile_id": "mine"}),
        ("POST", "chats", {"profile_id": "mine"}),
    ):
        status, answer = await as_user(server, "ben", method, path, body)
        assert (status, answer["error"]["code"]) == (404, "unknown_profile"), path
    _, listed = await as_user(server, "ben", "GET", "profiles")
    assert "mine" not in [each["profile_id"] for each in listed["profiles"]]
    response = await server.fetch("POST", "doctor", {"profile_id": "mine"}, headers={"X-User": "ben"})
    assert b"There is no profile mine" in response.body
    # With her profile's name he has no use of her key.
    keyless = {**{k: v for k, v in values.items() if k != "api_key"}, "profile_id": "mine"}
    status, answer = await as_user(server, "ben", "POST", "profiles/try", keyless)
    assert (status, answer["error"]["code"]) == (400, "wrong_key")
    _, own = await as_user(server, "ada", "GET", "profiles/mine")
    assert (own["profile"]["label"], own["profile"]["has_key"]) == ("Ada's", True)
    assert (await as_user(server, "ada", "POST", "profiles/try", {"profile_id": "mine"}))[0] == 200


async def test_two_users_may_have_profiles_of_one_name(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_for_two(start_server)
    async with ScriptedProvider() as bens:
        await as_user(server, "ada", "POST", "profiles", form(provider, id="mine"))
        status, _ = await as_user(server, "ben", "POST", "profiles", form(bens, id="mine", api_key="sk-ben"))
        assert status == 201
        before = len(provider.requests)
        assert (await as_user(server, "ben", "POST", "profiles/try", {"profile_id": "mine"}))[0] == 200
        assert len(provider.requests) == before
        await as_user(server, "ben", "DELETE", "profiles/mine")
    _, own = await as_user(server, "ada", "GET", "profiles/mine")
    assert own["profile"]["has_key"] is True
    assert (await as_user(server, "ada", "POST", "profiles/try", {"profile_id": "mine"}))[0] == 200


async def test_a_page_hears_of_its_own_users_profiles_alone(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_for_two(start_server)
    async with page_of(server, "ada") as ada, page_of(server, "ben") as ben:
        await ada.until_type("workspace_loaded")
        await ben.until_type("workspace_loaded")
        await as_user(server, "ada", "POST", "profiles", form(provider, id="mine"))
        await ada.until_type("profiles_changed")
        chat_id = await ada.new_chat(profile_id="mine")
        assert (await ada.finished(await ada.ask(chat_id, "tokens=1")))["finish_reason"] == "stop"
        refused = await ben.command("create_chat", chat_id="bens-chat", profile_id="mine")
        assert refused["error"]["code"] == "unknown_profile"
        assert not ben.of_type("profiles_changed")


async def test_what_deployments_were_found_not_to_do_is_their_owners(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_for_two(start_server)
    _, made = await as_user(server, "ada", "POST", "chats", {"profile_id": "scripted"})
    path = f"chats/{made['chat']['chat_id']}/messages"
    _, sent = await as_user(server, "ada", "POST", path, {"text": "tokens=1 refuse=stream"})
    await server.fetch("GET", f"runs/{sent['run_id']}/events", headers={"X-User": "ada"})
    assert len((await as_user(server, "ada", "GET", "deployments"))[1]["deployments"]) == 1
    assert (await as_user(server, "ben", "GET", "deployments"))[1]["deployments"] == []
    await as_user(server, "ben", "DELETE", "deployments")
    assert len((await as_user(server, "ada", "GET", "deployments"))[1]["deployments"]) == 1


# --- addresses inside ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"]
)
async def test_with_several_users_a_page_names_no_address_inside(
    start_server: StartServer, provider: ScriptedProvider, host: str
) -> None:
    server = await start_server(per_user=True)
    port = provider.url.rpartition(":")[2]
    values = form(provider, base_url=f"http://{host}:{port}/v1", id="mine")
    for path in ("profiles", "profiles/try", "profiles/models"):
        status, answer = await server.rest("POST", path, values)
        assert (status, answer["error"]["field"]) == (400, "base_url"), path
        assert "private_addresses" in answer["error"]["hint"]
    _, checked = await server.rest("POST", "profiles/check", values)
    assert [problem["field"] for problem in checked["problems"]] == ["base_url"]
    reader = Reader(server, {"values": values})
    await reader.reading
    assert not provider.requests
    assert (await server.rest("POST", "profiles/try", {"profile_id": "scripted"}))[0] == 200


async def test_what_an_address_inside_answers_is_not_told(server: Server) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=403, text="role=admin token=inner-secret", reason="inner-reason")

    async with web_server(answer) as address:
        values = {
            "provider": "openai-compatible",
            "model": "m",
            "base_url": f"{address}/latest",
            "api_key": "sk-x",
        }
        told = await asked_in_every_way(server, values)
    assert "inner" not in told
    assert '"message"' in told


# --- bounds ----------------------------------------------------------------------------------------


async def test_edits_leave_no_connection_behind(server: Server, provider: ScriptedProvider) -> None:
    values = form(provider, id="mine")
    await server.rest("POST", "profiles", values)
    await ask(server, "mine")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(40):
        await server.rest(
            "PUT", "profiles/mine", {**values, "base_url": f"{provider.openai_url}/../v1?{number}"}
        )
        await ask(server, "mine")
    assert len(os.listdir("/proc/self/fd")) - before < 10


async def test_a_trial_ends_when_its_page_leaves_and_few_go_on_at_once(
    server: Server, provider: ScriptedProvider
) -> None:
    values = form(provider, model="hang=before-headers")

    async def try_it() -> None:
        headers = {"Authorization": f"token {server.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            await session.post(URL(server.url("api/profiles/try"), encoded=True), json=values)

    trials = [asyncio.ensure_future(try_it()) for _ in range(4)]
    requests = [await provider.request(number) for number in range(len(trials))]
    status, refused = await server.rest("POST", "profiles/try", values)
    assert (status, refused["error"]["code"]) == (429, "too_many_trials")
    for trial in trials:
        trial.cancel()
    async with asyncio.timeout(PATIENCE):
        for request in requests:
            await request.gone.wait()
    assert all(request.disconnected for request in requests)


async def test_a_profile_has_a_size_and_the_largest_field_is_named(
    server: Server, provider: ScriptedProvider
) -> None:
    long = {"system_prompt": "x" * (MAX_BYTES + 1), "temperature": 1}
    for path in ("profiles", "profiles/try"):
        status, answer = await server.rest("POST", path, form(provider, id="mine", parameters=long))
        assert (status, answer["error"]["field"]) == (400, "parameters.system_prompt")
    status, _ = await server.rest("POST", "profiles", form(provider, id="mine", label="l" * 100))
    assert status == 201


def test_keys_of_two_users_have_two_names() -> None:
    assert len({key_name("", "a"), key_name("ben", "a"), key_name("ben/a", "a"), key_name("ben", "b")}) == 4
