"""How one question is asked: the policy by itself, then over a real socket, where requests are counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from typing import get_args

import pytest

from jupyter_stream_chat.protocol import Limitation, RunInfo, StreamingMode
from jupyter_stream_chat.providers.errors.retry_policy import Refusal, RetryAfter
from jupyter_stream_chat.runs.attempt import RequestMode
from jupyter_stream_chat.runs.run import Run
from jupyter_stream_chat.runs.streaming_fallback import MAX_WAIT_SECONDS, next_mode, opening
from tests.scripted_provider import Received, ScriptedProvider

from .conftest import SHAPES, Models, World, make_run

NOT_STREAMED = {
    "refuse=stream": ("refuses_streaming", "answered_whole"),
    "body=json": ("refuses_streaming", "answered_whole"),
    "fail-stream=500": ("fails_streaming", "streaming_failed"),
    "fail-stream=502": ("fails_streaming", "streaming_failed"),
}
"""What a deployment does to streams, what is remembered of it, and the notice."""

ANSWER = "t0 t1 t2 "

# --- the policy ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "known", "ask"),
    [
        ("auto", [], RequestMode(True)),
        ("auto", ["refuses_streaming"], RequestMode(False)),
        ("auto", ["fails_streaming"], RequestMode(False)),
        ("auto", ["refuses_stream_options"], RequestMode(True, stream_options=False)),
        ("on", ["refuses_streaming", "fails_streaming"], RequestMode(True)),
        ("on", ["refuses_stream_options"], RequestMode(True, stream_options=False)),
        ("off", [], RequestMode(False)),
    ],
)
def test_how_to_ask_first(mode: StreamingMode, known: Collection[Limitation], ask: RequestMode) -> None:
    assert opening(mode, known) == ask


@pytest.mark.parametrize(
    ("mode", "refusal", "again"),
    [
        ("auto", None, None),
        ("auto", "refuses_streaming", RequestMode(False)),
        ("auto", "fails_streaming", RequestMode(False)),
        ("auto", "refuses_stream_options", RequestMode(True, stream_options=False)),
        ("on", "refuses_streaming", None),
        ("on", "fails_streaming", None),
        ("on", "refuses_stream_options", RequestMode(True, stream_options=False)),
        ("on", RetryAfter(MAX_WAIT_SECONDS), RequestMode(True)),
        ("auto", RetryAfter(MAX_WAIT_SECONDS + 1), None),
    ],
)
def test_how_to_ask_again(mode: StreamingMode, refusal: Refusal | None, again: RequestMode | None) -> None:
    assert next_mode(mode, RequestMode(True), refusal) == again


def test_nothing_is_tried_twice() -> None:
    assert next_mode("auto", RequestMode(True, stream_options=False), "refuses_stream_options") is None
    assert next_mode("auto", RequestMode(True, with_reasoning=True), "wants_reasoning") is None


# --- over a socket ---------------------------------------------------------------------------------


def asked(request: Received) -> RequestMode:
    """Return how a request that arrived was made."""
    return RequestMode(bool(request.body.get("stream")), stream_options="stream_options" in request.body)


async def ended(world: World, mode: StreamingMode) -> tuple[Run, RunInfo]:
    """Run to the end."""
    run = make_run(world, streaming=mode)
    async with asyncio.timeout(10):
        await run.wait()
    return run, world.ends[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("habit", NOT_STREAMED)
async def test_a_deployment_that_does_not_stream_answers_all_the_same(
    models: Models, provider: ScriptedProvider, shape: str, habit: str
) -> None:
    world = await models(shape, f"tokens=3 reasoning=1 {habit}")
    _, info = await ended(world, "auto")
    limitation, notice = NOT_STREAMED[habit]
    assert [asked(request).streamed for request in provider.requests] == [True, False]
    assert (world.kept["text"], world.kept["reasoning"]) == (ANSWER, "r0 ")
    assert (info.finish_reason, info.error) == ("stop", None)
    assert info.notice is not None
    assert (info.notice.code, "in one piece" in info.notice.message) == (notice, True)
    assert world.remembered == [limitation]
    assert info.usage is not None
    assert info.usage.output_tokens == 4
    assert info.counts is not None
    assert (info.counts.tokens, info.counts.logged, info.counts.forwarded) == (1, 1, 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("habit", NOT_STREAMED)
async def test_what_is_remembered_costs_one_request(
    models: Models, provider: ScriptedProvider, shape: str, habit: str
) -> None:
    world = await models(shape, f"tokens=3 {habit}")
    limitation, notice = NOT_STREAMED[habit]
    world.remembered = [limitation]  # type: ignore[list-item]
    _, info = await ended(world, "auto")
    assert [asked(request).streamed for request in provider.requests] == [False]
    assert (world.kept["text"], info.notice and info.notice.code) == (ANSWER, notice)
    assert world.remembered == [limitation], "it was not found out anew: its time is not prolonged"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", ["auto", "on"])
async def test_stream_options_that_are_refused_are_left_out(
    models: Models, provider: ScriptedProvider, shape: str, mode: StreamingMode
) -> None:
    world = await models(shape, "tokens=3 refuse=stream_options")
    _, info = await ended(world, mode)
    assert [asked(request) for request in provider.requests] == [
        RequestMode(True),
        RequestMode(True, stream_options=False),
    ]
    assert (world.kept["text"], info.finish_reason, info.notice) == (ANSWER, "stop", None)
    assert info.counts is not None
    assert info.counts.tokens == 3, "it streamed"
    assert world.remembered == ["refuses_stream_options"]
    again = await models(shape, "tokens=3 refuse=stream_options")
    again.remembered = world.remembered
    await ended(again, mode)
    assert asked(provider.requests[2]) == RequestMode(True, stream_options=False)
    assert len(provider.requests) == 3


@pytest.mark.parametrize("shape", SHAPES)
async def test_two_refusals_cost_two_requests_and_the_next_question_one(
    models: Models, provider: ScriptedProvider, shape: str
) -> None:
    world = await models(shape, "tokens=3 refuse=stream_options+stream")
    _, info = await ended(world, "auto")
    assert [asked(request).streamed for request in provider.requests] == [True, True]
    assert info.error is not None
    assert info.error.code == "learned_how_to_ask"
    assert world.remembered == ["refuses_stream_options", "refuses_streaming"]
    again = await models(shape, "tokens=3 refuse=stream_options+stream")
    again.remembered = world.remembered
    _, info = await ended(again, "auto")
    assert (again.kept["text"], info.finish_reason) == (ANSWER, "stop")
    assert [asked(request).streamed for request in provider.requests[2:]] == [False]


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_error_after_a_refusal_is_shown_and_the_refusal_kept(
    models: Models, provider: ScriptedProvider, shape: str
) -> None:
    world = await models(shape, "tokens=3 refuse=stream_options fail-stream=500")
    _, info = await ended(world, "auto")
    assert [asked(request).streamed for request in provider.requests] == [True, True]
    assert info.error is not None
    assert info.error.code == "provider_error"
    assert world.remembered == ["refuses_stream_options"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("question", "requests", "code"),
    [
        ("fail-stream=500 fail-whole=401", 2, "wrong_key"),
        ("refuse=stream fail-whole=429", 2, "rate_limited"),
        ("fail=500", 2, "provider_error"),
        ("fail=401", 1, "wrong_key"),
        ("fail=404", 1, "unknown_model"),
        ("fail=400", 1, "provider_error"),
        ("fail=429", 1, "rate_limited"),
        ("fail=400 code=context_length_exceeded", 1, "context_too_long"),
        ("fail=400 code=content_filter", 1, "content_filter"),
    ],
)
async def test_where_both_fail_the_error_that_says_more_is_shown_and_nothing_remembered(
    models: Models, provider: ScriptedProvider, shape: str, question: str, requests: int, code: str
) -> None:
    world = await models(shape, question)
    _, info = await ended(world, "auto")
    assert len(provider.requests) == requests
    assert info.error is not None
    assert (info.error.code, info.notice) == (code, None)
    assert world.remembered == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("habit", "code", "sentence"),
    [
        ("refuse=stream", "does_not_stream", "does not stream"),
        ("body=json", "does_not_stream", "does not stream"),
        ("fail-stream=500", "provider_error", "error occurred"),
    ],
)
async def test_on_does_not_ask_without_a_stream_and_says_how_to(
    models: Models, provider: ScriptedProvider, shape: str, habit: str, code: str, sentence: str
) -> None:
    world = await models(shape, habit)
    _, info = await ended(world, "on")
    assert [asked(request).streamed for request in provider.requests] == [True]
    assert (info.finish_reason, info.error and info.error.code) == ("error", code)
    assert info.error is not None
    assert sentence in info.error.message
    assert "streaming to auto" in (info.error.hint or "")
    assert world.remembered == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("question", ["tokens=9 cut=2", "tokens=9 fail-at=1", "tokens=9 reasoning=2 cut=0"])
async def test_nothing_is_asked_again_once_a_token_has_come(
    models: Models, provider: ScriptedProvider, shape: str, question: str
) -> None:
    world = await models(shape, question)
    _, info = await ended(world, "auto")
    assert len(provider.requests) == 1
    assert info.finish_reason == "error"
    assert world.remembered == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("answer", ["finish=stop", "finish=length", "finish=content_filter", "refusal=3"])
async def test_every_mode_gives_the_same(models: Models, shape: str, answer: str) -> None:
    def result(info: RunInfo) -> tuple[object, ...]:
        return info.status, info.finish_reason, info.digest, info.usage, info.kept, info.error, info.notice

    question = f"tokens=40 reasoning=3 {answer}"
    results = [result((await ended(await models(shape, question), m))[1]) for m in get_args(StreamingMode)]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_refusal_of_the_models_own_is_shown_and_is_no_answer(models: Models, shape: str) -> None:
    world = await models(shape, "refusal=3")
    _, info = await ended(world, "auto")
    assert (info.finish_reason, world.kept["text"], info.notice) == ("content_filter", "", None)
    assert info.error is not None
    assert info.error.code == "model_refused"
    assert "no0 no1 no2" in (info.error.detail or "")


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_stream_that_was_cut_is_no_answer_that_stopped(models: Models, shape: str) -> None:
    world = await models(shape, "tokens=9 end=4")
    _, info = await ended(world, "auto")
    assert (info.finish_reason, info.error and info.error.code) == ("error", "stream_cut")
    assert world.kept["text"] == "t0 t1 t2 t3 "
    whole = await models(shape, "tokens=3 finish=none")
    _, info = await ended(whole, "auto")
    assert (info.finish_reason, info.error) == ("stop", None), "[DONE] says as well that it is whole"


# --- a provider that is busy ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", ["auto", "on", "off"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_provider_is_asked_again_when_it_said(
    models: Models, provider: ScriptedProvider, shape: str, mode: StreamingMode, status: int
) -> None:
    world = await models(shape, f"tokens=3 fail={status} retry-after=0.2 fail-times=1")
    _, info = await ended(world, mode)
    first, second = provider.requests
    assert 0.2 <= second.received - first.received < 2
    assert asked(first) == asked(second)
    assert (world.kept["text"], info.finish_reason, info.notice) == (ANSWER, "stop", None)
    assert world.statuses() == ["waiting", "waiting", "waiting", "streaming"]
    assert world.remembered == []


async def test_the_seconds_that_are_left_are_shown(models: Models) -> None:
    world = await models("openai", "tokens=1 fail=429 retry-after=2.2 fail-times=1")
    await ended(world, "auto")
    assert world.countdown == [3, 2, 1]


async def test_it_is_asked_once_again_and_no_more(models: Models, provider: ScriptedProvider) -> None:
    world = await models("openai", "fail=429 retry-after=0.01")
    _, info = await ended(world, "auto")
    assert len(provider.requests) == 2
    assert info.error is not None
    assert info.error.code == "rate_limited"


async def test_a_provider_that_wants_too_long_is_not_waited_for(
    models: Models, provider: ScriptedProvider
) -> None:
    world = await models("openai", "fail=503 retry-after=121")
    _, info = await ended(world, "auto")
    assert len(provider.requests) == 1
    assert info.finish_reason == "error"


# --- stops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
async def test_stop_cancels_the_countdown(models: Models, provider: ScriptedProvider, shape: str) -> None:
    world = await models(shape, "fail=429 retry-after=60")
    run = make_run(world, streaming="auto")
    async with asyncio.timeout(5):
        await world.counting.wait()
    stopped = time.monotonic()
    assert run.interrupt([])
    await run.wait()
    assert time.monotonic() - stopped < 0.5
    assert world.countdown == [60]
    assert (world.ends[0].finish_reason, world.ends[0].progress) == ("interrupted", None)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("shape", SHAPES)
async def test_stop_works_while_it_is_asked_without_a_stream(
    models: Models, provider: ScriptedProvider, shape: str
) -> None:
    world = await models(shape, "fail-stream=500 hang=after-headers")
    run = make_run(world, streaming="auto")
    async with asyncio.timeout(5):
        fallback = await provider.request(1)
        run.interrupt([])
        await run.wait()
        await fallback.gone.wait()
    assert not asked(fallback).streamed
    assert fallback.disconnected is not None
    (info,) = world.ends
    assert (info.finish_reason, info.notice, info.error) == ("interrupted", None, None)
    assert world.remembered == [], "it has not answered"
    assert len(provider.requests) == 2
