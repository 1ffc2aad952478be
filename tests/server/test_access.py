"""Every route and every command is authenticated and authorised: this lists them all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from typing import Any, get_args

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httpclient import HTTPClientError
from traitlets import Set

from jupyter_stream_chat import protocol
from jupyter_stream_chat.server.access import AUTH_RESOURCE, SHARED_OWNER
from jupyter_stream_chat.server.app import HANDLERS
from jupyter_stream_chat.server.page.commands import IMMEDIATE, QUEUED
from jupyter_stream_chat.server.page.session import CLOSE_SIGNED_OUT
from jupyter_stream_chat.server.page.websocket import ChatSocket

from .conftest import Server, StartServer
from .page import Page, new_id, question

ROUTES = {
    ("GET", "ws"): "read",
    ("GET", "api/chats"): "read",
    ("POST", "api/chats"): "write",
    ("GET", "api/chats/some-chat"): "read",
    ("PATCH", "api/chats/some-chat"): "write",
    ("DELETE", "api/chats/some-chat"): "write",
    ("GET", "api/chats/some-chat/export"): "read",
    ("GET", "api/chats/some-chat/messages"): "read",
    ("POST", "api/chats/some-chat/messages"): "execute",
    ("POST", "api/chats/some-chat/messages/some-answer/continue"): "execute",
    ("GET", "api/profiles"): "read",
    ("POST", "api/profiles"): "write",
    ("GET", "api/profiles/some-profile"): "read",
    ("PUT", "api/profiles/some-profile"): "write",
    ("DELETE", "api/profiles/some-profile"): "write",
    ("POST", "api/profiles/check"): "read",
    ("POST", "api/profiles/models"): "execute",
    ("POST", "api/profiles/try"): "execute",
    ("GET", "api/providers"): "read",
    ("GET", "api/deployments"): "read",
    ("DELETE", "api/deployments"): "write",
    ("GET", "api/runs/some-run0"): "read",
    ("POST", "api/runs/some-run0/interrupt"): "execute",
    ("POST", "api/runs/some-run0/pause"): "execute",
    ("POST", "api/runs/some-run0/resume"): "execute",
    ("GET", "api/runs/some-run0/events"): "read",
    ("GET", "api/answers/0123456789abcdef0123456789abcdef/events"): "read",
    ("POST", "api/doctor"): "execute",
}
"""Every route with the action that it needs. A new route must be entered here."""

COMMANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "ping": ("read", {}),
    "open_chat": ("read", {"chat_id": "some-chat"}),
    "close_chat": ("read", {"chat_id": "some-chat"}),
    "load_messages": ("read", {"chat_id": "some-chat", "before": "some-message"}),
    "create_chat": ("write", {"chat_id": "some-chat"}),
    "update_chat": ("write", {"chat_id": "some-chat", "title": "t"}),
    "delete_chat": ("write", {"chat_id": "some-chat"}),
    "send_message": ("execute", question("some-chat", "hello")),
    "regenerate_answer": (
        "execute",
        {
            "chat_id": "some-chat",
            "message_id": "some-message",
            "answer_id": "an-answer",
            "run_id": "some-run0",
        },
    ),
    "edit_answer": ("write", {"chat_id": "some-chat", "message_id": "some-message", "text": "mine"}),
    "select_branch": ("write", {"chat_id": "some-chat", "message_id": "some-message"}),
    "interrupt_run": ("execute", {"run_id": "some-run0"}),
    "pause_run": ("execute", {"run_id": "some-run0"}),
    "resume_run": ("execute", {"run_id": "some-run0"}),
    "continue_answer": (
        "execute",
        {"chat_id": "some-chat", "message_id": "some-answer", "run_id": "some-run0"},
    ),
}
"""Every command with the action that it needs. A new command must be entered here."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class OnlyThese(Authorizer):
    """Allows what a test says, of our resource; asks nothing of others."""

    actions = Set({"read"})

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == AUTH_RESOURCE:
            return action in self.actions
        return True


class OnlyTheseLater(OnlyThese):
    """The same, asynchronously: Jupyter allows both."""

    async def is_authorized(  # type: ignore[override]
        self, handler: Any, user: Any, action: str, resource: str
    ) -> Awaitable[bool]:
        return super().is_authorized(handler, user, action, resource)  # type: ignore[return-value]


async def start_with(start_server: StartServer, authorizer: type[Authorizer], actions: set[str]) -> Server:
    server = await start_server(server_settings={"authorizer_class": authorizer})
    server.app.authorizer.actions = actions
    return server


def test_every_route_is_listed() -> None:
    listed = {path.removeprefix("api/") for _, path in ROUTES}
    for pattern, handler in HANDLERS:
        regex = re.compile(pattern.removeprefix("stream-chat/").removeprefix("api/") + "$")
        mine = [path for path in listed if regex.match(path)]
        assert mine, pattern
        methods = {m for m in METHODS if m.lower() in vars(handler)}
        expected = {method for method, path in ROUTES if path.removeprefix("api/") in mine}
        assert methods == expected, pattern


