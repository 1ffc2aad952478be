"""Continue: a page goes on with an answer that ended early, in the same message, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.runs.continuation import CONTINUE_INSTRUCTION
from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_tiny_model, plain_answer

from .conftest import KEY, Server, StartServer, scripted_profile
from .page import Page, new_id, numbered

WORDS = "tokens=40 rate=200 repeat=20"


async def stopped(page: Page, question: str = WORDS, shown: int = 31) -> tuple[str, str]:
    """Ask, stop when so much was shown; return the chat and the answer."""
    chat_id = await page.new_chat()
    run_id = await page.ask(chat_id, question)
    await page.until_text(run_id, shown)
    await page.command("interrupt_run", run_id=run_id, shown=[shown])
    run = await page.finished(run_id)
    assert (run["finish_reason"], sum(run["kept"])) == ("interrupted", shown)
    return chat_id, run["message_id"]


async def continued(page: Page, chat_id: str, message_id: str) -> dict[str, Any]:
    """Continue, and return the run once it has ended."""
    run_id = new_id("run")
    answer = await page.command("continue_answer", chat_id=chat_id, message_id=message_id, run_id=run_id)
    assert answer["type"] == "command_accepted", answer
    return await page.finished(run_id)


async def whole(server: Server, chat_id: str) -> str:
    """Return what the last answer says, as far as it counts."""
    _, chat = await server.rest("GET", f"chats/{chat_id}")
    message = chat["messages"][-1]
    kept = {run["run_id"]: sum(run["kept"]) if "kept" in run else None for run in message["runs"]}
    return "".join(part["text"][: kept[part["run_id"]]] for part in message["content"])


@pytest.fixture(params=["vllm", "deepseek", None])
async def preset(request: pytest.FixtureRequest) -> str | None:
    """Return a kind of server; None is asked to go on."""
    name: str | None = request.param
    return name


async def test_it_goes_on_where_it_was_stopped_in_the_same_message(
    start_server: StartServer, provider: ScriptedProvider, preset: str | None
) -> None:
    server = await start_server(profiles=[scripted_profile(provider, preset=preset)])
    async with server.page() as page:
        chat_id, message_id = await stopped(page)
        run = await continued(page, chat_id, message_id)
        assert (run["message_id"], run["finish_reason"]) == (message_id, "stop")
        assert numbered(40)[:31] + page.text(run["run_id"]) == numbered(40)
        assert await whole(server, chat_id) == numbered(40)
        assert len(page.of_type("message_added")) == 2
        body = provider.requests[-1].body
        sent = [(m["role"], m["content"]) for m in body["messages"]]
        kept = numbered(40)[:31].rstrip()
        path = "/beta" if preset == "deepseek" else "/v1"
        assert provider.requests[-1].path == f"{path}/chat/completions"
        assert sent == [("user", WORDS), ("assistant", kept)] + [("user", CONTINUE_INSTRUCTION)] * (
            preset is None
        )
        assert (body.get("continue_final_message"), body["messages"][-1].get("prefix")) == {
            "vllm": (True, None),
            "deepseek": (None, True),
            None: (None, None),
        }[preset]


@pytest.fixture
async def vllm() -> AsyncIterator[ScriptedProvider]:
    """Return a server that lists its models as vLLM does."""
    async with ScriptedProvider(key=KEY, owner="vllm") as provider:
        yield provider


async def test_vllm_is_recognised_by_its_list_of_models(
    start_server: StartServer, vllm: ScriptedProvider
) -> None:
    server = await start_server(profiles=[scripted_profile(vllm)])
    async with server.page() as page:
        await continued(page, *await stopped(page))
        assert vllm.requests[-1].body["continue_final_message"] is True


async def test_a_second_stop_keeps_both_parts_and_it_goes_on_again(server: Server) -> None:
    async with server.page() as page:
        chat_id, message_id = await stopped(page)
        run_id = new_id("run")
        await page.command("continue_answer", chat_id=chat_id, message_id=message_id, run_id=run_id)
        await page.until_text(run_id, 12)
        await page.command("interrupt_run", run_id=run_id, shown=[12])
        await page.finished(run_id)
        assert await whole(server, chat_id) == numbered(40)[: 31 + 12]
        await continued(page, chat_id, message_id)
        assert await whole(server, chat_id) == numbered(40)


async def test_the_next_question_follows_the_joined_answer(
    server: Server, provider: ScriptedProvider
) -> None:
    async with server.page() as page:
        chat_id, message_id = await stopped(page)
        await continued(page, chat_id, message_id)
        await page.finished(await page.ask(chat_id, "tokens=1", parent_id=message_id))
        sent = [(m["role"], m["content"]) for m in provider.requests[-1].body["messages"]]
        assert sent == [("user", WORDS), ("assistant", numbered(40)), ("user", "tokens=1")]


async def test_where_nothing_was_kept_the_question_is_asked_again(
    server: Server, provider: ScriptedProvider
) -> None:
    async with server.page() as page:
        chat_id, message_id = await stopped(page, shown=0)
        await continued(page, chat_id, message_id)
        assert await whole(server, chat_id) == numbered(40)
        assert provider.requests[-1].body["messages"] == provider.requests[0].body["messages"]


@pytest.mark.parametrize("fault", ["cut=5", "fail-at=5", "finish=length"])
async def test_an_answer_that_broke_off_goes_on(server: Server, fault: str) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run = await page.finished(await page.ask(chat_id, f"tokens=5 {fault}"))
        assert run["finish_reason"] in ("error", "length")
        again = await continued(page, chat_id, run["message_id"])
        assert again["finish_reason"] == "stop"
        assert await whole(server, chat_id) == numbered(5)


async def test_a_second_page_sees_the_same(server: Server) -> None:
    async with server.page() as page, server.page() as other:
        chat_id, message_id = await stopped(page)
        await other.open_chat(chat_id)
        run = await continued(page, chat_id, message_id)
        assert await other.finished(run["run_id"]) == run
        assert other.text(run["run_id"]) == page.text(run["run_id"])


async def test_sent_twice_it_is_done_once(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id, message_id = await stopped(page)
        fields = {"chat_id": chat_id, "message_id": message_id, "run_id": new_id("run")}
        for _ in range(3):
            assert (await page.command("continue_answer", **fields))["type"] == "command_accepted"
        await page.finished(fields["run_id"])
        assert (await page.command("continue_answer", **fields))["type"] == "command_accepted"
        assert len(page.of_type("run_started")) == 2
        assert len(provider.requests) == 2


async def test_what_is_no_answer_or_is_being_written_is_refused(server: Server) -> None:
    async with server.page() as page:
        chat_id, _ = await stopped(page)
        asked = page.of_type("message_added")[0]["message"]["message_id"]
        fields = {"chat_id": chat_id, "run_id": new_id("run")}
        for message_id, code in [(asked, "no_answer"), (new_id("message"), "unknown_message")]:
            answer = await page.command("continue_answer", message_id=message_id, **fields)
            assert answer["error"]["code"] == code
        run_id = await page.ask(chat_id, "hang=after-headers")
        started = page.of_type("run_started")[-1]["run"]
        answer = await page.command("continue_answer", message_id=started["message_id"], **fields)
        assert answer["error"]["code"] == "chat_busy"
        await page.command("interrupt_run", run_id=run_id)


async def test_by_rest(server: Server) -> None:
    async with server.page() as page:
        chat_id, message_id = await stopped(page)
    status, begun = await server.rest("POST", f"chats/{chat_id}/messages/{message_id}/continue")
    assert (status, begun["message_id"]) == (202, message_id)
    async with server.page() as page:
        await page.open_chat(chat_id)
        status, run = await server.rest("GET", f"runs/{begun['run_id']}")
        if run["run"]["status"] != "finished":
            await page.finished(begun["run_id"])
    assert await whole(server, chat_id) == numbered(40)


async def test_a_local_model_goes_on_with_its_own_words(start_server: StartServer, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny")
    profile = {
        "id": "tiny",
        "provider": "huggingface",
        "model": str(folder),
        "parameters": {"max_tokens": 20, "temperature": 0},
    }
    server = await start_server(profiles=[profile])
    async with server.page() as page:
        chat_id = await page.new_chat()
        run = await page.finished(await page.ask(chat_id, "Hello"))
        assert run["finish_reason"] == "length"
        first = page.text(run["run_id"])
        again = await continued(page, chat_id, run["message_id"])
        question = [{"role": "user", "content": "Hello"}]
        go_on = plain_answer(folder, question, max_new_tokens=20, do_sample=False, begun=first.rstrip())
        assert first.rstrip() + go_on == first + page.text(again["run_id"])
