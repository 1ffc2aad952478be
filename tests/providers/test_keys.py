"""Where keys come from, and which variables a profile may read."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydantic import SecretStr

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.profiles.keyfile import KeptKey
from jupyter_stream_chat.providers.profiles.keys import Keys
from jupyter_stream_chat.providers.profiles.profile import Origin, Profile, parse_profile

ENVIRON = {
    "OUR_TOKEN": "admin",
    "OPENAI_API_KEY": "usual",
    "MY_API_KEY": "mine",
    "HOME": "/home/x",
    "AZURE_OPENAI_API_KEY": "az",
}


def found(values: dict[str, Any], origin: Origin = "configured") -> str | ErrorInfo | None:
    profile = parse_profile({"id": "p", "model": "m", **values}, origin=origin)
    assert isinstance(profile, Profile)
    resolved = Keys(ENVIRON, also_allowed=["OUR_TOKEN"]).with_key(profile)
    if isinstance(resolved, ErrorInfo):
        return resolved
    return resolved.api_key.get_secret_value() if resolved.api_key else None


def test_a_key_is_taken_from_the_profile_then_from_its_variable_then_from_the_usual_one() -> None:
    assert found({"provider": "openai", "api_key": "own", "api_key_env": "MY_API_KEY"}) == "own"
    assert found({"provider": "openai", "api_key_env": "MY_API_KEY"}) == "mine"
    assert found({"provider": "openai"}) == "usual"


def test_a_missing_variable_is_named_with_its_cure() -> None:
    error = found({"provider": "openai", "api_key_env": "OTHER_API_KEY"})
    assert isinstance(error, ErrorInfo)
    assert error.field == "api_key_env"
    assert "OTHER_API_KEY" in error.message
    assert error.hint


def test_only_variables_of_keys_can_be_read() -> None:
    for name in ("HOME", "my_api_key", "MY_API_KEY_ID"):
        error = found({"provider": "openai", "api_key_env": name})
        assert isinstance(error, ErrorInfo)
        assert "_API_KEY" in (error.hint or "")
        assert "/home" not in error.model_dump_json()


def test_an_administrator_can_add_variables_to_the_list() -> None:
    assert found({"provider": "openai", "api_key_env": "OUR_TOKEN"}) == "admin"


def test_a_kept_key_is_for_its_destination_and_for_stored_profiles_alone() -> None:
    keys = Keys({})
    keys.kept = {"p": KeptKey(SecretStr("typed"), "https://host.example:8443")}
    values = {"id": "p", "provider": "openai-compatible", "model": "m"}
    for address, origin, has in (
        ("https://host.example:8443/v1", "stored", True),
        ("https://HOST.example:8443/v2", "stored", True),
        ("https://user@host.example:8443/v1", "stored", True),
        ("http://host.example:8443/v1", "stored", False),
        ("https://host.example/v1", "stored", False),
        ("https://host.example:8443/v1", "configured", False),
    ):
        profile = parse_profile({**values, "base_url": address}, origin=cast(Origin, origin))
        assert isinstance(profile, Profile)
        assert keys.has_kept(profile) is has, address
        resolved = keys.with_key(profile)
        assert isinstance(resolved, Profile)
        assert (resolved.api_key is not None) is has, address


def test_the_usual_key_goes_to_no_address_that_a_page_chose() -> None:
    error = found({"provider": "openai", "base_url": "https://evil.example/v1"}, origin="stored")
    assert isinstance(error, ErrorInfo)
    assert error.field == "api_key"


def test_a_compatible_server_needs_no_key_and_gets_none_unasked() -> None:
    assert found({"provider": "openai-compatible", "base_url": "http://127.0.0.1:1/v1"}) is None


@pytest.mark.parametrize("value", ["mine\n", " mine", "\tmine\r\n"])
def test_a_variables_key_is_trimmed(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setitem(ENVIRON, "MY_API_KEY", value)
    assert found({"provider": "openai", "api_key_env": "MY_API_KEY"}) == "mine"


@pytest.mark.parametrize("value", ["two words", "mi\nne", "schlüssel", "\u200bmine", '"quoted"', "'quoted'"])
def test_a_sign_that_no_key_has_names_the_variable_and_not_the_key(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setitem(ENVIRON, "MY_API_KEY", value)
    error = found({"provider": "openai", "api_key_env": "MY_API_KEY"})
    assert isinstance(error, ErrorInfo)
    assert (error.field, "MY_API_KEY" in error.message) == ("api_key_env", True)
    assert value not in error.model_dump_json()
