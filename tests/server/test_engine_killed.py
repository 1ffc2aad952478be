"""The engine process is killed in mid-stream: its runs keep their text, the others do not notice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.scripted_provider import ScriptedProvider
from tests.tiny_model import make_counting_model

from .conftest import StartServer, scripted_profile
from .page import numbered
from .test_session import digest, text_in

COUNTED = 1000


async def test_kill_9_of_the_engine(
    start_server: StartServer, provider: ScriptedProvider, tmp_path: Path
) -> None:
    model = make_counting_model(tmp_path / "model", numbers=COUNTED, layers=8)
    counter = {"id": "counter", "provider": "huggingface", "model": str(model)}
    server = await start_server(profiles=[counter, scripted_profile(provider)], engine_threads=1)
    engine = (await server.extension.services()).engine
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
