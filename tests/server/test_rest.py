"""The REST routes as a script uses them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import Server, StartServer, scripted_profile
from .page import PATIENCE, new_id, numbered


async def finish(server: Server, run_id: str) -> None:
    """Wait for a run's end, by its events."""
    await server.fetch("GET", f"runs/{run_id}/events", request_timeout=PATIENCE)


async def test_a_chat_from_its_making_to_its_end(server: Server) -> None:
    status, made = await server.rest("POST", "chats", {"title": "one"})
    assert (status, made["chat"]["title"]) == (201, "one")
    path = f"chats/{made['chat']['chat_id']}"
    status, sent = await server.rest("POST", f"{path}/messages", {"text": "tokens=3"})
    assert status == 202
    await finish(server, sent["run_id"])
    status, changed = await server.rest("PATCH", path, {"title": "two", "streaming": "off"})
    assert (status, changed["chat"]["title"], changed["chat"]["streaming"]) == (200, "two", "off")
    status, chat = await server.rest("GET", path)
    assert [m["message_id"] for m in chat["messages"]] == [sent["message_id"], sent["answer_id"]]
    assert chat["messages"][1]["content"][0]["text"] == numbered(3)
    status, listed = await server.rest("GET", "chats")
    assert [c["title"] for c in listed["chats"]] == ["two"]
    assert (await server.rest("DELETE", path))[0] == 200
    status, gone = await server.rest("GET", path)
    assert (status, gone["error"]["code"]) == (404, "unknown_chat")


async def test_a_question_follows_the_newest_message(server: Server, provider: ScriptedProvider) -> None:
    _, made = await server.rest("POST", "chats", {})
    path = f"chats/{made['chat']['chat_id']}/messages"
    for text in ("tokens=1", "tokens=2"):
        _, sent = await server.rest("POST", path, {"text": text})
        await finish(server, sent["run_id"])
    assert [m["content"] for m in provider.requests[-1].body["messages"]] == ["tokens=1", "t0 ", "tokens=2"]
    _, page = await server.rest("GET", f"{path}?limit=2")
    assert [m["role"] for m in page["messages"]] == ["user", "assistant"]
    assert page["has_more"] is True
    _, older = await server.rest("GET", f"{path}?limit=5&before={page['messages'][0]['message_id']}")
    assert [m["role"] for m in older["messages"]] == ["user", "assistant"]
    assert older["has_more"] is False


async def test_the_same_request_again_is_the_same_run(server: Server, provider: ScriptedProvider) -> None:
    _, made = await server.rest("POST", "chats", {})
    ids = {"message_id": new_id("message"), "answer_id": new_id("answer"), "run_id": new_id("run")}
    for _ in range(2):
        path = f"chats/{made['chat']['chat_id']}/messages"
        assert await server.rest("POST", path, {"text": "tokens=1", "parent_id": None, **ids}) == (202, ids)
        await finish(server, ids["run_id"])
    assert len(provider.requests) == 1


