"""A chat that was exported as JSON is imported again, as another chat."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from jupyter_stream_chat.protocol import Message

from .conftest import Server
from .page import new_id, question

IDS = ("chat_id", "message_id", "parent_id", "run_id", "siblings")


async def exported(server: Server) -> dict[str, Any]:
    """Ask a question that carries a content twice, as two branches, and return the chat's file."""
    text = "a,b\n1,2\n"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    await server.rest("PUT", f"attachments/{sha256}", {"text": text})
    attachment = {
        "type": "attachment",
        "kind": "file",
        "title": "t.csv",
        "source": {},
        "media_type": "text/plain",
        "sha256": sha256,
        "characters": len(text),
        "omitted": [],
    }
    chat_id = new_id("chat")
    await server.rest("POST", "chats", {"chat_id": chat_id, "title": "Kept"})
    services = await server.extension.services()
    for _ in range(2):
        asked = question(chat_id, "tokens=3 needle")
        content = [attachment, *asked["content"]]
        body = {name: asked[name] for name in ("message_id", "answer_id", "run_id")}
        status, _ = await server.rest(
            "POST", f"chats/{chat_id}/messages", {**body, "content": content, "parent_id": None}
        )
        assert status == 202
        if run := services.runs.live(asked["run_id"]):
            await run.wait()
    file: dict[str, Any] = (await server.rest("GET", f"chats/{chat_id}/export?format=json"))[1]
    return file


def without_ids(value: Any) -> Any:
    """Return a file without ids and what depends on the moment."""
    if isinstance(value, dict):
        return {name: without_ids(each) for name, each in value.items() if name not in (*IDS, "updated_at")}
    return [without_ids(each) for each in value] if isinstance(value, list) else value


async def test_an_import_is_the_same_chat_under_new_ids(server: Server) -> None:
    file = await exported(server)
    for _ in range(2):
        status, made = await server.rest("POST", "import", file)
        assert status == 201
        chat_id = made["chat"]["chat_id"]
        assert chat_id != file["chat"]["chat_id"]
        again = (await server.rest("GET", f"chats/{chat_id}/export?format=json"))[1]
        assert without_ids(again) == without_ids(file)
        parents = [message.get("parent_id") for message in again["messages"]]
        ids = [message["message_id"] for message in again["messages"]]
        assert parents == [None, ids[0], None, ids[2]]
        # It can be gone on with, and found.
        assert (await server.rest("POST", f"chats/{chat_id}/messages", {"text": "tokens=1"}))[0] == 202
    hits = (await server.rest("GET", "search?query=needle&limit=100"))[1]["hits"]
    assert len({hit["chat_id"] for hit in hits}) == 3


async def test_an_unfinished_run_is_lost_in_a_file(server: Server) -> None:
    file = await exported(server)
    run = file["messages"][1]["runs"][0]
    run["status"] = "streaming"
    del run["finish_reason"]
    _, made = await server.rest("POST", "import", file)
    _, opened = await server.rest("GET", f"chats/{made['chat']['chat_id']}/messages")
    runs = [run for message in opened["messages"] for run in Message.model_validate(message).runs]
    assert all(run.status == "finished" for run in runs)


@pytest.mark.parametrize(
    ("where", "value", "field"),
    [
        (("messages", 1, "parent_id"), "no-such-message", "messages"),
        (("messages", 1, "message_id"), "same", "messages"),
        (("messages", 1, "content", 0, "run_id"), "no-such-run", "messages"),
        (("messages", 1, "runs"), [], "messages"),
        (("attachments",), {}, "attachments"),
        (("attachments",), {"0" * 64: "forged"}, "attachments"),
        (("messages", 0, "role"), "robot", "messages.0.role"),
        (("messages",), None, "messages"),
    ],
)
async def test_a_file_that_does_not_fit_together_is_refused_as_a_whole(
    server: Server, where: tuple[str | int, ...], value: Any, field: str
) -> None:
    file = await exported(server)
    at: Any = file
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = file["messages"][0]["message_id"] if value == "same" else value
    before = (await server.rest("GET", "chats"))[1]
    status, refused = await server.rest("POST", "import", file)
    assert (status, refused["error"]["field"]) == (400, field)
    assert (await server.rest("GET", "chats"))[1] == before
