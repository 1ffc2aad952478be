"""The manager, with a real library on a real disk and a real provider: from a question to its written end."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.chats import spool
from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.command_error import CommandError
from jupyter_stream_chat.chats.feed import LiveRun
from jupyter_stream_chat.chats.spool import spooled_runs
from jupyter_stream_chat.protocol import (
    ChatInfo,
    Message,
    RunFinished,
    RunInfo,
    SendMessage,
    StreamingMode,
    UserText,
    Wire,
)
from jupyter_stream_chat.providers.profiles.registry import Registry
from jupyter_stream_chat.runs.manager import RunManager
from tests.providers.conftest import KEY, profile_values
from tests.scripted_provider import ScriptedProvider

from .conftest import SHAPES
from .models import Deaf


class Reader:
    """Follows a chat and folds what it is told."""

    def __init__(self, chat_service: ChatService, chat_id: str) -> None:
        self.events: list[Wire] = []
        self.texts: dict[str, str] = {}
        self.finished = asyncio.Event()
        self.grown = asyncio.Event()
        chat_service.feed(chat_id).subscribe(self)

    def event(self, event: Wire) -> None:
        self.events.append(event)
        if isinstance(event, RunFinished):
            self.finished.set()

    def on_text(self, live: LiveRun) -> None:
        for part in live.text:
            self.texts[part.kind] = str(part)
        self.grown.set()

    async def end(self) -> RunInfo:
        """Wait for the run's end and return it."""
        async with asyncio.timeout(10):
            await self.finished.wait()
        self.finished.clear()
        event = next(e for e in reversed(self.events) if isinstance(e, RunFinished))
        return event.run

    async def text(self, characters: int) -> None:
        """Wait until this much content has come."""
        async with asyncio.timeout(10):
            while len(self.texts.get("text", "")) < characters:
                self.grown.clear()
                await self.grown.wait()


class Server:
    """A library, a registry and a manager, as the server has them."""

    def __init__(self, chat_service: ChatService, provider: ScriptedProvider, **more: Any) -> None:
        self.chat_service = chat_service
        profiles = [profile_values(shape, provider) for shape in SHAPES]
        profiles[0]["parameters"] = {"system_prompt": "Be brief."}
        self.registry = Registry(profiles, engine=None, environ={})  # type: ignore[arg-type]
        self.runs = RunManager(chat_service, self.registry, **more)
        self.asked = 0

    async def chat(
        self, number: int = 1, profile_id: str | None = "openai", streaming: StreamingMode | None = None
    ) -> Reader:
        """Make a chat and follow it."""
        chat_id = f"chat-{number:07d}"
        chat = ChatInfo(
            chat_id=chat_id,
            title="",
            created_at=0,
            updated_at=0,
            profile_id=profile_id,
            streaming=streaming,
        )
        await self.chat_service.create_chat("", chat)
        return Reader(self.chat_service, chat_id)

    def question(self, text: str, number: int = 1, parent: str | None = None) -> SendMessage:
        """Return the command that asks ``text``."""
        self.asked += 1
        return SendMessage(
            command_id=f"command-{self.asked:06d}",
            chat_id=f"chat-{number:07d}",
            message_id=f"question-{self.asked:05d}",
            parent_id=parent,
            content=[UserText(text=text)],
            answer_id=f"answer-{self.asked:07d}",
            run_id=f"run-{self.asked:08d}",
        )

    async def ask(self, text: str, number: int = 1, parent: str | None = None) -> SendMessage:
        """Ask ``text`` and return the command."""
        command = self.question(text, number, parent)
        await self.runs.send_message("", "Ada", command)
        return command

    async def close(self) -> None:
        """Close in the server's order."""
        await self.runs.close()
        await self.registry.close()
        await self.chat_service.close()


