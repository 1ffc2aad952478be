"""Profiles by REST as the form uses it: what is offered, checked, tried and kept; and where no key may be."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.server.services import DEFAULT_PROFILE
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, Server, StartServer, scripted_profile

STORED = {"id": "mine", "provider": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:1/v1"}


async def test_profiles_are_added_replaced_and_deleted_in_every_page(server: Server) -> None:
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        status, added = await server.rest("POST", "profiles", STORED)
        assert (status, added["profile"]["profile_id"], added["profile"]["locked"]) == (201, "mine", False)
        changed = await page.until_type("profiles_changed")
        assert "mine" in [p["profile_id"] for p in changed["profiles"]]
        status, replaced = await server.rest("PUT", "profiles/mine", {**STORED, "label": "Mine"})
        assert (status, replaced["profile"]["label"]) == (200, "Mine")
        # What is read can be changed and written back.
        assert (await server.rest("GET", "profiles/mine"))[1] == {
            **replaced,
            "values": {**STORED, "label": "Mine"},
        }
        status, twice = await server.rest("POST", "profiles", STORED)
        assert (status, twice["error"]["code"]) == (409, "profile_exists")
        assert (await server.rest("DELETE", "profiles/mine"))[0] == 200
        assert (await server.rest("GET", "profiles/mine"))[0] == 404
        changed = await page.until_type("profiles_changed", seq=3)
        assert "mine" not in [p["profile_id"] for p in changed["profiles"]]


async def test_a_new_profile_is_the_default_until_another_is_chosen(start_server: StartServer) -> None:
    server = await start_server()

    async def default() -> str:
        return str((await server.rest("GET", "profiles"))[1]["default_profile_id"])

    before = await default()
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        await server.rest("POST", "profiles", {**STORED, "api_key": "k"})
        assert (await page.until_type("profiles_changed"))["default_profile_id"] == "mine"
        # One that cannot be used yet does not take its place.
        await server.rest("POST", "profiles", {"id": "keyless", "provider": "openai", "model": "m"})
        assert await default() == "mine"
        status, _ = await server.rest("PUT", "default-profile", {"profile_id": before})
        assert (status, await default()) == (200, before)
        # A change of a profile is no choice.
        await server.rest("PUT", "profiles/mine", {**STORED, "label": "Mine"})
        assert await default() == before
        status, refused = await server.rest("PUT", "default-profile", {"profile_id": "no such"})
        assert (status, refused["error"]["code"]) == (404, "unknown_profile")


async def test_the_chosen_default_outlives_the_server(start_server: StartServer, tmp_path: Path) -> None:
    chat_service = await ChatService.open(tmp_path)
    await chat_service.set_preference("", DEFAULT_PROFILE, "guide")
    await chat_service.close()
    server = await start_server(data_dir=str(tmp_path))
    assert (await server.rest("GET", "profiles"))[1]["default_profile_id"] == "guide"


async def test_a_stored_profile_that_can_no_longer_be_read_is_mended_or_deleted(server: Server) -> None:
    services = await server.extension.services()
    await services.chat_service.save_profile("mine", {**STORED, "provider": "since_uninstalled"})
    await services.profiles_changed()
    _, found = await server.rest("GET", "profiles/mine")
    assert (found["profile"]["locked"], found["profile"]["problem"]["field"]) == (False, "provider")
    assert found["values"]["model"] == "m"
    _, mended = await server.rest("PUT", "profiles/mine", STORED)
    assert "problem" not in mended["profile"]
    await services.chat_service.save_profile("mine", {**STORED, "provider": "since_uninstalled"})
    await services.profiles_changed()
    assert (await server.rest("DELETE", "profiles/mine"))[0] == 200


async def test_no_key_leaves_the_server(server: Server) -> None:
    bodies = [(await server.fetch("GET", path)).body for path in ("profiles", "profiles/scripted")]
    assert not any(KEY.encode() in body for body in bodies)


@pytest.mark.parametrize(
    ("more", "field", "hint"),
    [
        ({"api_key": "sk typed"}, "api_key", "again"),
        ({"api_key_env": "PATH"}, "api_key_env", "_API_KEY"),
        ({"provider": "os.system"}, "provider", "openai"),
        ({"provider": "langchain", "class_path": "os.system"}, "class_path", "administrator"),
        ({"azure_identity": True}, "azure_identity", "administrator"),
        ({"base_url": "http://me:pass@127.0.0.1:1/v1"}, "base_url", "api_key"),
        ({"id": "check"}, "id", "another"),
        ({"base_url": "file:///etc/passwd"}, "base_url", "http"),
        ({"trust_remote_code": True}, "trust_remote_code", "Known are"),
    ],
)
async def test_what_a_page_may_not_put_into_a_profile(
    server: Server, more: dict[str, Any], field: str, hint: str
) -> None:
    status, answer = await server.rest("POST", "profiles", {**STORED, **more})
    error = answer["error"]
    assert (status, error["code"], error["field"]) == (400, "profile_unusable", field)
    assert hint in error["hint"]
    assert "sk typed" not in str(answer)


# --- the form --------------------------------------------------------------------------------------


def form(provider: ScriptedProvider, **more: Any) -> dict[str, Any]:
    """Return the values of a form that points at the scripted provider."""
    return {
        "provider": "openai-compatible",
        "model": "scripted",
        "base_url": provider.openai_url,
        "api_key": KEY,
        **more,
    }


async def test_what_each_providers_form_has(server: Server) -> None:
    status, answer = await server.rest("GET", "providers")
    assert status == 200
    forms = {each["provider"]: each for each in answer["providers"]}
    assert {"openai", "azure", "openai-compatible", "huggingface"} <= forms.keys()
    assert not {"langchain", "guide"} & forms.keys(), "not for pages"
    azure = {field["name"]: field for field in forms["azure"]["fields"]}
    assert [name for name, field in azure.items() if field["required"]] == [
        "azure_endpoint",
        "azure_deployment",
        "api_version",
    ]
    assert azure["api_key"]["kind"] == "key"
    assert "top_k" not in forms["openai"]["parameters"]
    assert "top_k" in forms["openai-compatible"]["parameters"]
    assert forms["azure"]["timeouts"] == {"first_token": 300, "stall": 60, "total": 1800}
    assert forms["huggingface"]["timeouts"] == {"first_token": 900, "stall": 120, "total": 0}
    assert {form["on_repetition"] for form in forms.values()} == {"ask"}
    presets = {preset["id"]: preset for preset in forms["openai-compatible"]["presets"]}
    assert presets.keys() == {"vllm", "ollama", "deepseek", "dashscope"}
    for preset in presets.values():
        values = {"id": "x", "provider": "openai-compatible", "model": "m", **preset["values"]}
        _, checked = await server.rest("POST", "profiles/check", values)
        assert {problem["field"] for problem in checked["problems"]} <= {"api_key_env"}, "no key is set here"


async def test_all_that_is_wrong_with_a_form_is_said_at_once_and_nobody_is_asked(
    server: Server, provider: ScriptedProvider
) -> None:
    values = {
        "id": "scripted",
        "provider": "azure",
        "azure_endpoint": "https://x.openai.azure.com/openai/deployments/dep/chat/completions"
        "?api-version=2024-10-21",
        "api_version": "october",
        "api_key": "two words",
        "parameters": {"temperature": 9, "num_beams": 4},
    }
    status, answer = await server.rest("POST", "profiles/check", values)
    problems = {problem["field"]: problem for problem in answer["problems"]}
    assert status == 200
    assert problems.keys() == {
        "id",
        "azure_endpoint",
        "azure_deployment",
        "api_version",
        "api_key",
        "parameters.temperature",
        "parameters.num_beams",
    }
    assert all(each["message"] for each in problems.values())
    hint = problems["azure_endpoint"]["hint"]
    assert '"https://x.openai.azure.com"' in hint
    assert '"dep" as azure_deployment' in hint
    assert '"2024-10-21" as api_version' in hint
    assert "Beam search" in problems["parameters.num_beams"]["message"]
    assert "two words" not in str(answer)
    assert provider.requests == []


async def test_a_form_without_fault_has_no_problems(server: Server, provider: ScriptedProvider) -> None:
    assert await server.rest("POST", "profiles/check", form(provider)) == (200, {"problems": []})


async def test_models_are_listed_where_the_endpoint_has_a_list(
    server: Server, provider: ScriptedProvider
) -> None:
    values = form(provider)
    del values["model"]
    assert await server.rest("POST", "profiles/models", values) == (200, {"models": ["scripted"]})
    azure = {
        "provider": "azure",
        "azure_endpoint": provider.url,
        "azure_deployment": "d",
        "api_version": "2024-10-21",
        "api_key": KEY,
    }
    status, answer = await server.rest("POST", "profiles/models", azure)
    assert (status, answer["error"]["code"]) == (400, "no_model_list")
    for path in ("/elsewhere", "/_requests"):
        answered = await server.rest("POST", "profiles/models", {**values, "base_url": provider.url + path})
        assert answered[1]["error"]["code"] in ("no_model_list", "malformed_answer")
    nowhere = {**values, "base_url": "http://127.0.0.1:9/v1"}
    status, answer = await server.rest("POST", "profiles/models", nowhere)
    assert (status, answer["error"]["code"]) == (400, "connection_refused")


async def test_a_profile_is_tried_before_it_is_saved(server: Server, provider: ScriptedProvider) -> None:
    status, answer = await server.rest("POST", "profiles/try", form(provider, model="tokens=2"))
    assert (status, answer["text"]) == (200, "t0 t1 ")
    assert answer["ms"] > 0
    assert not provider.requests[-1].body.get("stream")
    status, answer = await server.rest("POST", "profiles/try", form(provider, api_key="sk-wrong-key"))
    assert (status, answer["error"]["code"]) == (400, "wrong_key")
    assert "sk-wrong-key" not in str(answer)
    status, answer = await server.rest("POST", "profiles/try", form(provider, model=""))
    assert (status, answer["error"]["field"]) == (400, "model")
    _, listed = await server.rest("GET", "profiles")
    assert (listed["streaming"], listed["streaming_locked"], listed["profiles_locked"]) == (
        "auto",
        False,
        False,
    )
    assert [profile["profile_id"] for profile in listed["profiles"]] == ["scripted", "guide"]


async def test_a_profile_of_the_configuration_is_tried_by_its_name(server: Server) -> None:
    status, answer = await server.rest("POST", "profiles/try", {"profile_id": "scripted"})
    assert (status, answer["text"][:3]) == (200, "t0 ")
    status, answer = await server.rest("POST", "profiles/try", {"profile_id": "nobody"})
    assert (status, answer["error"]["code"]) == (404, "unknown_profile")


async def test_a_page_sees_the_parameters_of_a_profile(server: Server, provider: ScriptedProvider) -> None:
    parameters = {"temperature": 0.5, "stop": ["END"]}
    _, added = await server.rest("POST", "profiles", form(provider, id="mine", parameters=parameters))
    assert added["profile"]["parameters"] == parameters


# --- keys ------------------------------------------------------------------------------------------


def key_file(server: Server) -> Path:
    return Path(server.extension.data_folder / "keys.json")


async def ask(server: Server, profile_id: str) -> dict[str, Any]:
    """Ask a profile something; return the run's end."""
    _, made = await server.rest("POST", "chats", {"profile_id": profile_id})
    _, sent = await server.rest("POST", f"chats/{made['chat']['chat_id']}/messages", {"text": "tokens=1"})
    await server.fetch("GET", f"runs/{sent['run_id']}/events")
    return dict((await server.rest("GET", f"runs/{sent['run_id']}"))[1]["run"])


