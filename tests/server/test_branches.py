"""Branches over a real socket: answers given again, questions and answers edited, on every page."""

from __future__ import annotations

from typing import Any

from jupyter_stream_chat.protocol import EVENT
from tests.scripted_provider import ScriptedProvider

from ..transcript import Transcript
from .conftest import Server, StartServer, scripted_profile
from .page import Page, new_id, question


async def asked(page: Page, chat_id: str, text: str, parent_id: str | None = None) -> dict[str, Any]:
    """Ask, wait for the answer's end, and return the ids."""
    fields = question(chat_id, text, parent_id=parent_id)
    assert (await page.command("send_message", **fields))["type"] == "command_accepted"
    await page.finished(fields["run_id"])
    return fields


async def regenerated(page: Page, chat_id: str, question_id: str, **more: str) -> dict[str, Any]:
    """Have a question answered once more, wait for the end, and return the ids."""
    fields = {
        "chat_id": chat_id,
        "message_id": question_id,
        "answer_id": new_id("answer"),
        "run_id": new_id("run"),
    } | more
    assert (await page.command("regenerate_answer", **fields))["type"] == "command_accepted"
    await page.finished(fields["run_id"])
    return fields


def shown(page: Page, chat_id: str) -> list[str]:
    """Return the messages that a page shows, from all that it was sent."""
    transcript = Transcript(chat_id)
    for event in page.events:
        transcript.apply(EVENT.validate_python(event))
    return [message.message_id for message in transcript.messages]


def sent(provider: ScriptedProvider) -> list[str]:
    """Return the texts of the newest prompt."""
    return [message["content"] for message in provider.requests[-1].body["messages"]]


