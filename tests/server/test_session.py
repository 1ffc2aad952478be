"""A page and a real server: what is asked, what is streamed, what is resumed."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
import zlib
from dataclasses import replace
from typing import Any

import pytest

from jupyter_stream_chat.protocol import PROTOCOL_VERSION, CreateChat
from jupyter_stream_chat.server.api.operation import Done
from jupyter_stream_chat.server.api.operations import COMMANDS
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, Server, StartServer, scripted_profile
from .page import new_id, numbered, question


def digest(text: str) -> dict[str, int]:
    """Return what both sides compute of a text."""
    return {"length": len(text), "crc32": zlib.crc32(text.encode())}


# --- the golden path -------------------------------------------------------------------------------


async def test_greeting(server: Server) -> None:
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        hello = page.events[0]
        assert (hello["type"], hello["protocol"]) == ("hello", PROTOCOL_VERSION)
        assert hello["epoch"]
        assert hello["user"]
        assert hello["limits"]["frame_bytes"] == 2**20
        assert loaded["profiles"][0]["profile_id"] == "scripted"
        assert (loaded["default_profile_id"], loaded["streaming"]) == ("scripted", "auto")
        assert loaded["chats"] == []
        assert KEY not in json.dumps(page.events)


async def test_a_question_streams_its_answer(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=30 rate=100 reasoning=3")
        run = await page.finished(run_id)
        assert page.text(run_id) == numbered(30)
        assert page.text(run_id, kind="reasoning") == "r0 r1 r2 "
        assert run["finish_reason"] == "stop"
        assert run["digest"] == [digest("r0 r1 r2 "), digest(numbered(30))]
        assert run["counts"]["tokens"] == run["counts"]["logged"] == run["counts"]["forwarded"]
        types = [e["type"] for e in page.events if e.get("chat_id") == chat_id or e.get("run_id") == run_id]
        order = ["chat_opened", "message_added", "run_started", "delta", "run_finished"]
        found = [types.index(type_) for type_ in order]
        assert found == sorted(found)
        assert types.count("delta") >= 15
        assert types.count("run_finished") == 1
        assert "delta" not in types[types.index("run_finished") :]
        seqs = [
            e["seq"] for e in page.events if e["type"] in ("message_added", "run_started", "run_finished")
        ]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        updated = await page.until_type("chat_updated")
        assert updated["chat"]["title"].startswith("tokens=30")


async def test_the_partial_answer_is_in_the_next_prompt(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=500 rate=100")
        await page.until_text(run_id, 20)
        shown = len(page.text(run_id))
        answer = await page.command("interrupt_run", run_id=run_id, shown=[shown])
        assert (answer["type"], answer.get("note")) == ("command_accepted", None)
        run = await page.finished(run_id)
        assert run["finish_reason"] == "interrupted"
        assert run["kept"][0] == shown
        added = page.of_type("message_added")[1]["message"]
        await page.finished(await page.ask(chat_id, "tokens=1", parent_id=added["message_id"]))
        roles = [(m["role"], m["content"]) for m in provider.requests[-1].body["messages"]]
        assert ("assistant", numbered(500)[:shown]) in roles


async def test_an_interrupt_after_the_end_says_so(server: Server) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "tokens=2")
        await page.finished(run_id)
        assert (await page.command("interrupt_run", run_id=run_id))["note"] == "not_running"


async def test_an_interrupt_is_done_before_the_commands_that_came_earlier(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = asyncio.Event()

    async def slow(call: Any, command: CreateChat) -> Done:
        await block.wait()
        return Done()

    async with server.page() as page:
        chat_id = await page.new_chat()
        monkeypatch.setitem(COMMANDS, CreateChat, replace(COMMANDS[CreateChat], run=slow))
        run_id = await page.ask(chat_id, "hang=after-headers")
        waiting = page.send("create_chat", chat_id=chat_id)
        behind = page.send("load_messages", chat_id=chat_id, before=new_id("message"))
        assert (await page.command("interrupt_run", run_id=run_id))["type"] == "command_accepted"
        await page.finished(run_id)
        answered = {e.get("command_id") for e in page.of_type("command_accepted", "command_rejected")}
        assert not answered & {waiting, behind}
        block.set()
        await page.answer(waiting)
        await page.answer(behind)
        ids = [e["command_id"] for e in page.of_type("command_accepted", "command_rejected")]
        assert ids.index(waiting) < ids.index(behind)


async def test_streaming_off_gives_the_same_answer(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat(streaming="off")
        run_id = await page.ask(chat_id, "tokens=30")
        run = await page.finished(run_id)
        assert page.text(run_id) == numbered(30)
        assert run["streaming"] == "off"
        assert run["digest"][0] == digest(numbered(30))


# --- two pages -------------------------------------------------------------------------------------


async def test_a_second_page_sees_the_same_and_stops_it(server: Server) -> None:
    async with server.page() as one, server.page() as two:
        await two.until_type("workspace_loaded")
        chat_id = await one.new_chat()
        await two.until_type("chat_added")
        run_id = await one.ask(chat_id, "tokens=5000 rate=200")
        await one.until_text(run_id, 50)
        await two.open_chat(chat_id)
        opened = await two.until_type("chat_opened")
        held = text_in(opened, run_id)
        assert held
        await two.until_text(run_id, len(held) + 20, held=held)
        await two.command("interrupt_run", run_id=run_id)
        ends = [await page.finished(run_id) for page in (one, two)]
        assert ends[0] == ends[1]
        assert one.text(run_id) == two.text(run_id, held=held)
        assert digest(one.text(run_id)) == ends[0]["digest"][0]
        running = [e["chat"]["running"] for e in two.of_type("chat_updated")]
        assert running[0] is True
        await two.until(lambda e: e["type"] == "chat_updated" and not e["chat"]["running"])


def text_in(opened: dict[str, Any], run_id: str) -> str:
    """Return a run's answer as a snapshot has it."""
    return "".join(
        part["text"]
        for message in opened["messages"]
        for part in message["content"]
        if part.get("run_id") == run_id and part["type"] == "text"
    )


