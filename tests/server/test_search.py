"""Searching by the REST API, and putting chats away."""

from __future__ import annotations

from .conftest import StartServer
from .page import new_id, question
from .test_access import two_users


async def test_a_message_is_found_as_soon_as_its_answer_has_ended(start_server: StartServer) -> None:
    server = await start_server()
    chat_id = new_id("chat")
    await server.rest("POST", "chats", {"chat_id": chat_id})
    asked = question(chat_id, "tokens=2 needle")
    status, _ = await server.rest("POST", f"chats/{chat_id}/messages", _body(asked))
    assert status == 202
    services = await server.extension.services()
    run = services.runs.live(asked["run_id"])
    if run is not None:
        await run.wait()
    status, results = await server.rest("GET", "search?query=NEEDLE&limit=5")
    assert status == 200
    (title, message) = results["hits"]
    assert "message_id" not in title
    assert message["message_id"] == asked["message_id"]
    assert [piece for piece in message["excerpt"] if piece["is_match"]] == [
        {"text": "needle", "is_match": True}
    ]


async def test_no_user_finds_what_another_has(start_server: StartServer) -> None:
    server = await start_server(per_user=True)
    one, two = await two_users(server)
    async with one, two:
        chat_id = await one.new_chat()
        asked = question(chat_id, "tokens=2 needle")
        await one.command("send_message", **asked)
        await one.finished(asked["run_id"])
        status, results = await server.rest("GET", "search?query=needle")
        assert (status, results["hits"]) == (200, [])


async def test_a_chat_is_put_away_and_taken_back(start_server: StartServer) -> None:
    server = await start_server()
    chat_id = new_id("chat")
    await server.rest("POST", "chats", {"chat_id": chat_id, "title": "Old"})
    for archived in (True, False):
        status, changed = await server.rest("PATCH", f"chats/{chat_id}", {"archived": archived})
        assert (status, changed["chat"].get("archived", False)) == (200, archived)
        _, listed = await server.rest("GET", "chats")
        assert [chat.get("archived", False) for chat in listed["chats"]] == [archived]
    status, refused = await server.rest("PATCH", f"chats/{chat_id}", {"archived": None})
    assert (status, refused["error"]["field"]) == (400, "archived")


def _body(asked: dict[str, object]) -> dict[str, object]:
    return {name: asked[name] for name in ("content", "message_id", "answer_id", "run_id")}