def test_every_command_is_listed_with_its_action() -> None:
    kinds = get_args(get_args(protocol.AnyCommand)[0])
    tables = {**IMMEDIATE, **QUEUED}
    assert set(tables) == set(kinds)
    assert not set(IMMEDIATE) & set(QUEUED)
    actions = {kind.model_fields["type"].default: rule.action for kind, rule in tables.items()}
    assert actions == {name: action for name, (action, _) in COMMANDS.items()}


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_route_answers_a_stranger(server: Server, method: str, path: str) -> None:
    if path == "ws":
        with pytest.raises(HTTPClientError, match="403"):
            async with Page(server.url("ws", "ws"), {}):
                pass
        return
    response = await server.fetch(method, path.removeprefix("api/"), headers={"Authorization": ""})
    assert response.code == 403
    assert b'"error"' in response.body


async def test_a_wrong_token_opens_no_socket(server: Server) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        async with Page(server.url("ws", "ws", token="wrong"), {}):
            pass


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_origin_gets_no_socket(server: Server, origin: str) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        async with server.page(Origin=origin):
            pass


async def test_a_page_of_this_origin_gets_one(server: Server) -> None:
    async with server.page(Origin=f"http://127.0.0.1:{server.port}") as page:
        await page.until_type("workspace_loaded")


async def test_a_cookie_alone_may_not_write_without_the_xsrf_token(server: Server) -> None:
    login = await server.fetch("GET", "chats")
    cookie = "; ".join(c.split(";")[0] for c in login.headers.get_list("Set-Cookie"))
    assert "username-" in cookie
    headers = {"Authorization": "", "Cookie": cookie}
    assert (await server.fetch("GET", "chats", headers=headers)).code == 200
    assert (await server.fetch("POST", "chats", {}, headers=headers)).code == 403


@pytest.mark.parametrize("allowed", ["read", "write", "execute"])
async def test_each_route_asks_for_its_action(start_server: StartServer, allowed: str) -> None:
    server = await start_with(start_server, OnlyThese, {allowed})
    for (method, path), action in ROUTES.items():
        if path == "ws":
            continue
        response = await server.fetch(method, path.removeprefix("api/"), None)
        if action == allowed:
            assert response.code != 403, (method, path)
        else:
            assert response.code == 403, (method, path)
            assert b"forbidden" in response.body


@pytest.mark.parametrize("authorizer", [OnlyThese, OnlyTheseLater])
@pytest.mark.parametrize("allowed", [{"read"}, {"read", "write"}, {"read", "execute"}])
async def test_each_command_asks_for_its_action(
    start_server: StartServer, allowed: set[str], authorizer: type[Authorizer]
) -> None:
    server = await start_with(start_server, authorizer, allowed)
    async with server.page() as page:
        for type_, (action, fields) in COMMANDS.items():
            answer = await page.command(type_, **fields)
            code = answer.get("error", {}).get("code")
            assert (code == "forbidden") == (action not in allowed), (type_, answer)


async def test_a_user_who_may_not_read_gets_no_socket(start_server: StartServer) -> None:
    server = await start_with(start_server, OnlyThese, {"write", "execute"})
    with pytest.raises(HTTPClientError, match="403"):
        async with server.page():
            pass


# --- who is asking --------------------------------------------------------------------------------


class Hub(IdentityProvider):
    """Users with names, who sign in and out elsewhere: the ``X-User`` header says who asks."""

    signed_in = Set({"ada", "ben"})

    async def get_user(self, handler: Any) -> User | None:  # type: ignore[override]
        if not hasattr(handler, "_known"):  # as providers do
            name = handler.request.headers.get("X-User", "")
            handler._known = User(name, name=name.title()) if name in self.signed_in else None
        known: User | None = handler._known
        return known


async def start_hub(start_server: StartServer, **settings: Any) -> Server:
    return await start_server(server_settings={"identity_provider_class": Hub}, **settings)


def page_of(server: Server, user: str) -> Page:
    return Page(server.url("ws", "ws"), {"X-User": user})


async def test_a_user_acts_under_their_own_name(start_server: StartServer) -> None:
    server = await start_hub(start_server, per_user=True)
    async with page_of(server, "ada") as ada, page_of(server, "ben") as ben:
        await ben.until_type("workspace_loaded")
        assert [page.events[0]["user"] for page in (ada, ben)] == ["Ada", "Ben"]
        chat_id = await ada.new_chat()
        await ada.finished(await ada.ask(chat_id, "tokens=1"))
        assert ada.of_type("message_added")[0]["message"]["author"] == "Ada"
        assert (await ben.command("open_chat", chat_id=chat_id))["error"]["code"] == "unknown_chat"
    async with page_of(server, "ada") as again:
        assert [chat["chat_id"] for chat in (await again.until_type("workspace_loaded"))["chats"]] == [
            chat_id
        ]
    async with page_of(server, "ben") as again:
        assert (await again.until_type("workspace_loaded"))["chats"] == []


