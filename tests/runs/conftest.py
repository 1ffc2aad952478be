"""Runs without a store: what they would write is kept in memory, in the order in which they did it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from jupyter_stream_chat.protocol import ErrorInfo, Limitation, PartKind, RunInfo, StreamingMode
from jupyter_stream_chat.providers.adapter import OnProgress
from jupyter_stream_chat.providers.errors.classify import classify
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from jupyter_stream_chat.runs.continuation import Prompt
from jupyter_stream_chat.runs.run import Run
from jupyter_stream_chat.runs.settings import RunSettings
from tests.providers.conftest import KEY, profile_values
from tests.scripted_provider import ScriptedProvider

SHAPES = ("openai", "azure", "openai-compatible")


@dataclass
class World:
    """The surroundings of one run. What happened is in ``steps``."""

    model: BaseChatModel
    question: str = "hello"
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    parts: list[tuple[PartKind, str]] = field(default_factory=list)
    """What was put where it survives the process."""
    growth: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever the status or the progress changes."""
    ends: list[RunInfo] = field(default_factory=list)
    profile: Profile | None = None
    remembered: list[Limitation] = field(default_factory=list)
    suspected: list[Limitation] = field(default_factory=list)
    countdown: list[int] = field(default_factory=list)
    """The seconds shown while a busy provider is waited for."""
    counting: asyncio.Event = field(default_factory=asyncio.Event)
    on_progress: asyncio.Future[OnProgress] = field(default_factory=asyncio.Future)

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        self.on_progress.set_result(on_progress)
        return self.model

    async def prompt(self) -> Prompt:
        return Prompt([HumanMessage(content=self.question)])

    async def limitations(self) -> Collection[Limitation]:
        return self.remembered

    async def remember(self, limitation: Limitation) -> None:
        self.remembered.append(limitation)

    async def suspect(self, limitation: Limitation) -> None:
        self.suspected.append(limitation)

    async def forget(self, limitation: Limitation) -> None:
        self.remembered.remove(limitation)

    def explain(self, error: BaseException) -> ErrorInfo:
        return classify(error, self.profile)

    @property
    def kept(self) -> dict[PartKind, str]:
        """All that was kept of each kind."""
        return {
            kind: "".join(text for each, text in self.parts if each == kind) for kind in ("text", "reasoning")
        }

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        if part == len(self.parts):
            self.parts.append((kind, ""))
        self.parts[part] = (kind, self.parts[part][1] + text)
        self.steps.append(("keep", kind, text))
        return True

    def on_text(self, run: Run) -> None:
        assert [(part.kind, str(part)) for part in run.text] == self.parts, "announced before it was kept"
        self.steps.append(("grew", len(run.text) - 1, run.text[-1].length))
        self.growth.set()

    def progressed(self, run: Run) -> None:
        self.steps.append(("status", run.info.status))
        self.told.set()
        if run.info.progress and run.info.progress.seconds is not None:
            self.countdown.append(run.info.progress.seconds)
            self.counting.set()

    async def finished(self, run: Run) -> None:
        self.ends.append(run.info)

    def statuses(self) -> list[str]:
        return [step[1] for step in self.steps if step[0] == "status"]


def make_run(world: World, *, streaming: StreamingMode = "on", **more: Any) -> Run:
    """Start a run in ``world``."""
    info = RunInfo(
        run_id="run-00000001",
        chat_id="chat-0000001",
        message_id="answer-00001",
        profile_id="p",
        model="m",
        streaming=streaming,
        created_at=0,
    )
    run = Run(info, world, RunSettings(**more))
    run.start()
    return run


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """Return a provider that accepts one key only."""
    async with ScriptedProvider(key=KEY) as server:
        yield server


class Models:
    """Opens real models of the scripted provider, one per shape."""

    def __init__(self, provider: ScriptedProvider) -> None:
        values = [profile_values(shape, provider) for shape in SHAPES]
        self._registry = Registry(values, engine=None)  # type: ignore[arg-type]

    async def __call__(self, shape: str, question: str = "hello") -> World:
        profile = self._registry.find(shape)
        assert isinstance(profile, Profile)
        model = await self._registry.open(profile, lambda *_: None)
        return World(model, question, profile=profile)

    async def close(self) -> None:
        await self._registry.close()


@pytest.fixture
async def models(provider: ScriptedProvider) -> AsyncIterator[Models]:
    """Return a function that makes the world of a run that asks the scripted provider."""
    opener = Models(provider)
    yield opener
    await opener.close()
