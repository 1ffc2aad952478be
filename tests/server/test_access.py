"""Every operation is authenticated, authorised and about the user's own: the tests go over the table."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Mapping
from typing import Any, get_args

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httpclient import HTTPClientError
from traitlets import Bool, Set

from jupyter_stream_chat import protocol
from jupyter_stream_chat.nonces import new_nonce, run_id_of
from jupyter_stream_chat.server.access import AUTH_RESOURCE, SHARED_OWNER
from jupyter_stream_chat.server.api.operation import Operation
from jupyter_stream_chat.server.api.operations import OPERATIONS
from jupyter_stream_chat.server.api.rest import has_body
from jupyter_stream_chat.server.app import HANDLERS
from jupyter_stream_chat.server.http.completions import EndpointHandler
from jupyter_stream_chat.server.http.rest import RestHandler
from jupyter_stream_chat.server.http.websocket import ChatSocket
from jupyter_stream_chat.server.page.session import CLOSE_SIGNED_OUT

from .conftest import Server, StartServer
from .page import PATIENCE, Page, new_id, question

FIELDS: dict[str, Any] = {
    "answer_id": "an-answer",
    "before": "some-message",
    "chat": {"chat_id": "some-chat", "title": "t", "created_at": 1.0, "updated_at": 1.0},
    "chat_id": "some-chat",
    "content": [{"type": "text", "text": "hello"}],
    "message_id": "some-message",
    "messages": [],
    "model": "no such model",
    "nonce": "0123456789abcdef0123456789abcdef",
    "profile_id": "some-profile",
    "query": "words",
    "run_id": "some-run0",
    "sha256": hashlib.sha256(b"mine").hexdigest(),
    "text": "mine",
    "title": "t",
}
"""A value for each field that a request must have. A new operation with another such field names it here."""

COMMANDS = [row for row in OPERATIONS if row.is_command]
ROUTES = [row for row in OPERATIONS if row.route is not None]


def fields_of(row: Operation, known: Mapping[str, Any] = FIELDS) -> dict[str, Any]:
    """Return the fields of a request that is as it should be."""
    fields = row.request.model_fields
    needed = {name for name, field in fields.items() if field.is_required()} | {
        "title",
        "text",
    } & fields.keys()
    return {name: known[name] for name in needed - {"command_id"}}


def request_of(row: Operation, known: Mapping[str, Any] = FIELDS) -> tuple[str, str, Any]:
    """Return method, path and body of a REST request that is as it should be."""
    assert row.route is not None
    fields = fields_of(row, known)
    path = row.route.path.format(**known)
    body = {name: value for name, value in fields.items() if f"{{{name}}}" not in row.route.path}
    if row.route.body is not None:
        body = {name: known[name] for name in row.route.body.model_fields.keys() & {"title", "text"}}
    return row.route.method, path, body if has_body(row.route) else None


def name_of(row: Operation) -> str:
    return row.name


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


def test_every_route_of_the_extension_is_the_socket_the_tables_or_the_endpoints() -> None:
    """``test_endpoint`` asks the endpoint as a stranger, and without the rights."""
    assert [(r"stream-chat/ws", ChatSocket), (r"stream-chat/api/(.*)", RestHandler)] == HANDLERS[:2]
    assert all(issubclass(handler, EndpointHandler) for _, handler in HANDLERS[2:])
    assert len({(row.route.method, row.route.path) for row in ROUTES if row.route}) == len(ROUTES)


def test_every_command_of_the_wire_is_one_row_of_its_name() -> None:
    kinds = get_args(get_args(protocol.AnyCommand)[0])
    assert {row.request for row in COMMANDS} == set(kinds)
    assert len(COMMANDS) == len(kinds)
    assert [row.name for row in COMMANDS] == [row.request.model_fields["type"].default for row in COMMANDS]


def test_what_changes_or_starts_something_is_not_merely_read() -> None:
    """``check_profile`` and ``rewrite_markdown`` look at what they are sent and change nothing."""
    pure = {"check_profile", "rewrite_markdown"}
    changing = {row.name for row in ROUTES if row.route and row.route.method != "GET"} - pure
    assert not {row.name for row in OPERATIONS if row.action == "read"} & changing


@pytest.mark.parametrize("row", ROUTES, ids=name_of)
async def test_no_route_answers_a_stranger(server: Server, row: Operation) -> None:
    method, path, _ = request_of(row)
    response = await server.fetch(method, path, headers={"Authorization": ""})
    assert response.code == 403
    assert b'"error"' in response.body


async def test_no_socket_is_opened_for_a_stranger(server: Server) -> None:
    with pytest.raises(HTTPClientError, match="403"):
        async with Page(server.url("ws", "ws"), {}):
            pass


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_route_that_is_not_there_is_told_to_who_may_ask(server: Server, method: str) -> None:
    assert (await server.fetch(method, "no/such/route", headers={"Authorization": ""})).code == 403
    status, answer = await server.rest(method, "no/such/route")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    if method != "GET":
        status, answer = await server.rest(method, "rest-api.yml")
        assert (status, answer["error"]["code"]) == (405, "method_not_allowed")


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


@pytest.mark.parametrize("authorizer", [OnlyThese, OnlyTheseLater])
@pytest.mark.parametrize("allowed", ["read", "write", "execute"])
async def test_each_route_asks_for_its_action(
    start_server: StartServer, allowed: str, authorizer: type[Authorizer]
) -> None:
    server = await start_with(start_server, authorizer, {allowed})
    for row in ROUTES:
        method, path, body = request_of(row)
        response = await server.fetch(method, path, body)
        refused = response.code == 403 and json.loads(response.body)["error"]["code"] == "forbidden"
        assert refused == (row.action != allowed), (row.name, response.body)


@pytest.mark.parametrize("authorizer", [OnlyThese, OnlyTheseLater])
@pytest.mark.parametrize("allowed", [{"read"}, {"read", "write"}, {"read", "execute"}])
async def test_each_command_asks_for_its_action(
    start_server: StartServer, allowed: set[str], authorizer: type[Authorizer]
) -> None:
    server = await start_with(start_server, authorizer, allowed)
    async with server.page() as page:
        for row in COMMANDS:
            answer = await page.command(row.name, **fields_of(row))
            code = answer.get("error", {}).get("code")
            assert (code == "forbidden") == (row.action not in allowed), (row.name, answer)


class Broken(Authorizer):
    """Fails as an authoriser does whose server does not answer."""

    is_broken = Bool(False)

    async def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if self.is_broken and resource == AUTH_RESOURCE:
            raise ConnectionError("no answer")
        return True


async def test_an_authoriser_that_fails_leaves_no_command_unanswered(start_server: StartServer) -> None:
    server = await start_server(server_settings={"authorizer_class": Broken})
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        server.app.authorizer.is_broken = True
        for row in COMMANDS:
            answer = await page.command(row.name, **fields_of(row))
            assert answer["error"]["code"] == "internal_error", row.name


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
        await ada.open_chat(chat_id)
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


NAMES_WHAT_IS_NOT_THERE = {"create_chat", "close_chat"}
"""Operations that name a chat that need not exist: one makes it, one ends what a page follows."""


def test_whoever_names_a_chat_or_a_run_must_own_it() -> None:
    named = {
        row.name
        for row in OPERATIONS
        if {"chat_id", "message_id", "run_id", "nonce"} & row.request.model_fields.keys()
    }
    assert {row.name for row in OPERATIONS if row.owned != "nothing"} == named - NAMES_WHAT_IS_NOT_THERE


async def test_what_another_user_has_looks_as_if_it_were_not_there(start_server: StartServer) -> None:
    """Each command and each route is answered the same for another's chat and run as for none."""
    server = await start_server(per_user=True)
    one, two = await two_users(server)
    async with one, two:
        await two.until_type("workspace_loaded")
        nonce = new_nonce()
        chat_id = await one.new_chat()
        done = question(chat_id, "tokens=2", run_id_of(nonce))
        await one.command("send_message", **done)
        await one.finished(run_id_of(nonce))
        live = question(chat_id, "hang=2", parent_id=done["answer_id"])
        await one.command("send_message", **live)
        await one.until_text(live["run_id"], 3)
        before = len(one.events)
        for asked, secret in ((done, nonce), (live, new_nonce())):
            theirs = {**FIELDS, **asked, "before": asked["message_id"], "nonce": secret}
            none = theirs | {name: new_id(name[:-3]) for name in theirs if name.endswith("_id")}
            none |= {"before": none["message_id"], "nonce": new_nonce()}
            for row in OPERATIONS:
                if row.owned == "nothing":
                    continue
                if row.is_command:
                    answers = [
                        await two.command(row.name, **fields_of(row, known)) for known in (theirs, none)
                    ]
                    assert bare(answers[0], theirs) == bare(answers[1], none), row.name
                    assert answers[0]["type"] == "command_rejected" or "note" in answers[0], row.name
                if row.route is not None:
                    replies = [await server.rest(*request_of(row, known)) for known in (theirs, none)]
                    assert bare(replies[0], theirs) == bare(replies[1], none), row.name
                    assert replies[0][0] == 404 or "note" in replies[0][1], row.name
        answer = await two.command("create_chat", chat_id=chat_id)
        assert answer["error"]["code"] == "id_taken"
        assert len(one.events) == before, "nothing has changed"
        services = await server.extension.services()
        assert services.runs.live(live["run_id"]) is not None
        assert chat_id not in json.dumps([e for e in two.events if e["type"] != "command_rejected"])
        assert (await one.command("interrupt_run", run_id=live["run_id"]))["type"] == "command_accepted"
        await one.finished(live["run_id"])
        for page, answer_type in (
            (one, "command_accepted"),
            (one, "command_accepted"),
            (two, "command_rejected"),
        ):
            assert (await page.command("delete_chat", chat_id=chat_id))["type"] == answer_type


