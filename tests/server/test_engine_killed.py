"""The engine process is killed in mid-stream: its runs keep their text, the others do not notice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from jupyter_stream_chat.providers.local.engine_client import EngineClient
from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_counting_model

from .conftest import Server, StartServer, scripted_profile
from .page import numbered
from .test_session import digest, text_in

COUNTED = 1000


@pytest.fixture
async def server(start_server: StartServer, provider: ScriptedProvider, tmp_path: Path) -> Server:
    """Return a server whose default profile is a local model that counts."""
    model = make_counting_model(tmp_path / "model", numbers=COUNTED, layers=8)
    counter = {"id": "counter", "provider": "huggingface", "model": str(model)}
    return await start_server(profiles=[counter, scripted_profile(provider)], engine_threads=1)


@pytest.fixture
async def engine(server: Server) -> EngineClient:
    """Return the client of that server's engine."""
    return (await server.extension.services()).engine


async def test_kill_9_of_the_engine(server: Server, engine: EngineClient, provider: ScriptedProvider) -> None:
    async with server.page() as page:
        hosted_chat = await page.new_chat(profile_id="scripted")
        local_chat, waiting_chat = await page.new_chat(), await page.new_chat()
        local = await page.ask(local_chat, "Count.")
        await page.until_text(local, 40)
        waiting = await page.ask(waiting_chat, "Count.")
        hosted = await page.ask(hosted_chat, "tokens=300 rate=100")
        await page.until_text(hosted, 20)
        pid = engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        run = await page.finished(local)
        assert (run["finish_reason"], run["error"]["code"]) == ("error", "engine_restarted")
        text = page.text(local)
        assert numbered(COUNTED).startswith(text)
        assert len(text) >= 40
        assert digest(text) == run["digest"][0]
        assert (await page.finished(waiting))["error"]["code"] == "engine_restarted"
        other = await page.finished(hosted)
        assert (other["finish_reason"], page.text(hosted)) == ("stop", numbered(300))
        assert len(provider.requests) == 1

        again = await page.ask(waiting_chat, "Count.")
        assert (await page.finished(again))["finish_reason"] == "stop"
        assert page.text(again) == numbered(COUNTED)
        assert engine.pid not in (None, pid)
    async with server.page() as page:
        await page.open_chat(local_chat)
        assert text_in(page.of_type("chat_opened")[0], local) == text


async def hung(engine: EngineClient) -> int:
    """Let the engine hang, as one does that is stuck in a step; return its process."""
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


@pytest.mark.parametrize("wakes", [True, False], ids=["it wakes up", "it never wakes up"])
async def test_questions_behind_the_stop_of_an_engine_that_hangs_are_answered(
    server: Server, engine: EngineClient, wakes: bool
) -> None:
    async with server.page() as page:
        chats = [await page.new_chat() for _ in range(3)]
        ready = await page.ask(chats[1], "Count.")
        await page.finished(ready)
        stopped = await page.ask(chats[0], "Count.")
        await page.until_text(stopped, 40)
        pid = await hung(engine)
        await page.command("interrupt_run", run_id=stopped)
        run = await page.finished(stopped)
        assert run["finish_reason"] == "interrupted"
        again = await page.ask(chats[0], "Count.", parent_id=run["message_id"])
        other = await page.ask(chats[2], "Count.")
        if wakes:
            os.kill(pid, signal.SIGCONT)
        for run_id in (again, other):
            answer = await page.finished(run_id)
            assert (answer["finish_reason"], answer.get("error")) == ("stop", None)
            assert page.text(run_id) == numbered(COUNTED)
        assert (engine.pid == pid) == wakes


async def test_a_question_whose_engine_hangs_may_be_stopped_again_and_again(
    server: Server, engine: EngineClient
) -> None:
    async with server.page() as page:
        chat_id = await page.new_chat()
        run_id = await page.ask(chat_id, "Count.")
        await page.until_text(run_id, 40)
        await hung(engine)
        for _ in range(3):
            await page.command("interrupt_run", run_id=run_id)
            run = await page.finished(run_id)
            assert run["finish_reason"] == "interrupted"
            run_id = await page.ask(chat_id, "Count.", parent_id=run["message_id"])
        assert (await page.finished(run_id))["finish_reason"] == "stop"
        assert page.text(run_id) == numbered(COUNTED)
