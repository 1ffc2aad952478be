"""What a failed request says about the next one, read from real refusals of a real socket."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from jupyter_stream_chat.providers.errors.retry_policy import Refusal, RetryAfter, refusal_of
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.scripted_provider import ScriptedProvider

from .conftest import profile_values

SHAPES = ("openai", "azure", "openai-compatible")
OPTIONS = "refuses_stream_options"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


async def refused(provider: ScriptedProvider, shape: str, question: str, *, streamed: bool) -> Refusal | None:
    """Ask, expect an exception, and return what it says."""
    registry = Registry([profile_values(shape, provider)], engine=None)  # type: ignore[arg-type]
    profile = registry.find(shape)
    assert isinstance(profile, Profile)
    llm = await registry.open(profile, lambda *_: None)
    try:
        if streamed:
            async for _ in llm.astream(question):
                pass
        else:
            await llm.ainvoke(question)
    except Exception as error:  # noqa: BLE001 - any, that is the point
        return refusal_of(error, streamed=streamed, now=NOW)
    finally:
        await registry.close()
    raise AssertionError("no refusal")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("refuse=stream", "refuses_streaming"),
        ("refuse=stream_options", "refuses_stream_options"),
        ("body=json", "refuses_streaming"),
        ("text=plain tokens=0 finish=none usage=never", "refuses_streaming"),
        ("fail=500", "fails_streaming"),
        ("fail=503", "fails_streaming"),
        ("fail=500 retry-after=1", None),
        ("fail=503 retry-after=7", RetryAfter(7)),
        ("fail=429 retry-after=0.5", RetryAfter(0.5)),
        ("fail=429 retry-after=7 code=insufficient_quota", None),
        ("fail=429", None),
        ("fail=429 retry-after=soon", None),
        ("fail=400", None),
        ("fail=401", None),
        ("fail=404", None),
    ],
)
async def test_what_a_refused_stream_says(
    provider: ScriptedProvider, shape: str, question: str, refusal: Refusal | None
) -> None:
    assert await refused(provider, shape, question, streamed=True) == refusal


@pytest.mark.parametrize(
    ("question", "refusal"),
    [("fail=500", None), ("fail=503 retry-after=7", RetryAfter(7)), ("fail=400", None)],
)
async def test_without_a_stream_there_is_no_stream_to_refuse(
    provider: ScriptedProvider, question: str, refusal: Refusal | None
) -> None:
    assert await refused(provider, "openai", question, streamed=False) == refusal


class HTTPError(Exception):
    """As an SDK's: a status, a text, and the response's headers."""

    def __init__(self, status: int, text: str = "", **headers: str) -> None:
        super().__init__(text)
        self.status_code = status
        self.response = SimpleNamespace(headers={name.replace("_", "-"): v for name, v in headers.items()})


@pytest.mark.parametrize(
    ("status", "text", "refusal"),
    [
        (400, "'stream' must be false", "refuses_streaming"),
        (404, "Streaming is not available for this deployment", "refuses_streaming"),
        (405, "server-sent events are not allowed", "refuses_streaming"),
        (422, '[{"loc": ["body", "stream_options"], "msg": "extra", "input": {"stream": true}}]', OPTIONS),
        (400, "Stream options can only be defined when `stream` is set", OPTIONS),
        (400, "unknown field include_usage", OPTIONS),
        (404, "no healthy upstream", None),
        (401, "stream", None),
        (409, "stream", None),
    ],
)
def test_words_that_servers_use(status: int, text: str, refusal: str | None) -> None:
    assert refusal_of(HTTPError(status, text), streamed=True) == refusal


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "3"}, 3),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30),
        ({"retry_after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
        ({"retry_after": "-5"}, 0),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float) -> None:
    assert refusal_of(HTTPError(429, **headers), streamed=True, now=NOW) == RetryAfter(seconds)


def test_an_error_that_is_no_answer_says_nothing() -> None:
    assert refusal_of(ConnectionRefusedError("stream"), streamed=True) is None


def test_what_a_wrapper_raised_is_looked_through() -> None:
    error = RuntimeError("chain failed")
    error.__cause__ = HTTPError(400, "stream is not supported")
    assert refusal_of(error, streamed=True) == "refuses_streaming"