@pytest.fixture
async def server(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[Server]:
    """Return a server on a store of its own."""
    server = Server(await ChatService.open(tmp_path), provider, release_seconds=0.5)
    yield server
    await server.close()


async def stored(server: Server, chat: int = 1) -> list[Message]:
    """Return the chat's messages as the store has them."""
    return (await server.chat_service.snapshot(f"chat-{chat:07d}")).messages


async def refusal(server: Server, command: SendMessage) -> str:
    """Send a command that is refused, and return the error's code."""
    with pytest.raises(CommandError) as caught:
        await server.runs.send_message("", "Ada", command)
    assert caught.value.error.message
    return caught.value.error.code


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_question_is_answered_and_written(server: Server, shape: str) -> None:
    reader = await server.chat(profile_id=shape)
    command = await server.ask("tokens=500 reasoning=4")
    run = await reader.end()
    text = "".join(f"t{i} " for i in range(500))
    assert reader.texts == {"text": text, "reasoning": "r0 r1 r2 r3 "}
    assert [event.type for event in reader.events if event.type != "run_progressed"] == [  # type: ignore[attr-defined]
        "message_added",
        "message_added",
        "run_started",
        "run_finished",
    ]
    question, answer = await stored(server)
    assert (question.author, answer.author) == ("Ada", shape)
    assert [(part.type, part.text) for part in answer.content] == [
        ("reasoning", "r0 r1 r2 r3 "),
        ("text", text),
    ]
    assert answer.runs == [run]
    assert run.finish_reason == "stop"
    assert server.runs.live(command.run_id) is None


async def test_the_conversation_so_far_is_sent_with_the_system_prompt(
    server: Server, provider: ScriptedProvider
) -> None:
    reader = await server.chat()
    first = await server.ask("tokens=9 hang=4 reasoning=2")
    await reader.text(len("t0 t1 t2 t3 "))
    server.runs.interrupt(first.run_id, [6, 5])
    await reader.end()
    await server.ask("tokens=1", parent=first.answer_id)
    await reader.end()
    sent = [(message["role"], message["content"]) for message in provider.requests[-1].body["messages"]]
    assert sent == [
        ("system", "Be brief."),
        ("user", "tokens=9 hang=4 reasoning=2"),
        ("assistant", "t0 t1"),  # what was seen, without reasoning
        ("user", "tokens=1"),
    ]


@pytest.mark.parametrize(
    ("chat", "profile", "setting", "locked", "mode"),
    [
        (None, None, "auto", False, "auto"),
        (None, None, "on", False, "on"),
        (None, None, "off", False, "off"),
        (None, "off", "auto", False, "off"),
        (None, "auto", "off", False, "auto"),
        ("on", "off", "auto", False, "on"),
        ("auto", "off", "off", False, "auto"),
        ("off", "on", "on", False, "off"),
        ("off", None, "auto", True, "auto"),
        ("on", "on", "off", True, "off"),
        (None, "off", "on", True, "on"),
    ],
)
async def test_streaming_is_the_chats_choice_then_the_profiles_then_the_setting_unless_locked(
    tmp_path: Path,
    provider: ScriptedProvider,
    chat: StreamingMode | None,
    profile: StreamingMode | None,
    setting: StreamingMode,
    locked: bool,
    mode: StreamingMode,
) -> None:
    server = Server(await ChatService.open(tmp_path), provider, streaming=setting, streaming_locked=locked)
    server.registry.set_stored([profile_values("openai", provider, id="chosen", streaming=profile)])
    reader = await server.chat(profile_id="chosen", streaming=chat)
    await server.ask("tokens=3")
    assert (await reader.end()).streaming == mode
    (request,) = provider.requests
    assert bool(request.body.get("stream")) is (mode != "off")
    await server.close()


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * 101])
async def test_empty_and_overlong_questions_are_refused_before_any_work(
    tmp_path: Path, provider: ScriptedProvider, text: str
) -> None:
    server = Server(await ChatService.open(tmp_path), provider, max_message_characters=100)
    await server.chat()
    code = await refusal(server, server.question(text))
    assert code == ("message_too_long" if text.startswith("x") else "empty_message")
    assert provider.requests == []
    assert await stored(server) == []
    await server.close()


