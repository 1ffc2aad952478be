"""Profiles by id, the default, and models that are built once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.local import adapter as local
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.scripted_provider import ScriptedProvider

from .conftest import profile_values

OPENAI = {"id": "gpt", "provider": "openai", "model": "gpt-4o-mini"}
SECOND = {"id": "second", "provider": "openai", "model": "gpt-4o"}
WITH_KEY = {"OPENAI_API_KEY": "k"}


def make(configured: list[dict[str, Any]], **more: Any) -> Registry:
    return Registry(configured, engine=None, **{"environ": {}, **more})  # type: ignore[arg-type]


@pytest.fixture
def without_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_NEEDED", ("a_package_that_does_not_exist",))


def test_the_default_is_the_configured_one_then_the_first_then_the_guide() -> None:
    assert make([OPENAI, SECOND], default_profile="second").default_id == "second"
    assert make([OPENAI, SECOND]).default_id == "gpt"
    assert make([OPENAI], default_profile="no such").default_id == "gpt"
    assert make([]).default_id == "guide"


def test_without_local_packages_there_is_no_default_until_something_is_stored(without_local: None) -> None:
    registry = make([], environ=WITH_KEY)
    assert registry.default_id is None
    registry.set_stored([OPENAI])
    assert registry.default_id == "gpt"


def test_the_newest_stored_profile_that_can_be_used_is_the_default() -> None:
    registry = make([], environ=WITH_KEY)
    unusable = {"id": "keyless", "provider": "azure", "model": "gpt-4o"}
    registry.set_stored([OPENAI, SECOND, unusable])
    assert registry.default_id == "second"


def test_what_an_owner_chose_is_the_default_as_long_as_it_is_there() -> None:
    registry = make([OPENAI], default_profile="gpt", environ=WITH_KEY)
    registry.set_stored([SECOND], owner="ada")
    registry.choose_default("second", "ada")
    assert registry.default_id_for("ada") == "second"
    assert registry.default_id_for("") == registry.default_id_for("eve") == "gpt"
    registry.choose_default("guide", "ada")
    assert registry.default_id_for("ada") == "guide"
    registry.choose_default("second", "ada")
    registry.set_stored([], owner="ada")
    assert registry.default_id_for("ada") == "gpt"


def test_local_models_without_their_packages_say_what_to_install(without_local: None) -> None:
    registry = make([{"id": "hf", "provider": "huggingface", "model": "Qwen/Qwen2.5-0.5B-Instruct"}])
    for info in registry.infos():
        assert info.problem is not None
        assert info.problem.hint == 'Run: pip install "jupyter-stream-chat[local]"'
    assert isinstance(registry.find("hf"), ErrorInfo)


def test_every_profile_is_listed_with_what_is_wrong_with_it() -> None:
    registry = make([OPENAI, {"provider": "nonsense"}], environ={})
    gpt, broken, guide = registry.infos()
    assert gpt.problem is not None
    assert "OPENAI_API_KEY" in gpt.problem.message
    assert (broken.profile_id, broken.problem and broken.problem.field) == ("profile-2", "id")
    assert guide.notice is not None
    assert guide.problem is None


def test_a_stored_profile_does_not_replace_a_configured_one() -> None:
    registry = make([OPENAI], environ=WITH_KEY)
    registry.set_stored([OPENAI | {"model": "other"}, SECOND])
    assert [(i.profile_id, i.model, i.locked) for i in registry.infos()[:2]] == [
        ("gpt", "gpt-4o-mini", True),
        ("second", "gpt-4o", False),
    ]


def test_an_unknown_profile_is_named() -> None:
    error = make([]).find("nobody")
    assert isinstance(error, ErrorInfo)
    assert error.code == "unknown_profile"


async def test_a_client_is_built_once_and_again_after_a_change(provider: ScriptedProvider) -> None:
    values = profile_values("openai-compatible", provider)
    registry = make([])

    async def opened(values: dict[str, Any]) -> Any:
        registry.set_stored([values])
        profile = registry.find("openai-compatible")
        assert isinstance(profile, Profile)
        return await registry.open(profile, lambda *_: None)

    first, second = await asyncio.gather(opened(values), opened(values))
    assert first.root_async_client is second.root_async_client
    warmer = await opened(values | {"parameters": {"temperature": 0.5}})
    assert warmer.root_async_client is first.root_async_client, "parameters need no connection of their own"
    assert (first.temperature, warmer.temperature) == (None, 0.5)
    changed = await opened(values | {"api_key": "sk-another"})
    assert changed.root_async_client is not first.root_async_client
    assert (await first.ainvoke("tokens=2")).content == "t0 t1 ", "a run in progress keeps its client"
    await registry.close()


async def test_warm_builds_the_default_without_asking_it(provider: ScriptedProvider) -> None:
    registry = make([profile_values("azure", provider)])
    await registry.warm()
    profile = registry.find("azure")
    assert isinstance(profile, Profile)
    assert provider.requests == []
    await registry.close()
