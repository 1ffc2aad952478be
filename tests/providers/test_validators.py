"""Single fields of a profile: what is mended in silence, and what is refused with a hint to copy."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.profiles.presets import PRESETS
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile, read_profile

AZURE = {
    "id": "az",
    "provider": "azure",
    "azure_endpoint": "https://x.openai.azure.com",
    "azure_deployment": "dep",
    "api_version": "2024-10-21",
}
COMPATIBLE = {"id": "c", "provider": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:1/v1"}


@pytest.mark.parametrize(
    ("field", "given", "used"),
    [
        ("azure_endpoint", "https://x.openai.azure.com/", "https://x.openai.azure.com"),
        ("azure_endpoint", " https://x.openai.azure.com//\n", "https://x.openai.azure.com"),
        ("azure_endpoint", "https://gateway.example/team-a/", "https://gateway.example/team-a"),
        ("api_version", " 2025-01-01-preview ", "2025-01-01-preview"),
        ("api_version", "2023-05-15", "2023-05-15"),
    ],
)
def test_what_is_plain_is_mended_in_silence(field: str, given: str, used: str) -> None:
    profile = parse_profile(AZURE | {field: given})
    assert isinstance(profile, Profile)
    assert getattr(profile, field) == used


@pytest.mark.parametrize(
    ("values", "field", "hint"),
    [
        (
            AZURE | {"azure_endpoint": "https://x.openai.azure.com/openai"},
            "azure_endpoint",
            "https://x.openai.azure.com",
        ),
        (
            AZURE
            | {
                "azure_endpoint": "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=v1"
            },
            "azure_endpoint",
            'Give "https://x.openai.azure.com" here, and "gpt" as azure_deployment, and "v1" as api_version.',
        ),
        (
            AZURE | {"azure_endpoint": "https://me:secret@x.example/openai/deployments/gpt"},
            "azure_endpoint",
            'Give "https://x.example" here, and "gpt" as azure_deployment.',
        ),
        (AZURE | {"api_version": "2024-10"}, "api_version", "2024-10-21"),
        (
            COMPATIBLE | {"base_url": "http://127.0.0.1:1/v1/chat/completions/"},
            "base_url",
            '"http://127.0.0.1:1/v1"',
        ),
        (COMPATIBLE | {"base_url": "http://127.0.0.1:1/v1/models"}, "base_url", '"http://127.0.0.1:1/v1"'),
        (COMPATIBLE | {"preset": "vlm"}, "preset", "vllm"),
        (COMPATIBLE | {"api_key": "sk-secret\nsecond line"}, "api_key", "again"),
        (COMPATIBLE | {"api_key": "sk-secret…"}, "api_key", "again"),
    ],
)
def test_what_is_wrong_is_refused_with_its_cure(values: dict[str, Any], field: str, hint: str) -> None:
    error = parse_profile(values)
    assert isinstance(error, ErrorInfo)
    assert error.field == field
    assert hint in (error.hint or "")
    assert "secret" not in error.model_dump_json()


def test_all_mistakes_are_found_at_once() -> None:
    _, problems = read_profile(
        {"id": "a b", "provider": "azure", "api_version": "x", "parameters": {"top_p": 3}}
    )
    assert {problem.field for problem in problems} == {
        "id",
        "api_version",
        "parameters.top_p",
        "azure_endpoint",
        "azure_deployment",
    }


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_fills_in_what_a_profile_leaves_open(preset: Any) -> None:
    profile = parse_profile({"id": "p", "provider": "openai-compatible", "model": "m", "preset": preset.id})
    assert isinstance(profile, Profile)
    assert (profile.base_url, profile.api_key_env) == (preset.base_url, preset.api_key_env)


def test_a_presets_key_goes_to_no_other_address() -> None:
    values = {"id": "p", "provider": "openai-compatible", "model": "m", "preset": "deepseek"}
    profile = parse_profile(values | {"base_url": "https://elsewhere.example/v1"}, origin="stored")
    assert isinstance(profile, Profile)
    assert profile.api_key_env is None


def test_a_parameter_that_the_server_ignores_is_refused_and_not_dropped() -> None:
    for values, has in (
        ({"provider": "openai", "model": "m"}, False),
        ({"provider": "openai-compatible", "model": "m", "preset": "ollama"}, False),
        ({"provider": "openai-compatible", "model": "m", "preset": "vllm"}, True),
        (COMPATIBLE, True),
    ):
        profile = parse_profile({"id": "p", **values, "parameters": {"top_k": 5}})
        assert isinstance(profile, Profile) is has
        if isinstance(profile, ErrorInfo):
            assert profile.field == "parameters.top_k"


@pytest.mark.parametrize(
    ("price", "field"),
    [
        ({"input": 1}, "price.output"),
        ({"input": -1, "output": 1}, "price.input"),
        ({"input": 1, "output": float("inf")}, "price.output"),
        ({"input": 1, "output": 1, "currency": ""}, "price.currency"),
        ({"input": 1, "output": 1, "per": "token"}, "price.per"),
        ("cheap", "price"),
    ],
)
def test_a_price_that_is_none_is_explained(price: object, field: str) -> None:
    values = {"id": "mine", "provider": "openai", "model": "m", "price": price}
    _, (problem,) = read_profile(values)
    assert problem.field == field
    assert problem.hint