def bare(answer: Any, known: Mapping[str, Any]) -> str:
    """Return an answer with the ids that were asked for replaced by their names."""
    text = json.dumps(answer, sort_keys=True)
    for name, value in known.items():
        if isinstance(value, str) and len(value) > 4:
            text = text.replace(value, f"<{name}>")
    text = text.replace(run_id_of(known["nonce"]), "<run_id>")
    return re.sub(r"command-\d+", "<command>", text)


async def test_an_event_stream_ends_with_its_readers_session(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RestHandler, "identity_seconds", 0.05)
    server = await start_hub(start_server)
    async with page_of(server, "ben") as ben:
        run_id = await ben.ask(await ben.new_chat(), "hang=3")
        stream = asyncio.ensure_future(
            server.fetch(
                "GET",
                f"runs/{run_id}/events",
                headers={"X-User": "ada", "Authorization": ""},
                request_timeout=PATIENCE,
            )
        )
        services = await server.extension.services()
        feed = services.chat_service.feed(services.runs.live(run_id).info.chat_id)
        async with asyncio.timeout(PATIENCE):
            while len(feed._subscribers) < 2:  # noqa: ASYNC110 - nobody tells when a subscriber comes
                await asyncio.sleep(0.01)
        server.app.identity_provider.signed_in = {"ben"}
        response = await stream
        assert b"run_finished" not in response.body
        assert services.runs.live(run_id) is not None, "a run belongs to the server"


