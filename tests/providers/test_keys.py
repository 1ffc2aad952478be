"""Where keys come from, and which variables a profile may read."""

from __future__ import annotations

import json
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


OWN = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("variable", "provider", "address", "goes"),
    [
        ("OPENAI_API_KEY", "openai", None, True),
        ("OPENAI_API_KEY", "openai", OWN, True),
        ("OPENAI_API_KEY", "openai", "https://API.OPENAI.COM:443/v1", True),
        ("OPENAI_API_KEY", "openai-compatible", OWN, True),
        ("OPENAI_API_KEY", "openai", "http://api.openai.com/v1", False),
        ("OPENAI_API_KEY", "openai", "https://api.openai.com:8443/v1", False),
        ("OPENAI_API_KEY", "openai", "https://api.openai.com./v1", False),
        ("OPENAI_API_KEY", "openai", "https://api.openai.com.evil.example/v1", False),
        ("OPENAI_API_KEY", "openai", "https://api.openai.com@evil.example/v1", False),
        ("OPENAI_API_KEY", "openai", "https://evil.example/?https://api.openai.com", False),
        ("OPENAI_API_KEY", "openai", "https://evil.example#api.openai.com", False),
        ("OPENAI_API_KEY", "openai", "https://api.openaı.com/v1", False),
        ("OPENAI_API_KEY", "openai", "https://[::1]/v1", False),
        ("OPENAI_API_KEY", "openai-compatible", "https://api.deepseek.com/v1", False),
        ("DEEPSEEK_API_KEY", "openai-compatible", "https://api.deepseek.com/beta", True),
        ("DEEPSEEK_API_KEY", "openai", None, False),
        ("DEEPSEEK_API_KEY", "openai-compatible", "https://evil.example/v1", False),
        ("AZURE_OPENAI_API_KEY", "azure", "https://x.openai.azure.com", True),
        ("AZURE_OPENAI_API_KEY", "azure", "https://x.cognitiveservices.azure.com", True),
        ("AZURE_OPENAI_API_KEY", "azure", "https://x.azure-api.net", False),
        ("AZURE_OPENAI_API_KEY", "azure", "https://openai.azure.com.evil.example", False),
        ("AZURE_OPENAI_API_KEY", "azure", "https://evil.example/.openai.azure.com", False),
        ("MY_API_KEY", "openai", None, True),
        ("MY_API_KEY", "openai", OWN, True),
        ("MY_API_KEY", "openai-compatible", "https://evil.example/v1", False),
        ("OUR_TOKEN", "openai-compatible", "https://evil.example/v1", False),
        ("OUR_TOKEN", "openai-compatible", "https://ours.example/v1", True),
    ],
)
def test_a_key_of_the_environment_is_for_its_hosts(
    variable: str, provider: str, address: str | None, goes: bool
) -> None:
    values = {"id": "p", "provider": provider, "api_key_env": variable, "model": "m", "base_url": address}
    if provider == "azure":
        values |= {"azure_endpoint": address, "azure_deployment": "d", "api_version": "2024-10-21"}
        del values["base_url"]
    environ = {variable: "of-the-environment"}
    destinations = {"OUR_TOKEN": ["https://ours.example/v1"]}
    keys = Keys(environ, also_allowed=["OUR_TOKEN"], destinations=destinations)
    profile = parse_profile(values, origin="stored")
    assert isinstance(profile, Profile)
    found = keys.with_key(profile)
    assert isinstance(found, Profile) is goes, found
    if isinstance(found, ErrorInfo):
        assert found.field == "api_key_env"
        assert "key_destinations" in (found.hint or "")
        # Whether there is such a variable is not told.
        assert Keys({}, also_allowed=["OUR_TOKEN"], destinations=destinations).with_key(profile) == found
    configured = parse_profile(values)
    assert isinstance(configured, Profile)
    assert isinstance(keys.with_key(configured), Profile), "the administrator says where it goes"


def test_an_address_that_parsers_read_differently_is_refused_or_written_plainly() -> None:
    values = {"id": "p", "provider": "openai", "model": "m"}
    for address in ("https://evil.example\\@api.openai.com/v1", "https://api.openai.com\t.evil.example"):
        error = parse_profile({**values, "base_url": address})
        assert isinstance(error, ErrorInfo), address
        assert error.field == "base_url"
    for address, plain in (
        ("https://ａpi.openai.com/v1", OWN),
        ("http://0x7f.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("HTTPS://API.OpenAI.com/v1", OWN),
    ):
        profile = parse_profile({**values, "base_url": address})
        assert isinstance(profile, Profile)
        assert profile.base_url == plain


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
    told = [error.message, error.hint or "", error.detail or "", *(error.values or {}).values()]
    for spelled in (value, value.strip("'\""), repr(value)[1:-1], json.dumps(value)[1:-1]):
        assert not any(spelled in each for each in told)
