"""The clock of the machine is set forward or back: answers, orders and expiry stay as they are."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from jupyter_stream_chat.protocol import Deployment

from .conftest import Server
from .page import numbered, question
from .test_attachments import CODE, part, upload

JUMPS = {"a second": 1.0, "an hour": 3600.0, "a week": 7 * 86_400.0, "ten years": 10 * 365 * 86_400.0}

Jump = Callable[[float], None]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Return a function that moves the wall clock by so many seconds; time goes on from there."""
    real = time.time

    def by(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return by


@pytest.mark.parametrize("direction", [1, -1], ids=["forward", "back"])
@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
async def test_answers_and_the_order_of_chats(
    server: Server, jump: Jump, seconds: float, direction: int
) -> None:
    async with server.page() as page:
        first, second = [await page.new_chat() for _ in range(2)]
        done = await page.finished(await page.ask(first, "tokens=3"))
        live = await page.ask(second, "tokens=60 rate=100")
        paused = await page.ask(await page.new_chat(), "tokens=60 rate=100")
        await page.until_text(live, 20)
        await page.until_text(paused, 20)
        await page.command("pause_run", run_id=paused)
        jump(direction * seconds)
        assert (await page.finished(live))["finish_reason"] == "stop"
        assert page.text(live) == numbered(60)
        assert (await page.command("resume_run", run_id=paused)).get("note") is None
        assert (await page.finished(paused))["finish_reason"] == "stop"
        again = await page.finished(await page.ask(first, "tokens=5", parent_id=done["message_id"]))
        assert again["finish_reason"] == "stop"
        _, listed = await server.rest("GET", "chats")
        assert listed["chats"][0]["chat_id"] == first, "the chat that was asked in last"
        told = page.of_type("chat_updated")[-1]["chat"]
        assert told["updated_at"] == max(chat["updated_at"] for chat in listed["chats"])
        opened = await page.open_chat(first)
        assert [each["role"] for each in opened["messages"]] == ["user", "assistant"] * 2
        stopped = await page.ask(second, "hang=2", parent_id=None)
        await page.command("interrupt_run", run_id=stopped)
        assert (await page.finished(stopped))["finish_reason"] == "interrupted"


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
async def test_a_draft_keeps_what_is_attached_to_it(server: Server, jump: Jump, seconds: float) -> None:
    await upload(server, CODE)
    jump(seconds)
    await upload(server, "b = 2")  # what nobody uses is looked for then
    async with server.page() as page:
        asked = question(await page.new_chat(), "tokens=1")
        asked["content"] = [part(CODE), *asked["content"]]
        answer = await page.command("send_message", **asked)
        assert answer["type"] == "command_accepted", answer
        await page.finished(asked["run_id"])


async def test_what_a_deployment_refused_is_not_believed_for_longer_because_the_clock_was_ahead(
    server: Server, jump: Jump
) -> None:
    services = await server.extension.services()
    deployments = services.deployments
    deployment = Deployment(provider="azure", endpoint="", model="m")
    await deployments.remember(deployment, "refuses_streaming")
    (found,) = await deployments.all()
    jump(JUMPS["ten years"])
    assert await deployments.all() == [found], "a jump of the clock is no time"
    ahead = found.model_copy(update={"until": found.until + JUMPS["ten years"]})
    await services.chat_service.remember_limitation(ahead, found.until - 1)
    assert await deployments.all() == []
