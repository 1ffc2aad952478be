"""Answers that repeat themselves: paused for a reader; they go on where asked for or where nobody attends."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream_chat.protocol import RegenerateAnswer
from tests.providers.wire_server import WireServer, chunk, said

from .conftest import StartServer
from .page import question
from .test_endpoint import client_of
from .test_wire import asked, kept, opened

SENTENCE = "And then it goes on like this. "


async def test_a_repetition_in_a_script_goes_on_and_is_said(start_server: StartServer) -> None:
    async with WireServer({"stream": said(*[SENTENCE] * 40)}) as wire:
        server = await opened(start_server, wire)
        _, chat = await server.rest("POST", "chats", {})
        fields = {"message_id": "message-script", "answer_id": "answer-script", "run_id": "run-script-1"}
        status, _ = await server.rest(
            "POST",
            f"chats/{chat['chat']['chat_id']}/messages",
            {"content": [{"type": "text", "text": "hello"}], **fields},
        )
        assert status == 202
        services = await server.extension.services()
        if (run := services.runs.live("run-script-1")) is not None:
            await run.wait()
        message = await services.chat_service.message(chat["chat"]["chat_id"], "answer-script")
    (run_info,) = message.runs
    assert (run_info.finish_reason, run_info.notice and run_info.notice.code) == ("stop", "went_on_repeating")
    assert message.content[0].text == SENTENCE * 40


async def test_a_repetition_in_an_answer_that_a_script_continues_goes_on(start_server: StartServer) -> None:
    async with WireServer({"stream": [chunk({"content": "Half. "}), "cut"]}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            _, fields = await asked(page, chat_id, "hello")
        wire.answer = {"stream": said(*[SENTENCE] * 40)}
        status, answer = await server.rest(
            "POST", f"chats/{chat_id}/messages/{fields['answer_id']}/continue", {"run_id": "run-script-2"}
        )
        assert status == 202, answer
        services = await server.extension.services()
        if (run := services.runs.live("run-script-2")) is not None:
            await run.wait()
        message = await services.chat_service.message(chat_id, fields["answer_id"])
    info = message.runs[-1]
    assert (info.finish_reason, info.notice and info.notice.code) == ("stop", "went_on_repeating")


async def test_a_repetition_in_an_answer_that_a_script_asks_for_again_goes_on(
    start_server: StartServer,
) -> None:
    async with WireServer({"stream": said("one")}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            _, fields = await asked(page, chat_id, "hello")
        wire.answer = {"stream": said(*[SENTENCE] * 40)}
        command = RegenerateAnswer(
            chat_id=chat_id,
            message_id=fields["message_id"],
            answer_id="answer-script-3",
            run_id="run-script-3",
            command_id="command-script-3",
        )
        services = await server.extension.services()
        await services.runs.regenerate_answer(command, attended=False)
        if (run := services.runs.live("run-script-3")) is not None:
            await run.wait()
        message = await services.chat_service.message(chat_id, "answer-script-3")
    (info,) = message.runs
    assert (info.finish_reason, info.notice and info.notice.code) == ("stop", "went_on_repeating")


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_a_repetition_in_an_answer_for_another_program_goes_on(
    start_server: StartServer, is_streamed: bool
) -> None:
    async with WireServer({"stream": said(*[SENTENCE] * 40)}) as wire:
        server = await opened(start_server, wire)
        async with client_of(server) as client:
            question: Any = {"model": "wire", "messages": [{"role": "user", "content": "hello"}]}
            if is_streamed:
                chunks = [
                    each async for each in await client.chat.completions.create(**question, stream=True)
                ]
                text = "".join(each.choices[0].delta.content or "" for each in chunks)
                finish = chunks[-1].choices[0].finish_reason
            else:
                choice = (await client.chat.completions.create(**question)).choices[0]
                text, finish = choice.message.content or "", choice.finish_reason
    assert (text, finish) == (SENTENCE * 40, "stop")


@pytest.mark.parametrize(
    "text", [f"Write this sentence forty times: {SENTENCE}", f"Say '{SENTENCE.strip()}' 40 times."]
)
async def test_a_repetition_that_was_asked_for_is_no_loop(start_server: StartServer, text: str) -> None:
    async with WireServer({"stream": said(*[SENTENCE] * 40)}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, fields = await asked(page, chat_id, text)
            assert await kept(server, chat_id, fields["answer_id"]) == (SENTENCE * 40, "")
    assert (run["finish_reason"], run.get("notice"), run.get("error")) == ("stop", None, None)


async def test_the_same_repetition_unasked_for_is_paused(start_server: StartServer) -> None:
    async with WireServer({"stream": said(*[SENTENCE] * 40)}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            fields = question(chat_id, "hello")
            await page.command("send_message", **fields)
            await page.until_type("run_progressed", run_id=fields["run_id"], status="paused")
            await page.command("interrupt_run", run_id=fields["run_id"])
            run = await page.finished(fields["run_id"])
    assert run["finish_reason"] == "repetition"
