"""Two chats at once on one local model, through the server."""

from __future__ import annotations

from pathlib import Path

from tests.tiny_model import make_counting_model, make_tiny_model

from .conftest import StartServer
from .page import numbered

COUNTED = 300


async def test_both_are_written_side_by_side(start_server: StartServer, tmp_path: Path) -> None:
    model = make_counting_model(tmp_path / "model", numbers=COUNTED, layers=4)
    counter = {"id": "counter", "provider": "huggingface", "model": str(model)}
    server = await start_server(profiles=[counter], engine_threads=1)
    async with server.page() as page:
        first = await page.ask(await page.new_chat(), "Count.")
        await page.until_text(first, 1)
        second = await page.ask(await page.new_chat(), "Count.")
        await page.until_text(second, 1)
        assert len(page.text(first)) < len(numbered(COUNTED)), "the first is not over yet"
        for run_id in (first, second):
            assert (await page.finished(run_id))["finish_reason"] == "stop"
            assert page.text(run_id) == numbered(COUNTED)


async def test_a_stop_of_one_leaves_the_other(start_server: StartServer, tmp_path: Path) -> None:
    model = make_counting_model(tmp_path / "model", numbers=COUNTED, layers=4)
    counter = {"id": "counter", "provider": "huggingface", "model": str(model)}
    server = await start_server(profiles=[counter], engine_threads=1)
    async with server.page() as page:
        stopped = await page.ask(await page.new_chat(), "Count.")
        kept = await page.ask(await page.new_chat(), "Count.")
        for run_id in (stopped, kept):
            await page.until_text(run_id, 10)
        await page.command("interrupt_run", run_id=stopped)
        assert (await page.finished(stopped))["finish_reason"] == "interrupted"
        assert numbered(COUNTED).startswith(page.text(stopped))
        assert len(page.text(stopped)) < len(numbered(COUNTED))
        assert (await page.finished(kept))["finish_reason"] == "stop"
        assert page.text(kept) == numbered(COUNTED)


async def test_another_model_waits_until_both_are_over(start_server: StartServer, tmp_path: Path) -> None:
    model = make_counting_model(tmp_path / "model", numbers=COUNTED, layers=4)
    other = make_tiny_model(tmp_path / "other", seed=3)
    profiles = [
        {"id": "counter", "provider": "huggingface", "model": str(model)},
        {"id": "other", "provider": "huggingface", "model": str(other), "parameters": {"max_tokens": 5}},
    ]
    server = await start_server(profiles=profiles, engine_threads=1)
    async with server.page() as page:
        first = await page.ask(await page.new_chat(), "Count.")
        await page.until_text(first, 1)
        waiting = await page.ask(await page.new_chat(profile_id="other"), "Hello")
        await page.until(lambda e: e.get("run_id") == waiting and e.get("status") == "queued")
        assert (await page.finished(first))["finish_reason"] == "stop"
        assert (await page.finished(waiting))["finish_reason"] == "length"
