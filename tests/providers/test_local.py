"""Local models through the registry: the guide, in a real engine process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_stream_chat.guide import path as model_folder
from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.errors.classify import classify
from jupyter_stream_chat.providers.local import guide
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry


@pytest.fixture
async def engine() -> AsyncIterator[EngineClient]:
    """Return a client whose process ends with the test."""
    client = EngineClient(threads=1)
    yield client
    await client.close()


def found(registry: Registry, profile_id: str) -> Profile:
    profile = registry.find(profile_id)
    assert isinstance(profile, Profile)
    return profile


async def test_the_guide_answers_without_any_configuration(engine: EngineClient) -> None:
    registry = Registry(engine=engine)
    stages: list[str] = []
    model = await registry.open(
        found(registry, registry.default_id or ""), lambda stage, *_: stages.append(stage)
    )
    pieces = [chunk.content async for chunk in model.astream("How do I stop an answer?")]
    assert len([piece for piece in pieces if piece]) > 5, "it comes token by token"
    assert "loading" in stages


async def test_the_guides_engine_starts_before_the_first_question(engine: EngineClient) -> None:
    registry = Registry(engine=engine)
    await registry.start_ahead()
    assert (pid := engine.pid)
    model = await registry.open(found(registry, guide.GUIDE_ID), lambda *_: None)
    await model.ainvoke("How do I stop an answer?")
    assert engine.pid == pid, "the question goes to the same process"


async def test_no_engine_starts_for_a_default_that_needs_none(engine: EngineClient) -> None:
    hosted = {"id": "gpt", "provider": "openai", "model": "gpt-4o", "api_key": "sk-any"}
    await Registry([hosted], engine=engine).start_ahead()
    assert engine.pid is None


async def test_an_engine_that_cannot_be_started_ahead_keeps_nothing_from_opening() -> None:
    missing = EngineClient(command=["/nowhere/python"])
    await Registry(engine=missing).start_ahead()
    assert missing.pid is None


async def test_the_guide_takes_little_memory_and_gives_it_back() -> None:
    engine = EngineClient(threads=1, idle_seconds=5)
    registry = Registry(engine=engine)
    model = await registry.open(found(registry, guide.GUIDE_ID), lambda *_: None)
    await model.ainvoke("What is a profile?")
    assert engine.pid
    process = psutil.Process(engine.pid)
    assert 0 < process.memory_info().rss <= 600_000_000
    gone = await asyncio.to_thread(process.wait, 60)
    assert gone is None or gone == 0, "idle, it ends by itself"
    assert engine.pid is None
    await engine.close()


def test_the_guide_says_what_it_is() -> None:
    info = Registry(engine=EngineClient()).infos()[-1]
    assert (info.profile_id, info.locked) == (guide.GUIDE_ID, True)
    assert "small built-in model" in (info.notice or "")


async def test_a_folder_without_a_model_is_explained(engine: EngineClient, tmp_path: Any) -> None:
    registry = Registry([{"id": "hf", "provider": "huggingface", "model": str(tmp_path)}], engine=engine)
    profile = found(registry, "hf")
    model = await registry.open(profile, lambda *_: None)
    with pytest.raises(Exception) as caught:
        await model.ainvoke("hello")
    error = classify(caught.value, profile)
    assert isinstance(error, ErrorInfo)
    assert error.code != "provider_error", "the engine's own words are used"
    assert error.hint


async def test_parameters_reach_the_engine(engine: EngineClient) -> None:
    values = {
        "id": "few",
        "provider": "huggingface",
        "model": str(model_folder()),
        "parameters": {"max_tokens": 3, "temperature": 0, "top_k": 5, "repetition_penalty": 1.0},
    }
    registry = Registry([values], engine=engine)
    model = await registry.open(found(registry, "few"), lambda *_: None)
    message = await model.ainvoke("How do I stop an answer?")
    assert message.response_metadata["finish_reason"] == "length"


async def test_the_models_that_were_downloaded_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for folder in ("models--Qwen--Qwen2.5-0.5B-Instruct", "models--gpt2", "datasets--a--b"):
        (tmp_path / folder).mkdir()
    registry = Registry([{"id": "hf", "provider": "huggingface", "model": "gpt2"}], engine=EngineClient())
    async with registry.trial(found(registry, "hf")) as adapter:
        assert await adapter.models(found(registry, "hf")) == ["Qwen/Qwen2.5-0.5B-Instruct", "gpt2"]
