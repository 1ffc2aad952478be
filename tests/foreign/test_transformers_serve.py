"""The OpenAI path against ``transformers serve``: the same text as the public client's, and Stop frees it."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from tests.server.conftest import Server, StartServer
from tests.server.page import PATIENCE

from .conftest import ENDLESS, Served, publicly, serving
from .processes import until_busy, until_idle

QUESTIONS = ["Hello", "今天天气怎么样？", "def stream(text):"]


@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_the_same_text_as_the_public_client_gives(
    served: Served, start_server: StartServer, public_client: openai.AsyncOpenAI, streaming: str
) -> None:
    server = await start_server(profiles=[served.profile(streaming=streaming)])
    async with server.page() as page:
        for question in QUESTIONS:
            expected = await publicly(public_client, served.model, question, streamed=streaming == "on")
            run_id = await page.ask(await page.new_chat(), question)
            run = await page.finished(run_id)
            assert page.text(run_id) == expected
            assert run["finish_reason"] == "length"
            assert run["usage"]["output_tokens"] == 60
            assert run["counts"]["unreported"] == 0
            assert (run["counts"]["tokens"] > 1) is (streaming == "on")


async def test_stop_ends_an_answer_in_one_piece(served: Served, start_server: StartServer) -> None:
    # Without a stream this server notices nobody's leaving: it computes on, so this answer has an end.
    server = await start_server(profiles=[served.profile(streaming="off", parameters={"max_tokens": 2000})])
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(), "Hello")
        await until_busy(served.process)
        await page.command("interrupt_run", run_id=run_id)
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"
    await until_idle(served.process)


async def test_the_doctor_finds_nothing_wrong(served: Served, start_server: StartServer) -> None:
    server = await start_server(profiles=[served.profile()])
    response = await server.fetch("POST", "doctor", {"profile_id": "served"}, request_timeout=PATIENCE)
    assert b'"fail"' not in response.body, response.body.decode()


async def test_stop_frees_it(served: Served, start_server: StartServer, tmp_path: Path) -> None:
    # Where a client leaves while this server sends, its stream is ended by its garbage collector, if ever. So
    # the last test of this server may ask another one, once; that we have left is seen in both.
    server = await start_server(profiles=[])
    if not await _stop_frees(server, served):
        with serving(tmp_path) as another:
            assert await _stop_frees(server, another)


async def _stop_frees(server: Server, served: Served) -> bool:
    profile = served.profile(id=f"of-{served.process.pid}", parameters={"max_tokens": ENDLESS})
    assert (await server.rest("POST", "profiles", profile))[0] == 201
    async with server.page() as page:
        run_id = await page.ask(await page.new_chat(profile_id=profile["id"]), "Hello")
        await page.until_text(run_id, 50)
        assert served.connections == 1
        await page.command("interrupt_run", run_id=run_id)
        assert (await page.finished(run_id))["finish_reason"] == "interrupted"
        assert served.connections == 0
    try:
        await until_idle(served.process)
    except TimeoutError:
        return False
    return True