async def test_a_command_of_a_user_who_signed_out_is_not_done(start_server: StartServer) -> None:
    server = await start_hub(start_server)
    async with page_of(server, "ada") as ada, page_of(server, "ben") as ben:
        await ben.until_type("workspace_loaded")
        await ada.until_type("workspace_loaded")
        server.app.identity_provider.signed_in = {"ben"}
        ada.send("create_chat", chat_id=new_id("chat"))
        code, reason = await ada.until_closed()
        assert (code, reason) == (CLOSE_SIGNED_OUT, "You are signed out.")
        assert (await ben.command("ping"))["type"] == "command_accepted"
        assert not ben.of_type("chat_added")
        with pytest.raises(HTTPClientError, match="403"):
            async with page_of(server, "ada"):
                pass


async def test_jupyter_is_asked_once_for_commands_that_came_together(start_server: StartServer) -> None:
    server = await start_hub(start_server)
    provider = server.app.identity_provider
    async with page_of(server, "ada") as ada:
        await ada.until_type("workspace_loaded")
        chat_id = await ada.new_chat()
        answer = provider.get_user
        asked: list[Any] = []
        may_answer = asyncio.Event()

        async def get_user(handler: Any) -> User | None:
            asked.append(handler)
            await may_answer.wait()
            return await answer(handler)

        provider.get_user = get_user
        sent = [ada.send("update_chat", chat_id=chat_id, title=f"Title {n}") for n in range(5)]
        await ada.command("ping")  # answered at once: all that was sent before it is here
        may_answer.set()
        for command_id in sent:
            assert (await ada.answer(command_id))["type"] == "command_accepted"
        assert len(asked) <= 2, "once for the first, which came before the others, and once for these"


@pytest.mark.parametrize("how", ["signed out", "may not read"])
async def test_a_page_that_only_listens_loses_its_socket_too(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(ChatSocket, "identity_seconds", 0.05)
    server = await start_server(
        server_settings={"identity_provider_class": Hub, "authorizer_class": OnlyThese}
    )
    server.app.authorizer.actions = {"read", "write", "execute"}
    async with page_of(server, "ada") as ada, page_of(server, "ben") as ben:
        chat_id = await ben.new_chat()
        run_id = await ben.ask(chat_id, "tokens=9000 rate=100")
        await ada.command("open_chat", chat_id=chat_id)
        if how == "signed out":
            server.app.identity_provider.signed_in = {"ben"}
        else:
            server.app.authorizer.actions = {"write", "execute"}
        assert (await ada.until_closed())[0] == CLOSE_SIGNED_OUT
        services = await server.extension.services()
        assert services.runs.live(run_id) is not None, "a run belongs to the server"


# --- whose chats -----------------------------------------------------------------------------------


async def two_users(server: Server) -> tuple[Page, Page]:
    """Return pages of two browsers, which Jupyter's token authentication takes for two users."""
    return server.page(), server.page()


async def test_chats_are_shared_unless_per_user(server: Server) -> None:
    one, two = await two_users(server)
    async with one, two:
        await two.until_type("workspace_loaded")
        chat_id = await one.new_chat()
        await two.until(lambda e: e["type"] == "chat_added" and e["chat"]["chat_id"] == chat_id)
        assert (await two.command("open_chat", chat_id=chat_id))["type"] == "command_accepted"
    assert SHARED_OWNER == ""


async def test_per_user_another_users_chat_does_not_exist(start_server: StartServer) -> None:
    server = await start_server(per_user=True)
    one, two = await two_users(server)
    async with one, two:
        await two.until_type("workspace_loaded")
        chat_id = await one.new_chat()
        run_id = await one.ask(chat_id, "hang=after-headers")
        refusals = {
            "open_chat": {},
            "update_chat": {"title": "mine"},
            "delete_chat": {},
            "load_messages": {"before": "some-message"},
            "continue_answer": {"message_id": "some-answer", "run_id": new_id("run")},
        }
        for type_, fields in refusals.items():
            answer = await two.command(type_, chat_id=chat_id, **fields)
            assert answer["error"]["code"] == "unknown_chat", type_
        answer = await two.command("create_chat", chat_id=chat_id)
        assert answer["error"]["code"] == "id_taken"
        answer = await two.command("send_message", **question(chat_id, "mine?"))
        assert answer["error"]["code"] == "unknown_chat"
        answer = await two.command("interrupt_run", run_id=run_id)
        assert answer["error"]["code"] == "unknown_run"
        for type_ in ("pause_run", "resume_run"):
            assert (await two.command(type_, run_id=run_id))["error"]["code"] == "unknown_run"
        for method, path in [
            ("POST", f"runs/{run_id}/pause"),
            ("POST", f"runs/{run_id}/resume"),
            ("GET", f"chats/{chat_id}"),
            ("GET", f"runs/{run_id}"),
            ("GET", f"runs/{run_id}/events"),
            ("POST", f"runs/{run_id}/interrupt"),
        ]:
            assert (await server.fetch(method, path)).code == 404, path
        assert new_id("chat") not in [event.get("chat_id") for event in two.events]
        assert (await one.command("interrupt_run", run_id=run_id))["type"] == "command_accepted"
        await one.finished(run_id)
        assert not two.of_type("chat_added", "chat_updated")