async def test_an_answer_is_given_again_beside_the_first(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        first = await asked(page, chat_id, "tokens=3")
        again = await regenerated(page, chat_id, first["message_id"])
        assert sent(provider) == ["tokens=3"], "the first answer is not part of the question"
        assert shown(page, chat_id) == [first["message_id"], again["answer_id"]]
        added = page.of_type("message_added")[-1]["message"]
        assert added["siblings"] == [first["answer_id"], again["answer_id"]]
        assert page.text(again["run_id"]) == "t0 t1 t2 "

        await regenerated(page, chat_id, first["message_id"])
        requests = len(provider.requests)
        repeated = await page.command("regenerate_answer", **again)
        assert repeated["type"] == "command_accepted", "sent twice it is done once"
        assert len(provider.requests) == requests


async def test_a_question_is_answered_by_another_model_this_once(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    own, other = scripted_profile(provider), scripted_profile(provider, id="other", label="Other")
    other["model"] = "tokens=2"
    server = await start_server(profiles=[own, other])
    async with server.page() as page:
        chat_id = await page.new_chat()
        first = await asked(page, chat_id, "Who are you?")
        again = await regenerated(page, chat_id, first["message_id"], profile_id="other")
        assert page.text(again["run_id"]) == "t0 t1 "
        assert provider.requests[-1].body["model"] == "tokens=2"
        added = page.of_type("message_added")[-1]["message"]
        assert (added["author"], added["siblings"]) == ("Other", [first["answer_id"], again["answer_id"]])

        # It goes on as it was written; the chat keeps its own model.
        run_id = new_id("run")
        await page.command("continue_answer", chat_id=chat_id, message_id=again["answer_id"], run_id=run_id)
        await page.finished(run_id)
        assert provider.requests[-1].body["model"] == "tokens=2"
        await asked(page, chat_id, "tokens=1", again["answer_id"])
        assert provider.requests[-1].body["model"] == own["model"]

        requests = len(provider.requests)
        refused = await page.command(
            "regenerate_answer",
            chat_id=chat_id,
            message_id=first["message_id"],
            answer_id=new_id("answer"),
            run_id=new_id("run"),
            profile_id="no-such-profile",
        )
        assert refused["type"] == "command_rejected"
        assert len(provider.requests) == requests


async def test_every_page_follows_the_branch_and_a_later_one_opens_it(
    server: Server, provider: ScriptedProvider
) -> None:
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        await other.open_chat(chat_id)
        first = await asked(page, chat_id, "tokens=1 one")
        second = await asked(page, chat_id, "tokens=1 two", first["answer_id"])
        edited = await asked(page, chat_id, "tokens=1 two, edited", first["answer_id"])
        assert sent(provider) == ["tokens=1 one", "t0 ", "tokens=1 two, edited"]

        await page.command("select_branch", chat_id=chat_id, message_id=second["message_id"])
        await other.until_type("branch_selected")
        branch = [first["message_id"], first["answer_id"], second["message_id"], second["answer_id"]]
        assert shown(page, chat_id) == shown(other, chat_id) == branch

        async with server.page() as later:
            await later.open_chat(chat_id)
            assert shown(later, chat_id) == branch
            (opened,) = later.of_type("chat_opened")
            choice = [second["message_id"], edited["message_id"]]
            assert [message.get("siblings") for message in opened["messages"]] == [None, None, choice, None]


async def test_what_counts_of_a_stopped_answer_is_the_reader_s_choice(
    server: Server, provider: ScriptedProvider
) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        fields = question(chat_id, "tokens=9 hang=4")
        await page.command("send_message", **fields)
        await page.until_text(fields["run_id"], len("t0 t1 t2 t3 "))
        await page.command("interrupt_run", run_id=fields["run_id"], shown=[5])
        stopped = await page.finished(fields["run_id"])

        for text, context in (
            ("t0 t1 t2 t3 ", ["tokens=9 hang=4", "t0 t1 t2 t3 ", "tokens=1"]),
            ("my own", ["tokens=9 hang=4", "my own", "tokens=1"]),
            ("", ["tokens=9 hang=4\n\ntokens=1"]),
            (None, ["tokens=9 hang=4", "t0 t1", "tokens=1"]),
        ):
            edit = {"chat_id": chat_id, "message_id": fields["answer_id"], "text": text}
            assert (await page.command("edit_answer", **edit))["type"] == "command_accepted"
            changed = page.of_type("message_changed")[-1]["message"]
            assert changed["runs"] == [stopped], "what its run wrote, and the digest of it, stay as they were"
            assert changed["content"][0]["text"] == "t0 t1 t2 t3 "
            await asked(page, chat_id, "tokens=1", fields["answer_id"])
            assert sent(provider) == context


async def test_while_an_answer_is_written_its_branch_stays(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        first = await asked(page, chat_id, "tokens=1")
        other = await asked(page, chat_id, "tokens=1")
        run_id = await page.ask(chat_id, "hang=1", parent_id=first["answer_id"])
        place = {"chat_id": chat_id, "message_id": other["answer_id"]}
        for command in ("select_branch", "edit_answer"):
            refused = await page.command(command, **place)
            assert refused["error"]["code"] == "chat_busy", command
        await page.command("interrupt_run", run_id=run_id)
        await page.finished(run_id)
        assert (await page.command("select_branch", **place))["type"] == "command_accepted"


async def test_an_edit_as_long_as_no_message_may_be_is_refused(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        first = await asked(page, chat_id, "tokens=1")
        text = "x" * (server.extension.max_message_characters + 1)
        refused = await page.command("edit_answer", chat_id=chat_id, message_id=first["answer_id"], text=text)
        assert refused["error"]["field"] == "text"


async def test_a_chat_is_exported_as_markdown_and_as_json(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat(title="这个: a chat")
        first = await asked(page, chat_id, "tokens=2")
        again = await regenerated(page, chat_id, first["message_id"])
        await page.command("edit_answer", chat_id=chat_id, message_id=again["answer_id"], text="My own.")
        markdown = await server.fetch("GET", f"chats/{chat_id}/export")
        assert markdown.headers["Content-Type"] == "text/markdown; charset=utf-8"
        name = "%E8%BF%99%E4%B8%AA-a-chat.md"
        assert markdown.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
        text = markdown.body.decode()
        assert text.startswith("# 这个: a chat\n")
        assert "tokens=2" in text
        shown, other = text.split("\n## Branch 1")
        assert "My own." in shown
        assert "t0 t1" not in shown
        assert "t0 t1" in other

        status, exported = await server.rest("GET", f"chats/{chat_id}/export?format=json")
        assert status == 200
        ids = [message["message_id"] for message in exported["messages"]]
        assert ids == [first["message_id"], first["answer_id"], again["answer_id"]]

        status, refused = await server.rest("GET", f"chats/{chat_id}/export?format=pdf")
        assert (status, refused["error"]["field"]) == (400, "format")