async def test_a_chats_own_parameters_go_over_its_profiles(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    parameters = {"temperature": 0.5, "max_tokens": 9, "system_prompt": "Be brief."}
    server = await start_server(profiles=[scripted_profile(provider, parameters=parameters)])
    _, made = await server.rest("POST", "chats", {"parameters": {"temperature": 0, "system_prompt": ""}})
    path = f"chats/{made['chat']['chat_id']}"

    async def asked() -> tuple[Any, ...]:
        _, sent = await server.rest("POST", f"{path}/messages", {"text": "tokens=1", "parent_id": None})
        await finish(server, sent["run_id"])
        body = provider.requests[-1].body
        roles = [message["role"] for message in body["messages"]]
        return body.get("temperature"), body.get("seed"), body.get("max_tokens"), roles

    assert await asked() == (0, None, 9, ["user"])
    _, changed = await server.rest("PATCH", path, {"parameters": {"seed": 1}})
    assert changed["chat"]["parameters"] == {"seed": 1}
    assert await asked() == (0.5, 1, 9, ["system", "user"])
    _, changed = await server.rest("PATCH", path, {"parameters": None})
    assert "parameters" not in changed["chat"]
    assert await asked() == (0.5, None, 9, ["system", "user"])


async def test_the_next_question_knows_the_same_with_and_without_streaming(
    server: Server, provider: ScriptedProvider
) -> None:
    contexts = []
    for mode in ("on", "off", "auto"):
        _, made = await server.rest("POST", "chats", {"streaming": mode})
        path = f"chats/{made['chat']['chat_id']}/messages"
        for text in ("tokens=3 reasoning=2 finish=length", "tokens=1"):
            _, sent = await server.rest("POST", path, {"text": text})
            await finish(server, sent["run_id"])
        contexts.append(provider.requests[-1].body["messages"])
    assert contexts[0][1]["content"] == "t0 t1 t2 "
    assert contexts[0] == contexts[1] == contexts[2]


async def test_a_run_is_interrupted_by_post(server: Server) -> None:
    _, made = await server.rest("POST", "chats", {})
    path = f"chats/{made['chat']['chat_id']}/messages"
    _, sent = await server.rest("POST", path, {"text": "hang=3"})
    run_path = f"runs/{sent['run_id']}"
    status, live = await server.rest("GET", run_path)
    assert (status, live["run"]["run_id"]) == (200, sent["run_id"])
    status, answer = await server.rest("POST", f"{run_path}/interrupt", {"shown": [0]})
    assert (status, answer) == (200, {})
    await finish(server, sent["run_id"])
    _, ended = await server.rest("GET", run_path)
    assert ended["run"]["finish_reason"] == "interrupted"
    assert await server.rest("POST", f"{run_path}/interrupt") == (200, {"note": "not_running"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("POST", "chats", "{", 400, "invalid_command", None),
        ("POST", "chats", {"titel": "x"}, 400, "invalid_command", "titel"),
        ("POST", "chats", {"chat_id": "../x"}, 400, "invalid_command", "chat_id"),
        ("POST", "chats", {"parameters": {"top_p": 7}}, 400, "invalid_command", "parameters.top_p"),
        ("POST", "chats", {"profile_id": "nope"}, 404, "unknown_profile", "profile_id"),
        ("POST", "chats", {"title": "x" * 2**20}, 413, "frame_too_large", None),
        ("GET", "chats/no-such-chat", None, 404, "unknown_chat", "chat_id"),
        ("GET", "chats/no-such-chat/messages?limit=many", None, 400, "invalid_command", "limit"),
        ("GET", "chats/no-such-chat/messages?limit=0", None, 400, "invalid_command", "limit"),
        ("POST", "chats/no-such-chat/messages", {"text": "x"}, 404, "unknown_chat", "chat_id"),
        ("PATCH", "chats/no-such-chat", {"title": "x"}, 404, "unknown_chat", "chat_id"),
        ("DELETE", "chats/no-such-chat", None, 404, "unknown_chat", "chat_id"),
        ("GET", "runs/no-such-run", None, 404, "unknown_run", "run_id"),
        ("GET", "runs/no-such-run/events", None, 404, "unknown_run", "run_id"),
        ("GET", "profiles/nope", None, 404, "unknown_profile", "profile_id"),
        ("PUT", "profiles/scripted", {"provider": "openai", "model": "m"}, 409, "profile_locked", None),
        ("DELETE", "profiles/guide", None, 409, "profile_locked", None),
        ("PUT", "chats", {}, 405, "method_not_allowed", None),
    ],
)
async def test_refusals_are_named(
    server: Server, method: str, path: str, body: Any, status: int, code: str, field: str | None
) -> None:
    got, answer = await server.rest(method, path, body)
    assert (got, answer["error"]["code"], answer["error"].get("field")) == (status, code, field)
    assert answer["error"]["message"]


async def test_a_message_needs_text(server: Server) -> None:
    _, made = await server.rest("POST", "chats", {})
    path = f"chats/{made['chat']['chat_id']}/messages"
    for body, code in (({}, "invalid_command"), ({"text": " "}, "empty_message")):
        status, answer = await server.rest("POST", path, body)
        assert (status, answer["error"]["code"]) == (400, code)


# --- deployments -----------------------------------------------------------------------------------


async def test_what_is_remembered_of_deployments_is_seen_and_reset(
    server: Server, provider: ScriptedProvider
) -> None:
    _, made = await server.rest("POST", "chats", {})
    path = f"chats/{made['chat']['chat_id']}/messages"
    for _ in range(2):
        _, sent = await server.rest("POST", path, {"text": "refuse=stream"})
        await finish(server, sent["run_id"])
    status, listed = await server.rest("GET", "deployments")
    (known,) = listed["deployments"]
    assert status == 200
    assert known.pop("until") > time.time() + 86_000
    assert known == {
        "provider": "openai-compatible",
        "endpoint": provider.openai_url,
        "model": "scripted",
        "limitation": "refuses_streaming",
    }
    assert await server.rest("DELETE", "deployments") == (200, {})
    assert await server.rest("GET", "deployments") == (200, {"deployments": []})
    _, sent = await server.rest("POST", path, {"text": "refuse=stream"})
    await finish(server, sent["run_id"])
    assert [request.body.get("stream", False) for request in provider.requests] == [
        *(True, False),
        False,
        *(True, False),
    ]


async def test_a_question_has_choices_of_its_own(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    own = {"parameters": {"temperature": 0.1, "top_p": 0.5}}
    profiles = [scripted_profile(provider), scripted_profile(provider, id="other", model="other", **own)]
    server = await start_server(profiles=profiles)
    chat = {"chat_id": "chat-own", "parameters": {"temperature": 0.2, "max_tokens": 9}}
    await server.rest("POST", "chats", chat)
    asked = {
        "text": "tokens=2",
        "run_id": "run-own-choices",
        "profile_id": "other",
        "streaming": "off",
        "parameters": {"temperature": 0.3, "system_prompt": "Brief."},
    }
    status, _ = await server.rest("POST", "chats/chat-own/messages", asked)
    assert status == 202
    await server.fetch("GET", "runs/run-own-choices/events")
    await server.rest("POST", "chats/chat-own/messages", {"text": "tokens=2", "run_id": "run-the-chats"})
    await server.fetch("GET", "runs/run-the-chats/events")
    first, second = (request.body for request in provider.requests)
    assert (first["model"], first["temperature"], first["top_p"]) == ("other", 0.3, 0.5)
    assert first["messages"][0] == {"role": "system", "content": "Brief."}
    assert not first.get("stream")
    assert (second["model"], second["temperature"], second["stream"]) == ("scripted", 0.2, True)
    status, answer = await server.rest("POST", "chats/chat-own/messages", asked | {"profile_id": "none"})
    assert (status, answer["error"]["code"]) == (404, "unknown_profile")


async def test_an_answer_is_rewritten_for_the_cells_of_a_notebook(server: Server) -> None:
    meant = {"text": "\\(a^2\\) costs $5 or $10.\n\n```sh\necho \\(a\\)\n```"}
    status, rewritten = await server.rest("POST", "notebook-markdown", meant)
    assert (status, rewritten["text"]) == (
        200,
        "$a^2$ costs \\$5 or \\$10.\n\n```sh\necho \\(a\\)\n```",
    )
    status, refused = await server.rest("POST", "notebook-markdown", {})
    assert (status, refused["error"]["field"]) == (400, "text")