async def test_the_run_goes_on_without_its_page_and_is_resumed(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=150 rate=100")
        await page.until_text(run_id, 30)
        held = page.text(run_id)
        epoch = page.events[0]["epoch"]
        seq = page.of_type("run_started")[0]["seq"]
    async with server.page() as page:
        await page.command(
            "open_chat",
            chat_id=chat_id,
            epoch=epoch,
            after_seq=seq,
            known_lengths={run_id: [len(held)]},
            reason="reconnected",
        )
        assert [e["type"] for e in page.of_type("chat_opened", "chat_resumed")] == ["chat_resumed"]
        run = await page.finished(run_id)
        assert page.text(run_id, held=held) == numbered(150)
        assert run["digest"][0] == digest(numbered(150))


async def resume(server: Server, **changes: Any) -> list[str]:
    """Stream a little, then open the chat anew with these words; return how the server opened it."""
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=100")
        await page.until_text(run_id, 10)
        fields: dict[str, Any] = {
            "epoch": page.events[0]["epoch"],
            "after_seq": page.of_type("run_started")[0]["seq"],
            "known_lengths": {run_id: [len(page.text(run_id))]},
            "reason": "reconnected",
        }
        if changes.pop("finished", False):
            await page.command("interrupt_run", run_id=run_id)
            await page.finished(run_id)
        before = len(page.events)
        await page.open_chat(chat_id, **{**fields, **changes})
        opened = await page.until(lambda e: e["type"] in ("chat_opened", "chat_resumed"), after=before)
        await page.command("interrupt_run", run_id=run_id)
        run = await page.finished(run_id)
        if opened["type"] == "chat_opened":
            held = text_in(opened, run_id)
            at = page.events.index(opened)
            assert digest(page.text(run_id, held=held, after=at)) == run["digest"][0]
        return [opened["type"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "chat_resumed"),
        ({"known_lengths": {}}, "chat_resumed"),
        ({"epoch": "another"}, "chat_opened"),
        ({"epoch": None}, "chat_opened"),
        ({"after_seq": 10_000}, "chat_opened"),
        ({"after_seq": -1}, "chat_opened"),
        ({"finished": True}, "chat_opened"),
        ({"reason": "digest_mismatch"}, "chat_opened"),
        ({"reason": "gap"}, "chat_opened"),
    ],
)
async def test_resume_or_snapshot(server: Server, changes: dict[str, Any], expected: str) -> None:
    assert await resume(server, **changes) == [expected]