async def test_the_limit_on_live_runs(tmp_path: Path, provider: ScriptedProvider) -> None:
    server = Server(await ChatService.open(tmp_path), provider, max_live_runs=2, release_seconds=0.5)
    readers = [await server.chat(number) for number in (1, 2, 3)]
    first = await server.ask("hang=before-headers", 1)
    await server.ask("hang=before-headers", 2)
    assert await refusal(server, server.question("tokens=1", 3)) == "too_many_runs"
    server.runs.interrupt(first.run_id)
    await readers[0].end()
    await server.ask("tokens=1", 3)
    assert (await readers[2].end()).finish_reason == "stop"
    await server.close()


async def test_refusals_name_what_is_wrong(server: Server) -> None:
    assert await refusal(server, server.question("hello", 9)) == "unknown_chat"
    await server.chat(1)
    await server.ask("hang=before-headers")
    assert await refusal(server, server.question("hello")) == "chat_busy"
    server.registry.set_stored([{"id": "keyless", "provider": "openai", "model": "m"}])
    await server.chat(2, profile_id="keyless")
    assert await refusal(server, server.question("hello", 2)) == "profile_unusable"
    await server.chat(3, profile_id="gone")
    assert await refusal(server, server.question("hello", 3)) == "unknown_profile"


async def test_a_command_sent_twice_is_done_once(server: Server, provider: ScriptedProvider) -> None:
    reader = await server.chat()
    command = server.question("tokens=3 hang=2")
    await asyncio.gather(*(server.runs.send_message("", "Ada", command) for _ in range(3)))
    await reader.text(6)
    server.runs.interrupt(command.run_id)
    await reader.end()
    await server.runs.send_message("", "Ada", command)
    assert len(provider.requests) == 1
    assert len(await stored(server)) == 2


async def test_the_id_of_another_chats_live_run_is_refused(server: Server) -> None:
    reader = await server.chat(1)
    await server.chat(2)
    command = await server.ask("hang=1", 1)
    await reader.text(3)
    again = server.question("hello", 2).model_copy(update={"run_id": command.run_id})
    with pytest.raises(CommandError) as refused:
        await server.runs.send_message("", "Ada", again)
    assert refused.value.error.code == "id_taken"
    server.runs.interrupt(command.run_id)
    await reader.end()


async def test_one_run_is_stopped_and_the_other_goes_on(server: Server, provider: ScriptedProvider) -> None:
    one, other = await server.chat(1), await server.chat(2)
    stopped = await server.ask("hang=3", 1)
    await server.ask("tokens=40 rate=200", 2)
    await one.text(6)
    assert server.runs.interrupt(stopped.run_id) == "interrupted"
    assert (await one.end()).finish_reason == "interrupted"
    assert (await other.end()).finish_reason == "stop"
    assert other.texts["text"] == "".join(f"t{i} " for i in range(40))


async def test_an_interrupt_after_the_end_is_told_so(server: Server) -> None:
    reader = await server.chat()
    command = await server.ask("tokens=2")
    await reader.end()
    assert server.runs.interrupt(command.run_id) == "not_running"
    assert (await stored(server))[1].runs[0].finish_reason == "stop"


async def test_an_interrupt_that_overtakes_its_question_stops_it(
    server: Server, provider: ScriptedProvider
) -> None:
    reader = await server.chat()
    command = server.question("hang=before-headers")
    sending = asyncio.create_task(server.runs.send_message("", "Ada", command))
    await asyncio.sleep(0)
    assert server.runs.live(command.run_id) is None
    server.runs.interrupt(command.run_id, [])
    await sending
    run = await reader.end()
    assert (run.finish_reason, run.kept) == ("interrupted", [])
    assert provider.requests == []


