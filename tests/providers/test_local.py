"""Local models through the registry: the guide, in a real engine process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers import guide
from jupyter_stream_chat.providers.engine_client import EngineClient
from jupyter_stream_chat.providers.errors import classify
from jupyter_stream_chat.providers.profiles import Profile
from jupyter_stream_chat.providers.registry import Registry


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
    assert error.cure


async def test_parameters_reach_the_engine(engine: EngineClient) -> None:
    values = {
        "id": "few",
        "provider": "huggingface",
        "model": str(guide.MODEL_FOLDER),
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
