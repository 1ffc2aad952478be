"""Two chats at once on one local model, through the server."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_stream_chat.providers.local import engine_client
from tests.small_hub import IMPATIENT_ENGINE, silent_hub
from tests.tiny_model import CHAT_TEMPLATE, make_counting_model, make_reciting_model, make_tiny_model

from .conftest import Server, StartServer
from .page import numbered, question
from .test_wire import asked, kept

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


async def local(start_server: StartServer, folder: Path) -> Server:
    profile = {"id": "local", "provider": "huggingface", "model": str(folder)}
    return await start_server(profiles=[profile], engine_threads=1)


OPENS = CHAT_TEMPLATE.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")


@pytest.mark.parametrize(
    ("tokens", "template"),
    [
        # gpt-oss, as a decoder that drops its tokens leaves it
        (["analysis", "Let me see.", "assistantfinal", "It is 4."], CHAT_TEMPLATE),
        (["analysis", "Let me ", "see.", "assistant", "final", "It is 4."], CHAT_TEMPLATE),
        (["<think>", "Let me see.", "</think>", "It is 4."], CHAT_TEMPLATE),
        (["Let me see.", "</think>", "It is 4."], OPENS),
    ],
)
async def test_reasoning_is_told_apart(
    start_server: StartServer, tmp_path: Path, tokens: list[str], template: str
) -> None:
    server = await local(start_server, make_reciting_model(tmp_path, tokens, chat_template=template))
    async with server.page() as page:
        chat_id = await page.new_chat()
        run, fields = await asked(page, chat_id, "Why?")
        assert run["finish_reason"] == "stop"
        assert await kept(server, chat_id, fields["answer_id"]) == ("It is 4.", "Let me see.")


@pytest.mark.parametrize("is_edited", [False, True])
async def test_an_answer_goes_on_as_an_answer_where_the_template_opens_the_reasoning(
    start_server: StartServer, tmp_path: Path, is_edited: bool
) -> None:
    folder = make_reciting_model(tmp_path, ["Let me see.", "</think>", "It is", " 4."], chat_template=OPENS)
    server = await local(start_server, folder)
    async with server.page() as page:
        chat_id = await page.new_chat()
        # Stopped by its length within the answer.
        fields = question(chat_id, "Why?") | {"parameters": {"max_tokens": 3}}
        await page.command("send_message", **fields)
        run = await page.finished(fields["run_id"])
        assert run["finish_reason"] == "length"
        assert await kept(server, chat_id, fields["answer_id"]) == ("It is", "Let me see.")
        ids = {"chat_id": chat_id, "message_id": fields["answer_id"]}
        if is_edited:
            await page.command("edit_answer", **ids, text="It is")
        accepted = await page.command("continue_answer", **ids, run_id="run-goes-on-1")
        assert accepted["type"] == "command_accepted", accepted
        run = await page.finished("run-goes-on-1")
        text, reasoning = await kept(server, chat_id, fields["answer_id"])
    # The model goes on after its last token: nothing of what is kept went into the reasoning.
    assert text.startswith("It is")
    assert reasoning == "Let me see."
    assert run.get("error") is None


async def test_a_hub_that_says_nothing_is_told_on_the_page_and_stop_ends_it(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", IMPATIENT_ENGINE]
    monkeypatch.setattr(engine_client, "engine_command", lambda *options: command)
    with silent_hub(tmp_path) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        profile = {"id": "hub", "provider": "huggingface", "model": "org/tiny"}
        server = await start_server(profiles=[profile])
        async with server.page() as page:
            run_id = await page.ask(await page.new_chat(), "hello")
            await page.until(
                lambda event: (
                    event["type"] == "run_progressed"
                    and (event.get("progress") or {}).get("stage") == "waiting_for_hub"
                )
            )
            await page.command("interrupt_run", run_id=run_id)
            run = await page.finished(run_id)
        assert (run["finish_reason"], run.get("error")) == ("interrupted", None)
        assert not hub.speak.is_set()
