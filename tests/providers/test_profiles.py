"""Profiles: what is accepted, and how a mistake is explained."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.protocol import Deployment, ErrorInfo
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile, profile_info

AZURE = {
    "id": "az",
    "provider": "azure",
    "azure_endpoint": "https://x.openai.azure.com",
    "azure_deployment": "dep",
    "api_version": "2024-10-21",
}


def test_a_profile_is_read_from_plain_values() -> None:
    profile = parse_profile(AZURE | {"parameters": {"temperature": 0.2}, "streaming": "off"})
    assert isinstance(profile, Profile)
    assert (profile.label, profile.model_name, profile.streaming) == ("az", "dep", "off")
    assert profile.parameters.temperature == 0.2


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        ({"provider": "opnai"}, "provider", "openai-compatible"),
        ({"azure_deployment": ""}, "azure_deployment", "portal"),
        ({"azure_endpoint": None}, "azure_endpoint", "https://"),
        ({"azure_endpoint": "x.openai.azure.com"}, "azure_endpoint", "https://"),
        ({"api_version": None}, "api_version", "2024-10-21"),
        ({"streaming": "auto-matic"}, "streaming", '"on"'),
        ({"deployment": "d"}, "deployment", "azure_deployment"),
        ({"parameters": {"temprature": 1}}, "parameters.temprature", "temperature"),
        ({"parameters": {"temperature": 7}}, "parameters.temperature", None),
        ({"timeouts": {"stall": -1}}, "timeouts.stall", "seconds"),
        ({"timeouts": {"total": 100_000}}, "timeouts.total", "86400"),
        ({"timeouts": {"first_token": "soon"}}, "timeouts.first_token", "seconds"),
        ({"on_repetition": "never"}, "on_repetition", '"off"'),
        ({"id": "a b"}, "id", "letters"),
        ({"id": ".."}, "id", "dot first"),
    ],
)
def test_a_mistake_names_the_field_and_the_cure(
    change: dict[str, object], field: str, hint: str | None
) -> None:
    error = parse_profile(AZURE | change)
    assert isinstance(error, ErrorInfo)
    assert error.code == "profile_unusable"
    assert error.field == field
    assert hint is None or (error.hint is not None and hint in error.hint)


def test_a_mistake_in_the_key_does_not_show_it() -> None:
    error = parse_profile(AZURE | {"api_key": {"value": "sk-very-secret"}})
    assert isinstance(error, ErrorInfo)
    assert "secret" not in error.model_dump_json()


def test_a_key_is_in_no_representation() -> None:
    profile = parse_profile(AZURE | {"api_key": "sk-very-secret"})
    assert isinstance(profile, Profile)
    assert "secret" not in f"{profile!r} {profile} {profile.model_dump_json()}"
    assert "secret" not in profile_info(profile).model_dump_json()


def test_a_page_cannot_say_where_its_profile_comes_from() -> None:
    profile = parse_profile(AZURE | {"origin": "configured"}, origin="stored")
    assert isinstance(profile, Profile)
    assert (profile.origin, profile.locked) == ("stored", False)


def test_a_deployment_is_no_place_for_secrets() -> None:
    address = "https://user:secret@host.example:8443/v1/?key=secret"
    values = {"id": "x", "provider": "openai-compatible", "model": "m", "base_url": address}
    profile = parse_profile(values)
    assert isinstance(profile, Profile)
    assert profile.deployment == Deployment(
        provider="openai-compatible", endpoint="https://host.example:8443/v1", model="m"
    )
