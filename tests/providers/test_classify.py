"""What a refusal means, read from real refusals of a real socket."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from jupyter_stream_chat.protocol import ErrorInfo
from jupyter_stream_chat.providers.errors.classify import classify, redact
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, profile_values

SHAPES = ("openai", "azure", "openai-compatible")


async def refusal(values: dict[str, object], question: str, *, whole: bool = False) -> ErrorInfo:
    """Ask, expect an exception, and return what it means."""
    registry = Registry([values], engine=None)  # type: ignore[arg-type]
    profile = registry.find(str(values["id"]))
    assert isinstance(profile, Profile)
    llm = await registry.open(profile, lambda *_: None)
    try:
        if whole:
            await llm.ainvoke(question)
        else:
            async for _ in llm.astream(question):
                pass
    except Exception as error:  # noqa: BLE001 - any, that is the point
        return classify(error, profile)
    finally:
        await registry.close()
    raise AssertionError("no refusal")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("question", "code", "sentence"),
    [
        ("fail=403", "wrong_key", "may not use"),
        ("fail=404", "unknown_model", "does not know"),
        ("fail=404 code=DeploymentNotFound", "unknown_model", "does not know"),
        ("fail=429", "rate_limited", "too many"),
        ("fail=429 code=insufficient_quota", "quota_used_up", "quota"),
        ("fail=500", "provider_error", "error occurred"),
        ("fail=400", "provider_error", "refused"),
        ("fail=400 code=context_length_exceeded", "context_too_long", "longer"),
        ("fail=400 code=content_filter", "content_filter", "filter"),
        ("refuse=stream", "provider_error", "did not stream"),
        ("body=json", "provider_error", "did not stream"),
        ("fail-at=3", "provider_error", "broke off"),
        ("cut=3", "connection_lost", "broke"),
    ],
)
async def test_each_refusal_has_its_sentence(
    provider: ScriptedProvider, shape: str, question: str, code: str, sentence: str
) -> None:
    error = await refusal(profile_values(shape, provider), question)
    assert error.code == code
    assert sentence in error.message
    assert error.hint
    assert error.detail
    assert KEY not in error.model_dump_json()
    assert len(provider.requests) == 1, "a refusal is not retried behind the run's back"


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_wrong_key_is_named_and_not_shown(provider: ScriptedProvider, shape: str) -> None:
    wrong = "sk-wrong-abcdefgh"
    error = await refusal(profile_values(shape, provider, api_key=wrong), "hello")
    assert error.code == "wrong_key"
    assert wrong not in error.model_dump_json()
    assert "[key]" in (error.detail or "")


@pytest.mark.parametrize("whole", [False, True])
async def test_nothing_listens(provider: ScriptedProvider, whole: bool) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        error = await refusal(
            profile_values("openai-compatible", provider, base_url=url), "hello", whole=whole
        )
    assert error.code == "connection_refused"
    assert url in error.message


async def test_a_host_that_does_not_exist(provider: ScriptedProvider) -> None:
    url = "http://no-such-host.invalid/v1"
    error = await refusal(profile_values("openai-compatible", provider, base_url=url), "hello")
    assert error.code == "unknown_host"
    assert url in error.message


def test_a_timeout_of_our_own() -> None:
    assert classify(TimeoutError()).code == "timeout"


def test_the_engines_own_words_are_kept() -> None:
    class EngineError(Exception):
        code, message, detail = "out_of_memory", "The model does not fit.", "CUDA sk-abcdefgh"

    error = classify(EngineError())
    assert (error.code, error.message) == ("out_of_memory", "The model does not fit.")
    assert error.detail == "CUDA [key]"


def test_the_engine_says_the_sizes_too() -> None:
    class EngineError(Exception):
        code = "context_too_long"
        message = "The conversation has 5012 tokens; this model reads 4096 at most, its answer included."

    assert classify(EngineError()).values == {"asked": "5012", "most": "4096"}


def test_a_password_in_the_address_is_not_shown() -> None:
    address = "http://me:pass%21word@127.0.0.1:1/v1"
    profile = parse_profile({"id": "x", "provider": "openai-compatible", "model": "m", "base_url": address})
    assert isinstance(profile, Profile)
    error = classify(ConnectionRefusedError(f"{address} or pass!word"), profile)
    assert error.message == "Nothing answers at http://127.0.0.1:1/v1."
    assert "word" not in error.model_dump_json()


def test_a_key_is_not_shown_in_part_where_long_words_are_cut() -> None:
    key = "0123456789abcdef" * 2
    profile = parse_profile({"id": "x", "provider": "openai", "model": "gpt", "api_key": key})
    assert isinstance(profile, Profile)
    for known in (PermissionError, ConnectionError):
        for filler in range(3940, 4010):
            error = classify(known("x" * filler + key + "x" * filler), profile)
            assert "0123" not in (error.detail or "")
            assert "cdef" not in (error.detail or "")


def test_halves_of_surrogate_pairs_can_be_sent_to_a_page() -> None:
    error = classify(ConnectionError("half \ud83d, pair \ud83d\ude00"))
    assert error.detail == "ConnectionError: half \ufffd, pair \U0001f600"
    assert error.model_dump_json()


def test_an_unknown_exception_shows_its_trace() -> None:
    profile = parse_profile({"id": "x", "provider": "openai", "model": "gpt"})
    assert isinstance(profile, Profile)
    error = classify(ZeroDivisionError("division by zero"), profile)
    assert error.code == "provider_error"
    assert error.message == "gpt ended with an error."
    assert "ZeroDivisionError" in (error.detail or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-proj-Ab_12**********xyz.", "key [key]."),
        ("Authorization: Bearer abc.def-123 x", "Authorization: Bearer [key] x"),
        ("api-key: 0123abcd", "api-key: [key]"),
        ("opensesame is mine", "[key] is mine"),
        ("ask-me", "ask-me"),
    ],
)
def test_keys_are_redacted(text: str, expected: str) -> None:
    assert redact(text, ["opensesame"]) == expected


@pytest.mark.parametrize(
    "more",
    [
        {"base_url": "https://user:s3cr3t-4711@host.example/v1"},
        {"base_url": "https://s3cr3t-4711@host.example/v1"},
        {"base_url": "https://host.example/v1?key=s3cr3t-4711"},
        {"extra_body": {"auth": {"access_token": "s3cr3t-4711"}}},
        {"extra_body": {"api_key": "s3cr3t-4711"}},
    ],
)
def test_a_secret_that_is_no_key_of_its_own_is_not_shown(more: dict[str, Any]) -> None:
    values = {"id": "p", "provider": "openai-compatible", "model": "m", "base_url": "https://host.example/v1"}
    profile = parse_profile({**values, **more})
    assert isinstance(profile, Profile)
    info = classify(RuntimeError("refused s3cr3t-4711, in full"), profile)
    assert "s3cr3t" not in info.model_dump_json()


def test_what_only_sounds_like_a_secret_is_shown() -> None:
    values = {"id": "p", "provider": "openai-compatible", "model": "m", "base_url": "https://host.example/v1"}
    more = {"tokenizer": "org/model-1", "stop_token": "<|im_end|>", "keyword": "something"}
    profile = parse_profile({**values, "extra_body": more})
    assert isinstance(profile, Profile)
    detail = classify(RuntimeError(" ".join(more.values())), profile).detail
    assert all(each in str(detail) for each in more.values())


def test_the_password_of_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://me:s3cr3t-4711@127.0.0.1:9")
    error = ValueError("Unknown scheme for proxy URL URL('socks://me:s3cr3t-4711@127.0.0.1:9')")
    assert "s3cr3t" not in classify(error).model_dump_json()
