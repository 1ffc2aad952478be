"""Stop in every situation, over a real socket: a run ends, its provider is let go, what was shown stays."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_tiny_model

from .conftest import Server, StartServer
from .page import PATIENCE, Page, new_id, numbered, question
from .sync_model import Deaf, SyncOnly


async def stop(page: Page, run_id: str, *shown: int) -> dict[str, Any]:
    """Stop a run, and return it once it has ended."""
    answer = await page.command("interrupt_run", run_id=run_id, **({"shown": list(shown)} if shown else {}))
    assert (answer["type"], answer.get("note")) == ("command_accepted", None)
    run = await page.finished(run_id)
    assert run["finish_reason"] == "interrupted"
    assert run["timings"]["disconnect_ms"] is not None
    return run


async def released(provider: ScriptedProvider, number: int = 0) -> None:
    """Wait until the provider has lost its client."""
    request = await provider.request(number)
    await request.gone.wait()
    assert request.disconnected is not None


@pytest.mark.parametrize("where", ["before-headers", "after-headers", "after-headers ping=0.05"])
@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_before_the_first_token(
    server: Server, provider: ScriptedProvider, where: str, streaming: str
) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat(streaming=streaming)
        run_id = await page.ask(chat_id, f"hang={where}")
        await provider.request(0)
        run = await stop(page, run_id)
        assert (page.text(run_id), run["counts"]["discarded"]) == ("", 0)
        await released(provider)


async def test_in_mid_stream_and_it_says_what_it_did(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "tokens=5000 rate=100")
        await page.until_text(run_id, 30)
        run = await stop(page, run_id, 12)
        assert run["kept"][0] == 12
        # Each token is three characters at first: four were shown.
        length = run["digest"][0]["length"]
        assert run["counts"]["discarded"] == len(numbered(5000)[:length].split()) - 4
        await released(provider)


async def test_a_stream_that_stands_still(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "hang=5 ping=0.05")
        await page.until_text(run_id, len(numbered(5)))
        await stop(page, run_id)
        assert page.text(run_id) == numbered(5)
        await released(provider)


async def test_from_a_second_page(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=100")
        await page.until_text(run_id, 12)
        await other.open_chat(chat_id)
        run = await stop(other, run_id, 9)
        assert await page.finished(run_id) == run
        await released(provider)


async def test_after_a_reload(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=5000 rate=100")
        await page.until_text(run_id, 12)
    async with server.page() as page:
        await page.open_chat(chat_id)
        opened = await page.until_type("chat_opened", chat_id=chat_id)
        assert opened["messages"][-1]["runs"][-1]["run_id"] == run_id
        await stop(page, run_id)
        await released(provider)


async def test_one_of_several_runs(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        runs = [await page.ask(await page.new_chat(), f"tokens={200 + n} rate=200") for n in range(3)]
        await page.until_text(runs[1], 12)
        await stop(page, runs[1])
        for n in (0, 2):
            run = await page.finished(runs[n])
            assert (run["finish_reason"], page.text(runs[n])) == ("stop", numbered(200 + n))


async def test_before_its_own_question(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        asked = question(chat_id, "tokens=5000 rate=100")
        stopped = page.send("interrupt_run", run_id=asked["run_id"], shown=[0])
        await page.command("send_message", **asked)
        assert (await page.answer(stopped))["note"] == "not_running"
        run = await page.finished(asked["run_id"])
        assert (run["finish_reason"], sum(run["kept"])) == ("interrupted", 0)
        assert not provider.requests, "the model was not asked"


async def test_past_a_socket_that_is_stuck(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "tokens=5000 rate=100")
        await page.until_text(run_id, 12)
        status, _ = await server.rest("POST", f"runs/{run_id}/interrupt", {"shown": [6]})
        assert status == 200
        assert (await page.finished(run_id))["kept"][0] == 6
        await released(provider)


async def test_a_countdown(server: Server, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "fail=429 retry-after=100")
        await page.until(lambda e: e.get("progress", {}).get("stage") == "retrying")
        await stop(page, run_id)
        assert len(provider.requests) == 1


async def test_a_model_without_asyncio(start_server: StartServer) -> None:
    profile = {"id": "sync", "provider": "langchain", "class_path": "tests.server.sync_model.SyncOnly"}
    server = await start_server(profiles=[profile])
    SyncOnly.closed.clear()
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Count.")
        await page.until_text(run_id, 9)
        await stop(page, run_id)
        assert await asyncio.to_thread(SyncOnly.closed.wait, 30), "its stream was closed"
        assert SyncOnly.open == []


# --- a local model --------------------------------------------------------------------------------------


@pytest.fixture
async def local(start_server: StartServer, tmp_path: Path) -> Server:
    """Return a server with a model of its own, which goes on for ever."""
    folder = make_tiny_model(tmp_path / "tiny", layers=4, hidden=128, context=8192)
    profile = {
        "id": "tiny",
        "provider": "huggingface",
        "model": str(folder),
        "on_repetition": "off",
        "parameters": {"temperature": 1.0, "seed": 1},
    }
    return await start_server(profiles=[profile], engine_max_chats=1)


async def test_a_local_model_in_each_of_its_stages(local: Server) -> None:
    async with local.page() as page:
        # While it loads.
        run_id = await page.ask(await page.new_chat(), "Hello")
        await page.until(lambda e: e.get("progress", {}).get("stage") in ("importing", "loading"))
        await stop(page, run_id)
        assert page.text(run_id) == ""
        # In mid-answer.
        running = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(running, 20)
        # In the queue, behind that one.
        queued = await page.ask(await page.new_chat(), "Hello")
        await page.until(
            lambda e: e.get("run_id") == queued and e.get("progress", {}).get("stage") == "queued"
        )
        await stop(page, queued)
        assert page.text(queued) == ""
        run = await stop(page, running)
        assert run["digest"][0]["length"] >= 20
        # While it reads a long prompt.
        reading = await page.ask(await page.new_chat(), "今天天气很好 hello 😀 " * 400)
        await page.until(lambda e: e.get("run_id") == reading and e.get("status") == "waiting")
        await stop(page, reading)
        # And it answers the next question.
        last = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(last, 5)
        await stop(page, last)


async def test_a_local_answer_is_not_paused_for_ever(start_server: StartServer, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny", layers=4, hidden=128, context=8192)
    profile = {"id": "tiny", "provider": "huggingface", "model": str(folder), "on_repetition": "off"}
    server = await start_server(profiles=[profile], max_pause_seconds=1)
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "Hello")
        await page.until_text(run_id, 20)
        await page.command("pause_run", run_id=run_id, shown=[7])
    # The browser is closed; another one looks later.
    async with server.page() as page:
        await page.open_chat(chat_id)
        run = (await page.until_type("chat_opened"))["messages"][-1]["runs"][-1]
        if run["status"] != "finished":
            run = await page.finished(run_id)
        assert (run["finish_reason"], run["kept"]) == ("timeout", [7])
        assert run["time_limit"] == {"limit_kind": "resume", "seconds": 1}
        again = await page.ask(chat_id, "Hello", parent_id=run["message_id"])
        await page.until_text(again, 5)
        await stop(page, again)


async def test_a_paused_local_answer_lets_others_by_and_goes_on(local: Server) -> None:
    async with local.page() as page:
        first = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(first, 20)
        shown = len(page.text(first))
        assert (await page.command("pause_run", run_id=first, shown=[shown])).get("note") is None
        paused = await page.until_type("run_progressed", run_id=first, status="paused")
        assert paused["pause"]["auto_end_seconds"] == 4 * 3600
        second = await page.ask(await page.new_chat(), "Hello")
        await page.until_text(second, 20)
        held = page.text(first)
        await stop(page, second)
        assert page.text(first) == held
        await page.command("resume_run", run_id=first)
        await page.until_text(first, len(held) + 20)
        await stop(page, first)


# --- pause, over the socket -----------------------------------------------------------------------------


async def test_every_page_sees_a_pause_and_may_end_it(server: Server) -> None:
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "tokens=300 rate=60")
        await page.until_text(run_id, 12)
        await page.command("pause_run", run_id=run_id)
        await other.open_chat(chat_id)
        opened = await other.until_type("chat_opened", chat_id=chat_id)
        run = opened["messages"][-1]["runs"][-1]
        assert (run["status"], run["pause"]["reason"], run["pause"]["auto_end_seconds"]) == (
            "paused",
            "asked",
            60,
        )
        status, _ = await server.rest("POST", f"runs/{run_id}/resume")
        assert status == 200
        assert (await page.finished(run_id))["finish_reason"] == "stop"
        assert page.text(run_id) == numbered(300)
        assert (await page.command("pause_run", run_id=run_id))["note"] == "not_running"
        assert (await page.command("resume_run", run_id=new_id("run")))["note"] == "not_running"


async def test_a_chat_is_deleted_though_its_provider_does_not_close_the_connection(
    start_server: StartServer,
) -> None:
    profile = {"id": "deaf", "provider": "langchain", "class_path": "tests.server.sync_model.Deaf"}
    server = await start_server(profiles=[profile])
    services = await server.extension.services()
    async with server.page() as page, server.page() as other:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "Hello")
        await page.until_text(run_id, 5)
        try:
            deleted = await page.command("delete_chat", chat_id=chat_id)
            assert deleted["type"] == "command_accepted"
            assert services.runs.live(run_id) is not None, "its model still ignores the interrupt"
            await other.until_type("chat_deleted", chat_id=chat_id)
            again = await page.command("delete_chat", chat_id=chat_id)
            assert again["type"] == "command_accepted"
        finally:
            Deaf.release.set()
        async with asyncio.timeout(PATIENCE):
            if run := services.runs.live(run_id):
                await run.wait()
        assert not page.of_type("command_rejected")
    async with server.page() as page:
        assert (await page.until_type("workspace_loaded"))["chats"] == []
