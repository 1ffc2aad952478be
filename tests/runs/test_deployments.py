"""What is remembered of deployments, from question to question and from server to server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.protocol import RunInfo
from jupyter_stream_chat.runs.deployments import Deployments
from tests.providers.conftest import profile_values
from tests.scripted_provider import ScriptedProvider

from .conftest import SHAPES
from .test_manager import Server

DAY = 86_400.0
MINUTES = 600.0


class Clock:
    """Seconds since the epoch, as a test says."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class QuestionRun:
    """A server that asks the same question again and again."""

    def __init__(self, server: Server, provider: ScriptedProvider, deployments: Deployments) -> None:
        self.deployments = deployments
        self.server = server
        self._provider = provider
        self._chats = 0

    async def __call__(self, question: str, profile_id: str = "openai") -> tuple[RunInfo, list[bool]]:
        """Ask, and return the run and for each request whether it asked for a stream."""
        before = len(self._provider.requests)
        self._chats += 1
        reader = await self.server.chat(self._chats, profile_id=profile_id)
        await self.server.ask(question, self._chats)
        run = await reader.end()
        return run, [bool(request.body.get("stream")) for request in self._provider.requests[before:]]

    async def remembered(self) -> list[tuple[str, str, float]]:
        """Return model, limitation and end of all that is remembered."""
        return [(each.model, each.limitation, each.until) for each in await self.deployments.all()]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ask(tmp_path: Path, provider: ScriptedProvider, clock: Clock) -> AsyncIterator[QuestionRun]:
    chat_service = await ChatService.open(tmp_path)
    deployments = Deployments(chat_service, clock=clock)
    server = Server(chat_service, provider, deployments=deployments)
    yield QuestionRun(server, provider, deployments)
    await server.close()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("question", "seconds"),
    [("refuse=stream", DAY), ("body=json", DAY), ("fail-stream=500", MINUTES)],
)
async def test_a_deployment_is_asked_to_stream_again_when_the_time_is_up(
    ask: QuestionRun, clock: Clock, shape: str, question: str, seconds: float
) -> None:
    asked = [(await ask(question, shape))[1]]
    clock.now += seconds - 1
    asked.append((await ask(question, shape))[1])
    clock.now += 2
    assert await ask.remembered() == []
    asked.append((await ask(question, shape))[1])
    assert asked == [[True, False], [False], [True, False]]
    assert [until for _, _, until in await ask.remembered()] == [clock.now + seconds]


@pytest.mark.parametrize("shape", SHAPES)
async def test_stream_options_are_left_out_for_a_day(ask: QuestionRun, clock: Clock, shape: str) -> None:
    counts = [len((await ask("refuse=stream_options", shape))[1])]
    clock.now += DAY - 1
    counts.append(len((await ask("refuse=stream_options", shape))[1]))
    clock.now += 2
    counts.append(len((await ask("refuse=stream_options", shape))[1]))
    assert counts == [2, 1, 2]


async def test_forgetting_asks_anew(ask: QuestionRun) -> None:
    await ask("refuse=stream")
    await ask.deployments.forget()
    assert await ask.remembered() == []
    assert (await ask("refuse=stream"))[1] == [True, False]


async def test_on_asks_for_a_stream_whatever_is_remembered(ask: QuestionRun) -> None:
    await ask("refuse=stream")
    reader = await ask.server.chat(9, streaming="on")
    await ask.server.ask("tokens=2", 9)
    run = await reader.end()
    assert (run.finish_reason, run.notice, run.counts and run.counts.tokens) == ("stop", None, 2)


async def test_what_fails_both_ways_is_not_remembered(ask: QuestionRun) -> None:
    run, asked = await ask("fail=500")
    assert (run.finish_reason, asked) == ("error", [True, False])
    assert await ask.remembered() == []


async def test_it_is_one_deployment_that_is_remembered_not_one_profile(
    ask: QuestionRun, provider: ScriptedProvider
) -> None:
    ask.server.registry.set_stored(
        [
            profile_values("azure", provider, id="twin"),
            profile_values("azure", provider, id="sibling", azure_deployment="other"),
            profile_values("azure", provider, id="newer", api_version="2025-01-01"),
        ]
    )
    asked = {name: (await ask("refuse=stream", name))[1] for name in ("azure", "twin", "sibling", "newer")}
    assert asked == {
        "azure": [True, False],
        "twin": [False],
        "sibling": [True, False],
        "newer": [True, False],
    }


async def test_the_next_server_knows_and_the_notice_is_in_the_store(
    tmp_path: Path, provider: ScriptedProvider
) -> None:
    first = Server(await ChatService.open(tmp_path), provider)
    reader = await first.chat()
    command = await first.ask("refuse=stream")
    run = await reader.end()
    assert run.notice is not None
    await first.close()
    chat_service = await ChatService.open(tmp_path)
    message = await chat_service.message_of_run(command.run_id)
    assert message is not None
    assert message.runs[0].notice == run.notice
    (known,) = await Deployments(chat_service).all()
    assert (known.provider, known.endpoint, known.model) == ("openai", provider.openai_url, "scripted")
    await chat_service.close()


async def test_a_stop_in_mid_air_remembers_nothing(ask: QuestionRun, provider: ScriptedProvider) -> None:
    reader = await ask.server.chat(8)
    command = await ask.server.ask("refuse=stream hang=after-headers", 8)
    await provider.request(1)
    ask.server.runs.interrupt(command.run_id)
    assert (await reader.end()).finish_reason == "interrupted"
    assert await ask.remembered() == []