async def test_ids_of_another_user_in_a_chat_of_ones_own(start_server: StartServer) -> None:
    """A taken id is refused in the same words whosever it is; one that a command refers to is unknown."""
    server = await start_server(per_user=True)
    one, two = await two_users(server)
    async with one, two:
        nonce = new_nonce()
        their_chat = await one.new_chat()
        done = question(their_chat, "tokens=2", run_id_of(nonce))
        await one.command("send_message", **done)
        await one.finished(done["run_id"])
        live = question(their_chat, "hang=2", parent_id=done["answer_id"])
        await one.command("send_message", **live)
        await one.until_text(live["run_id"], 3)
        before = len(one.events)

        own_chat, other_chat = await two.new_chat(), await two.new_chat()
        own = question(other_chat, "tokens=2")
        await two.command("send_message", **own)
        await two.finished(own["run_id"])

        for theirs in (done, live):
            for name in ("run_id", "message_id", "answer_id"):
                answers = []
                for taken in (theirs, own):
                    fields = question(own_chat, "tokens=1") | {name: taken[name]}
                    answer = await two.command("send_message", **fields)
                    body = {"text": "tokens=1", **fields}
                    status, reply = await server.rest("POST", f"chats/{own_chat}/messages", body)
                    assert their_chat not in json.dumps([answer, reply])
                    answers.append((bare(answer, fields | {"nonce": nonce}), status))
                assert answers[0] == answers[1], name
                assert '"id_taken"' in answers[0][0]
            known = [
                {"parent_id": theirs["answer_id"]},
                {"parent_id": new_id("answer")},
            ]
            asked = [question(own_chat, "tokens=1") | each for each in known]
            refused = [
                bare(await two.command("send_message", **each), each | {"nonce": nonce}) for each in asked
            ]
            assert refused[0] == refused[1]
            for command in ("select_branch", "edit_answer", "continue_answer", "regenerate_answer"):
                refused = []
                for message_id in (theirs["answer_id"], new_id("answer")):
                    fields = {"chat_id": own_chat, "message_id": message_id, "text": "mine"}
                    fields |= {"run_id": new_id("run"), "answer_id": new_id("answer")}
                    (row,) = [each for each in OPERATIONS if each.is_command and each.name == command]
                    wanted = {key: fields[key] for key in fields if key in row.request.model_fields}
                    answer = await two.command(command, **wanted)
                    assert answer["type"] == "command_rejected", command
                    refused.append(bare(answer, fields | {"nonce": nonce}))
                assert refused[0] == refused[1], command
        opened = await two.open_chat(own_chat)
        assert opened["messages"] == []
        assert their_chat not in json.dumps(two.events)
        assert len(one.events) == before, "nothing has changed"
        await one.command("interrupt_run", run_id=live["run_id"])
        await one.finished(live["run_id"])
