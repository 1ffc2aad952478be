"""A page behind 1 Mbit/s opens a chat of 300 kB: commands are answered first, and the socket stays."""

from __future__ import annotations

from tests.slow_link import SlowLink

from .conftest import Server
from .page import Page, new_id, numbered

HALF = 150_000
"""Characters of each of the two questions."""


async def large_chat(page: Page) -> tuple[str, str]:
    """Make a chat with a snapshot of 300 kB; return its id and that of its last message."""
    chat_id, parent_id = new_id("chat"), None
    await page.command("create_chat", chat_id=chat_id)
    for _ in range(2):
        ids = {"message_id": new_id("message"), "answer_id": new_id("answer"), "run_id": new_id("run")}
        text = {"type": "text", "text": "tokens=1 " + "word " * (HALF // 5)}
        await page.command("send_message", chat_id=chat_id, parent_id=parent_id, content=[text], **ids)
        await page.until(lambda e: e["type"] == "chat_updated" and not e["chat"]["running"])
        parent_id = ids["answer_id"]
    assert parent_id is not None
    return chat_id, parent_id


async def test_a_large_chat_opens_and_other_commands_are_answered_meanwhile(server: Server) -> None:
    headers = {"Authorization": f"token {server.token}"}
    async with server.page() as near, SlowLink(server.port) as link:
        chat_id, last_id = await large_chat(near)
        url = server.url("ws", "ws").replace(str(server.port), str(link.port))
        async with Page(url, headers) as far:
            await far.until_type("workspace_loaded")
            opening = far.send("open_chat", chat_id=chat_id)
            ping = far.send("ping")
            opened = await far.until_type("chat_opened", chat_id=chat_id)
            snapshot = next(frame for frame in far.frames if '"chat_opened"' in frame)
            assert len(snapshot) > 2 * HALF
            assert opened["messages"][-1]["message_id"] == last_id
            # The acknowledgement is no part of the large frame: it can be read before that has come whole.
            before = far.frames[: far.frames.index(snapshot)]
            assert any(opening in frame for frame in before)
            assert (await far.answer(ping))["type"] == "command_accepted"
            run_id = await far.ask(chat_id, "tokens=20 rate=100", parent_id=last_id)
            assert (await far.finished(run_id))["finish_reason"] == "stop"
            assert far.text(run_id) == numbered(20)
            assert (link.connections, link.ended) == (1, 0)


async def test_stop_is_not_kept_waiting_by_the_snapshot(server: Server) -> None:
    headers = {"Authorization": f"token {server.token}"}
    async with server.page() as near, SlowLink(server.port) as link:
        chat_id, last_id = await large_chat(near)
        url = server.url("ws", "ws").replace(str(server.port), str(link.port))
        async with Page(url, headers) as far:
            await far.until_type("workspace_loaded")
            run_id = await near.ask(chat_id, "hang=3", parent_id=last_id)
            before = len(near.events)
            far.send("open_chat", chat_id=chat_id)
            far.send("interrupt_run", run_id=run_id)
            await near.until(lambda e: e["type"] == "chat_updated" and not e["chat"]["running"], after=before)
            assert not far.of_type("chat_opened"), "the snapshot is still on its way"
            await far.until_type("chat_opened", chat_id=chat_id)
            assert (link.connections, link.ended) == (1, 0)