async def test_a_long_time_between_click_and_provider_is_not_ours(
    server: Server, provider: ScriptedProvider
) -> None:
    reader = await server.chat()
    command = await server.ask("tokens=1000 rate=50")
    await reader.text(15)
    clicked = time.monotonic()
    server.runs.interrupt(command.run_id)
    request = await provider.request()
    await request.gone.wait()
    assert request.disconnected is not None
    assert request.disconnected - clicked < 0.1
    assert request.last_token is not None
    run = await reader.end()
    assert run.counts is not None
    assert run.counts.after_interrupt <= 1


async def test_closing_ends_all_keeps_the_text_and_takes_no_more(
    tmp_path: Path, provider: ScriptedProvider
) -> None:
    server = Server(await ChatService.open(tmp_path), provider)
    readers = [await server.chat(number) for number in (1, 2)]
    for number, reader in enumerate(readers, 1):
        await server.ask("hang=3", number)
        await reader.text(9)
    await server.runs.close()
    for number, reader in enumerate(readers, 1):
        run = await reader.end()
        assert (run.finish_reason, run.error and run.error.code) == ("lost", "server_restarted")
        assert (await stored(server, number))[1].content[0].text == "t0 t1 t2 "
    await server.chat(3)
    assert await refusal(server, server.question("hello", 3)) == "server_restarted"
    await server.close()
    assert spooled_runs(tmp_path / "spool") == []


async def test_an_orphan_is_counted_until_it_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    release = asyncio.Event()

    async def open_deaf(*_: Any) -> Deaf:
        return Deaf(release=release)

    monkeypatch.setattr(server.registry, "open", open_deaf)
    reader = await server.chat()
    command = await server.ask("hello")
    await reader.text(5)
    live = server.runs.live(command.run_id)
    assert live is not None
    server.runs.interrupt(command.run_id)
    await live.wait()
    run = await reader.end()
    assert run.timings is not None
    assert run.timings.disconnect_ms is None
    assert server.runs.orphans == 1
    release.set()
    assert live.orphan is not None
    await asyncio.wait({live.orphan})
    await asyncio.sleep(0)
    assert server.runs.orphans == 0


async def test_a_full_disk_does_not_end_the_run(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await server.chat()
    told: list[bool] = []
    server.chat_service.on_not_saved = lambda: told.append(server.chat_service.not_saved is not None)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if b"t3 " in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(spool.os, "write", full)
    await server.ask("tokens=9 rate=100")
    run = await reader.end()
    assert run.finish_reason == "stop"
    assert reader.texts["text"] == "".join(f"t{i} " for i in range(9))
    assert told[0] is True, "it is said that the answer is not being saved"
    assert (await stored(server))[1].content[0].text == reader.texts["text"]


async def test_one_line_at_the_start_and_one_at_the_end_and_no_key(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reader = await server.chat(profile_id="azure")
    command = await server.ask("fail-at=3")
    await reader.end()
    lines = [record for record in caplog.records if record.name.startswith("jupyter_stream_chat.runs")]
    mine = [r.getMessage() for r in lines if r.levelno == logging.INFO and command.run_id in r.getMessage()]
    assert len(mine) == 2
    assert "started" in mine[0]
    assert "ended: error (provider_error)" in mine[1]
    assert KEY not in caplog.text


async def test_observers_see_every_run(server: Server) -> None:
    started: list[RunInfo] = []
    finished: asyncio.Queue[RunInfo] = asyncio.Queue()
    server.runs.on_started.append(started.append)
    server.runs.on_finished.append(finished.put_nowait)
    await server.chat()
    command = await server.ask("tokens=2")
    run = await finished.get()
    assert [info.run_id for info in started] == [run.run_id] == [command.run_id]
    assert (started[0].status, run.status) == ("queued", "finished")
