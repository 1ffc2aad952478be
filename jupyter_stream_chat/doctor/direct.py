"""Calls without LangChain: by the ``openai`` client, or straight to the engine."""

from __future__ import annotations

import time
import uuid
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..engine.messages import ChatMessage, Failed, Finished, Generate, Started, Text
from ..engine.messages import Parameters as EngineParameters
from ..protocol import DoctorOutcome, ErrorInfo, Limitation, Notice
from ..providers.errors.retry_policy import may_be_chance, refusal_of
from ..providers.finish_reasons import word_of
from ..providers.profiles.profile import Profile
from ..runs.attempt import remark_on
from .arrivals import collected
from .context import Context
from .findings import Finding, found
from .received import ReceivedAnswer

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SHORT = "Answer with one word: hello."
LONG = "Count from one to sixty in words, separated by commas, and write nothing else."
_SHOWN = 40
"""Characters of an answer that are shown."""


async def accepted(context: Context) -> Finding:
    """Ask for the list of models, which costs nothing, and look whether the key is refused."""
    unknown = found("pass", "no_models_list")
    assert context.adapter is not None
    assert isinstance(context.keyed, Profile)
    try:
        models = await context.adapter.models(context.keyed)
    except Exception as error:
        if getattr(error, "status_code", None) != 401:
            return unknown
        raise
    return unknown if models is None else found("pass", "models_listed")


async def whole(context: Context) -> Finding:
    """Ask for one answer in one piece."""
    client, request = await _request(context, SHORT)
    from ..providers.openai.chat_openai import whole_answer  # loaded with the client
    from ..providers.openai.payload_fixes import FAILURE, REMARKS

    try:
        answer = whole_answer(await client.chat.completions.create(**request))
    except Exception as error:
        if refusal_of(error, streamed=False) == "streams_only":
            return found("warn", "streams_only", detail=context.failed(error).detail)
        raise
    received, choice = ReceivedAnswer(), answer["choices"][0]
    received.take(choice["message"], word_of(choice["finish_reason"]), answer[REMARKS])
    return await judged(context, received, failure=answer[FAILURE]) or answered(received.text)


async def streamed(context: Context) -> Finding:
    """Ask for one answer piece by piece, and note when each arrives."""
    client, request = await _request(context, LONG)
    from ..providers.openai.payload_fixes import REMARKS  # loaded with the client

    received = ReceivedAnswer()
    start = time.monotonic()
    try:
        stream = await client.chat.completions.create(**request, stream=True)
        async with stream:
            async for chunk in stream:
                choice = chunk["choices"][0]
                if received.take(choice["delta"], word_of(choice["finish_reason"]), chunk[REMARKS]):
                    context.arrivals.append(time.monotonic() - start)
    except Exception as error:
        refusal = None if context.arrivals else refusal_of(error, streamed=True)
        if refusal == "refuses_streaming" and may_be_chance(error):
            return empty_stream(context, context.failed(error).detail)
        if refusal == "refuses_streaming" or refusal == "fails_streaming":
            return does_not_stream(context, refusal, context.failed(error).detail)
        raise
    if fault := await judged(context, received):
        return fault
    first = context.arrivals[0] * 1000
    return found("pass", "pieces", count=len(context.arrivals), ms=f"{first:.0f}")


async def buffering(context: Context) -> Finding:
    """Judge by the times of arrival whether something on the way collects the pieces."""
    if not context.arrivals:
        return found("skip", "nothing_streamed")
    silence = collected(context.arrivals)
    if silence is None:
        return found("pass", "not_collected")
    return found("warn", "collected", field=context.address_field, seconds=f"{silence:.1f}")


async def engine(context: Context) -> Finding:
    """Ask the engine itself; the model is loaded for it."""
    model: Any = await context.model()
    request = Generate(
        request_id=uuid.uuid4().hex,
        model=model.model,
        messages=[ChatMessage(role="user", content=SHORT)],
        parameters=EngineParameters(**model.parameters),
        load=model.load,
    )
    received, end_word = ReceivedAnswer(), None
    async with aclosing(model.client.stream(request)) as events:
        async for event in events:
            if isinstance(event, Started):
                received.add("text", event.opening)
            elif isinstance(event, Text):
                received.add("text", event.text)
            elif isinstance(event, Finished):
                end_word = event.finish_reason
            elif isinstance(event, Failed):
                return context.failed(
                    ErrorInfo(code=event.code, message=event.message, hint=event.hint, detail=event.detail)
                )
    return await judged(context, received, end_word) or answered(received.text)


async def judged(
    context: Context,
    received: ReceivedAnswer,
    end_word: str | None = None,
    failure: Exception | None = None,
) -> Finding | None:
    """Say why a chat would not call an answer complete, or what it would note below it; None: neither."""
    if fault := await received.judge(end_word, failure=failure):
        return context.failed(fault)
    notice = remark_on(received.remarks)
    return noted(context, notice) if notice else None


def noted(context: Context, notice: Notice) -> Finding:
    """Say what a chat notes below an answer."""
    finding = context.failed(ErrorInfo(code=notice.code, message=notice.message))
    return replace(finding, outcome="warn")


def does_not_stream(context: Context, refusal: Limitation, detail: str | None) -> Finding:
    """Say that a deployment does not stream, or fails to: an error only where streaming must be."""
    if context.streaming == "on":
        return found("fail", "must_stream", field="streaming", detail=detail)
    if refusal == "fails_streaming":
        return found("warn", "streaming_fails", field="streaming", detail=detail)
    code = "in_one_piece_as_set" if context.streaming == "off" else "in_one_piece"
    return found("warn", code, field="streaming", detail=detail)


def empty_stream(context: Context, detail: str | None) -> Finding:
    """Say that one stream had nothing in it: an error only where streaming must be."""
    outcome: DoctorOutcome = "fail" if context.streaming == "on" else "warn"
    return found(outcome, "empty_stream", field="streaming", detail=detail)


def answered(answer: str) -> Finding:
    """Show the beginning of an answer, on one line."""
    line = " ".join(answer.split())
    return found("pass", "answered", text=f"{line[:_SHOWN]}…" if len(line) > _SHOWN else line)


async def _request(context: Context, question: str) -> tuple[AsyncOpenAI, dict[str, Any]]:
    """Return the provider's own client, set up as for a run, and the smallest request for an answer."""
    model: Any = await context.model()
    profile = context.keyed
    assert isinstance(profile, Profile)
    request: dict[str, Any] = {
        "model": profile.model or profile.value(profile.served_by.model_field) or "",
        "messages": [{"role": "user", "content": question}],
    }
    if (length := profile.served_by.length_parameter) and profile.parameters.max_tokens:
        request[length] = profile.parameters.max_tokens
    from ..providers.openai.sse_decoder import mend_streams  # loaded with the client

    client = model.root_async_client.copy()
    mend_streams(client)
    return client, request