async def test_a_page_that_claims_too_much_text_gets_a_snapshot(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "hang=3")
        await page.until_text(run_id, 9)
        fields = {"epoch": page.events[0]["epoch"], "after_seq": page.of_type("run_started")[0]["seq"]}
        await page.open_chat(chat_id, known_lengths={run_id: [99]}, **fields)
        assert len(page.of_type("chat_opened")) == 2


async def test_a_closed_chat_is_silent(server: Server) -> None:
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=50 rate=200")
        await page.command("close_chat", chat_id=chat_id)
        at = len(page.events)
        await other.open_chat(chat_id)
        await other.finished(run_id)
        assert not [e for e in page.events[at:] if e["type"] in ("delta", "run_finished")]


async def test_older_messages_are_loaded_in_pages(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        parent = None
        for _ in range(3):
            fields = question(chat_id, "tokens=1", parent_id=parent)
            await page.command("send_message", **fields)
            await page.finished(fields["run_id"])
            parent = fields["answer_id"]
        command_id = page.send("load_messages", chat_id=chat_id, before=parent, limit=2)
        assert (await page.answer(command_id))["type"] == "command_accepted"
        loaded = page.of_type("messages_loaded")[0]
        assert loaded["command_id"] == command_id
        assert [m["role"] for m in loaded["messages"]] == ["assistant", "user"]
        assert loaded["has_more"] is True


# --- chats -----------------------------------------------------------------------------------------


async def test_chats_are_renamed_and_deleted_in_every_page(server: Server) -> None:
    async with server.page() as one, server.page() as two:
        await two.until_type("workspace_loaded")
        chat_id = await one.new_chat(title="first")
        await one.command("update_chat", chat_id=chat_id, title="second", streaming="off")
        updated = await two.until_type("chat_updated")
        assert (updated["chat"]["title"], updated["chat"]["streaming"]) == ("second", "off")
        await one.command("update_chat", chat_id=chat_id, streaming=None)
        cleared = await two.until(lambda e: e["type"] == "chat_updated" and "streaming" not in e["chat"])
        assert cleared["chat"]["title"] == "second"
        run_id = await one.ask(chat_id, "hang=after-headers")
        await one.command("delete_chat", chat_id=chat_id)
        assert (await one.finished(run_id))["finish_reason"] == "interrupted"
        await two.until_type("chat_deleted")
        assert (await two.command("open_chat", chat_id=chat_id))["error"]["code"] == "unknown_chat"


async def test_creating_twice_is_the_same_chat(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        assert (await page.command("create_chat", chat_id=chat_id))["type"] == "command_accepted"
        assert len(page.of_type("chat_added")) == 1


async def test_deleting_twice_is_one_deletion(server: Server) -> None:
    async with server.page() as page, server.page() as other:
        await other.until_type("workspace_loaded")
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "hang=after-headers")
        both = [each.send("delete_chat", chat_id=chat_id) for each in (page, other, page)]
        answers = [await each.answer(sent) for each, sent in zip((page, other, page), both, strict=True)]
        assert [answer["type"] for answer in answers] == ["command_accepted"] * 3
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"
        # As a page does that lost its connection before the answer came.
        async with server.page() as again:
            assert (await again.command("delete_chat", chat_id=chat_id))["type"] == "command_accepted"
        assert (await server.rest("DELETE", f"chats/{chat_id}"))[0] == 200
        assert len(page.of_type("chat_deleted")) == 1
        assert (await page.command("update_chat", chat_id=chat_id, title="x"))["error"][
            "code"
        ] == "unknown_chat"


async def test_a_deleted_chat_that_is_made_again_can_be_deleted_again(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        for _ in range(2):
            await page.command("delete_chat", chat_id=chat_id)
            assert (await server.rest("GET", f"chats/{chat_id}"))[0] == 404
            await page.command("create_chat", chat_id=chat_id)
            assert (await server.rest("GET", f"chats/{chat_id}"))[0] == 200


async def test_asking_twice_is_one_answer(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        fields = question(chat_id, "tokens=3")
        for _ in range(2):
            assert (await page.command("send_message", **fields))["type"] == "command_accepted"
        await page.finished(fields["run_id"])
        assert (await page.command("send_message", **fields))["type"] == "command_accepted"
        assert len(provider.requests) == 1
        assert len(page.of_type("run_started")) == 1


# --- refusals: named, and the socket lives on ------------------------------------------------------


async def test_bad_frames_get_named_errors_and_the_socket_lives_on(server: Server) -> None:
    async with server.page() as page:
        for frame, code in {
            "{": "invalid_command",
            b"\x00": "invalid_command",
            '{"type":"explode","command_id":"command-x"}': "unknown_command",
            json.dumps({"type": "ping", "command_id": "command-x", "pad": "x" * 2**20}): "frame_too_large",
            json.dumps(
                {"type": "ping", "command_id": "command-x", "pad": "x" * (10 * 2**20)}
            ): "frame_too_large",
        }.items():
            at = len(page.events)
            page.write(frame)
            rejected = await page.until_type("command_rejected", after=at)
            assert rejected["error"]["code"] == code
        assert (await page.command("ping"))["type"] == "command_accepted"


@pytest.mark.parametrize(
    ("type_", "fields", "code"),
    [
        ("open_chat", {"chat_id": "no-such-chat"}, "unknown_chat"),
        ("update_chat", {"chat_id": "no-such-chat", "title": "x"}, "unknown_chat"),
        ("delete_chat", {"chat_id": "no-such-chat"}, "unknown_chat"),
        ("load_messages", {"chat_id": "no-such-chat", "before": "no-such-message"}, "unknown_chat"),
        ("send_message", question("no-such-chat", "hello"), "unknown_chat"),
        ("create_chat", {"chat_id": "some-chat-1", "profile_id": "nope"}, "unknown_profile"),
    ],
)
async def test_out_of_order_commands_are_refused_by_name(
    server: Server, type_: str, fields: dict[str, Any], code: str
) -> None:
    async with server.page() as page:
        answer = await page.command(type_, **fields)
        assert answer["error"]["code"] == code
        assert answer["error"]["message"]
        assert (await page.command("ping"))["type"] == "command_accepted"


async def test_empty_and_overlong_messages_reach_no_model(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    server = await start_server(profiles=[scripted_profile(provider)], max_message_characters=100)
    async with server.page() as page:
        chat_id = await page.new_chat()
        for text, code in {" \n": "empty_message", "x" * 101: "message_too_long"}.items():
            answer = await page.command("send_message", **question(chat_id, text))
            assert answer["error"]["code"] == code
        assert provider.requests == []


async def test_a_page_follows_so_many_chats_and_no_more(start_server: StartServer) -> None:
    server = await start_server(max_open_chats=2)
    async with server.page() as page:
        first = await page.new_chat()
        await page.new_chat()
        third = new_id("chat")
        await page.command("create_chat", chat_id=third)
        assert (await page.command("open_chat", chat_id=third))["error"]["code"] == "too_many_open_chats"
        await page.command("close_chat", chat_id=first)
        assert (await page.command("open_chat", chat_id=third))["type"] == "command_accepted"
        await page.command("delete_chat", chat_id=third)
        await page.new_chat()


async def test_a_page_may_have_so_many_commands_pending(start_server: StartServer) -> None:
    server = await start_server(max_pending_commands=4)
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        sent = [page.send("create_chat", chat_id=new_id("chat")) for _ in range(50)]
        answers = [await page.answer(command_id) for command_id in sent]
        codes = {a["error"]["code"] for a in answers if a["type"] == "command_rejected"}
        assert codes == {"too_many_commands"}
        assert sum(a["type"] == "command_accepted" for a in answers) >= 4
        assert (await page.command("ping"))["type"] == "command_accepted"


async def test_an_unforeseen_failure_is_answered(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(call: Any, command: CreateChat) -> None:
        raise ZeroDivisionError("nobody thought of this")

    async with server.page() as page:
        await page.until_type("workspace_loaded")
        monkeypatch.setitem(COMMANDS, CreateChat, replace(COMMANDS[CreateChat], run=broken))
        answer = await page.command("create_chat", chat_id=new_id("chat"))
        assert answer["error"]["code"] == "internal_error"
        assert "nobody thought of this" in answer["error"]["detail"]


async def test_tasks_do_not_inherit_the_request(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_server.base.call_context import CallContext

    seen: list[object] = []

    async def look(call: Any, command: CreateChat) -> Done:
        seen.append(CallContext.get(CallContext.JUPYTER_HANDLER))
        return Done()

    async with server.page() as page:
        await page.until_type("workspace_loaded")
        monkeypatch.setitem(COMMANDS, CreateChat, replace(COMMANDS[CreateChat], run=look))
        await page.command("create_chat", chat_id=new_id("chat"))
    assert seen == [None]


async def test_a_page_that_leaves_leaves_nothing(server: Server) -> None:
    running = await server.extension.running()
    services, pages = running.services, running.pages
    async with server.page() as page:
        chat_id = await page.new_chat()
        feed = services.chat_service.feed(chat_id)
        assert len(feed._subscribers) == 1
    async with asyncio.timeout(5):
        while pages.sessions:  # noqa: ASYNC110 - the server tells nobody that a page has gone
            await asyncio.sleep(0.01)
    assert not feed._subscribers
    assert not pages.broadcast("")._readers


# --- how it was asked ------------------------------------------------------------------------------


async def test_a_page_is_told_that_the_answer_came_in_one_piece(server: Server) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=9 refuse=stream")
        run = await page.finished(run_id)
        assert (page.text(run_id), run["finish_reason"], run["streaming"]) == (numbered(9), "stop", "auto")
        assert run["notice"]["message"] == "This deployment does not stream: the answer came in one piece."


async def test_every_page_sees_the_countdown_and_stop_ends_it(server: Server) -> None:
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "fail=429 retry-after=60")
        busy = await page.until(lambda e: e.get("progress", {}).get("stage") == "retrying")
        assert (busy["status"], busy["progress"]["seconds"]) == ("waiting", 60)
        await other.open_chat(chat_id)
        opened = await other.until_type("chat_opened", chat_id=chat_id)
        assert opened["messages"][-1]["runs"][-1]["progress"]["stage"] == "retrying"
        await other.command("interrupt_run", run_id=run_id)
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"


async def test_a_locked_setting_beats_the_chat(start_server: StartServer, provider: ScriptedProvider) -> None:
    server = await start_server(streaming="off", streaming_locked=True)
    async with server.page() as page:
        loaded = await page.until_type("workspace_loaded")
        assert (loaded["streaming"], loaded["streaming_locked"]) == ("off", True)
        chat_id = await page.new_chat(streaming="on")
        run = await page.finished(await page.ask(chat_id, "tokens=2"))
        assert run["streaming"] == "off"
        assert not provider.requests[0].body.get("stream")


async def test_a_chat_is_acknowledged_before_its_snapshot_in_a_frame_of_its_own(server: Server) -> None:
    """Over a slow link the snapshot's frame takes many seconds: the answer must not wait for its end."""
    async with server.page() as page:
        chat_id = await page.new_chat()
        await page.finished(await page.ask(chat_id, "tokens=20000"))
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        # Together: the second is queued while the first is being answered.
        opened = page.send("open_chat", chat_id=chat_id)
        again = page.send("open_chat", chat_id=chat_id)
        await page.answer(again)
        await page.until_type("chat_opened", after=len(page.events) - 1)
        order = [
            event.get("command_id", event["type"])
            for event in page.events
            if event["type"] in ("command_accepted", "chat_opened")
        ]
        assert order[0] == opened
        assert order.index(again) < len(order) - 1 - order[::-1].index("chat_opened")
        snapshots = [frame for frame in page.frames if '"chat_opened"' in frame]
        assert snapshots
        assert all(frame.count("\n") == 0 or frame.startswith('{"type":"chat_opened"') for frame in snapshots)


@pytest.mark.parametrize("chat_id", ["constructor", "__proto__", "toString0", "hasOwnProperty"])
async def test_a_chat_may_have_any_id(server: Server, chat_id: str) -> None:
    status, made = await server.rest("POST", "chats", {"chat_id": chat_id, "title": "one"})
    assert (status, made["chat"]["chat_id"]) == (201, chat_id)
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        assert (await page.command("open_chat", chat_id=chat_id))["type"] == "command_accepted"
        await page.finished(await page.ask(chat_id, "tokens=3"))
    _, chat = await server.rest("GET", f"chats/{chat_id}")
    assert len(chat["messages"]) == 2
    assert (await server.rest("DELETE", f"chats/{chat_id}"))[0] == 200


async def test_nothing_is_kept_of_a_deleted_chat_though_a_page_followed_it(server: Server) -> None:
    services = await server.extension.services()
    async with server.page() as page:
        chat_id = await page.new_chat()
        await page.finished(await page.ask(chat_id, "tokens=2"))
        kept = weakref.ref(services.chat_service.feed(chat_id))
        await page.command("delete_chat", chat_id=chat_id)
        await page.new_chat()
        gc.collect()
        assert kept() is None
