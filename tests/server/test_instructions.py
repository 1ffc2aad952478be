"""Instructions for all chats, per profile and per chat, over a real socket: the nearest ones hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import Server, StartServer, scripted_profile
from .page import new_id, question


def sent(provider: ScriptedProvider) -> list[tuple[str, Any]]:
    """Return the newest prompt."""
    return [(message["role"], message["content"]) for message in provider.requests[-1].body["messages"]]


@pytest.mark.parametrize(
    ("of_question", "of_chat", "of_profile", "of_all", "expected"),
    [
        (None, None, None, "All.", "All."),
        (None, None, "Profile.", "All.", "Profile."),
        (None, "Chat.", "Profile.", "All.", "Chat."),
        (None, "Chat.", None, "All.", "Chat."),
        ("Question.", "Chat.", "Profile.", "All.", "Question."),
        ("Question.", None, None, "All.", "Question."),
        (None, None, None, None, None),
        (None, None, None, "", None),
        (None, None, None, " \n", None),
    ],
)
async def test_the_nearest_instructions_hold(
    start_server: StartServer,
    provider: ScriptedProvider,
    of_question: str | None,
    of_chat: str | None,
    of_profile: str | None,
    of_all: str | None,
    expected: str | None,
) -> None:
    own = {"parameters": {"system_prompt": of_profile}} if of_profile else {}
    server = await start_server(profiles=[scripted_profile(provider) | own])
    async with server.page() as page:
        chat_id = await page.new_chat(parameters={"system_prompt": of_chat} if of_chat else None)
        fields = question(chat_id, "tokens=2") | {"instructions": of_all}
        if of_question:
            fields["parameters"] = {"system_prompt": of_question}
        await page.command("send_message", **fields)
        await page.finished(fields["run_id"])
        system = [("system", expected)] if expected else []
        assert sent(provider) == [*system, ("user", "tokens=2")]


async def test_an_answer_again_and_one_gone_on_with_have_them(
    server: Server, provider: ScriptedProvider
) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        fields = question(chat_id, "tokens=5 finish=length") | {"instructions": "Answer briefly."}
        await page.command("send_message", **fields)
        await page.finished(fields["run_id"])
        run_id = new_id("run")
        await page.command("continue_answer", chat_id=chat_id, message_id=fields["answer_id"], run_id=run_id)
        await page.finished(run_id)
        assert sent(provider)[0] == ("system", "Answer briefly."), "an answer goes on as it was begun"

        again = {
            "chat_id": chat_id,
            "message_id": fields["message_id"],
            "answer_id": new_id("answer"),
            "run_id": new_id("run"),
            "instructions": "Answer in verse.",
        }
        await page.command("regenerate_answer", **again)
        await page.finished(again["run_id"])
        assert sent(provider)[0] == ("system", "Answer in verse.")


async def test_they_are_not_the_chats_own(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        for text in ("Before.", "After.", None):
            fields = question(chat_id, "tokens=1") | {"instructions": text}
            await page.command("send_message", **fields)
            await page.finished(fields["run_id"])
            system = [("system", text)] if text else []
            assert sent(provider)[:-1] == system