async def test_a_typed_in_key_is_used_and_is_in_its_file_alone(
    server: Server, provider: ScriptedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    status, added = await server.rest("POST", "profiles", form(provider, id="mine"))
    assert (status, added["profile"]["has_key"]) == (201, True)
    assert (await ask(server, "mine"))["finish_reason"] == "stop"
    bodies = [(await server.fetch("GET", path)).body for path in ("profiles", "profiles/mine", "providers")]
    assert not any(KEY.encode() in body for body in [json.dumps(added).encode(), *bodies])
    assert KEY not in caplog.text
    files = [path for path in key_file(server).parent.rglob("*") if path.is_file()]
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == ["keys.json"]
    assert stat.S_IMODE(key_file(server).stat().st_mode) == 0o600


async def test_the_kept_key_stays_is_replaced_and_is_dropped(
    server: Server, provider: ScriptedProvider
) -> None:
    values = form(provider, id="mine")
    await server.rest("POST", "profiles", values)
    del values["api_key"]
    _, renamed = await server.rest("PUT", "profiles/mine", {**values, "label": "Mine"})
    assert renamed["profile"]["has_key"] is True
    assert "key_dropped" not in renamed
    edited = {**values, "profile_id": "mine", "model": "tokens=1"}
    assert (await server.rest("POST", "profiles/try", edited))[1]["text"] == "t0 "
    await server.rest("PUT", "profiles/mine", {**values, "api_key": "sk-replaced-key"})
    assert (await ask(server, "mine"))["error"]["code"] == "wrong_key"
    _, dropped = await server.rest("PUT", "profiles/mine", {**values, "api_key": None})
    assert dropped["profile"]["has_key"] is False
    assert "sk-" not in key_file(server).read_text()


async def test_another_host_never_gets_the_key(server: Server, provider: ScriptedProvider) -> None:
    values = form(provider, id="mine")
    await server.rest("POST", "profiles", values)
    del values["api_key"]
    async with ScriptedProvider() as stranger:
        elsewhere = {**values, "base_url": stranger.openai_url}
        for path in ("profiles/try", "profiles/models"):
            await server.rest("POST", path, {**elsewhere, "profile_id": "mine"})
        status, moved = await server.rest("PUT", "profiles/mine", elsewhere)
        assert (status, moved["key_dropped"], moved["profile"]["has_key"]) == (200, True, False)
        await ask(server, "mine")
        assert stranger.requests
        assert not any(KEY in str(request.headers) for request in stranger.requests)
    _, back = await server.rest("PUT", "profiles/mine", values)
    assert back["profile"]["has_key"] is False, "coming back does not bring the key back"


async def test_a_deleted_profile_leaves_no_key(server: Server, provider: ScriptedProvider) -> None:
    values = form(provider, id="mine")
    await server.rest("POST", "profiles", values)
    await server.rest("DELETE", "profiles/mine")
    assert KEY not in key_file(server).read_text()
    del values["api_key"]
    _, again = await server.rest("POST", "profiles", values)
    assert again["profile"]["has_key"] is False


async def test_a_key_that_cannot_be_saved_saves_nothing(server: Server, provider: ScriptedProvider) -> None:
    key_file(server).mkdir(parents=True)
    status, answer = await server.rest("POST", "profiles", form(provider, id="mine"))
    assert (status, answer["error"]["code"]) == (507, "key_not_saved")
    assert (await server.rest("GET", "profiles/mine"))[0] == 404


async def test_an_administrator_can_lock_the_profiles(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_server(profiles=[scripted_profile(provider)], profiles_locked=True)
    async with server.page() as page:
        assert (await page.until_type("workspace_loaded"))["profiles_locked"] is True
    for method, path in (("POST", "profiles"), ("PUT", "profiles/scripted"), ("DELETE", "profiles/scripted")):
        status, answer = await server.rest(method, path, form(provider, id="mine"))
        assert (status, answer["error"]["code"]) == (403, "profiles_locked")
    assert (await ask(server, "scripted"))["finish_reason"] == "stop"
