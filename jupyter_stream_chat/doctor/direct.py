"""Calls without LangChain: by the ``openai`` client, or straight to the engine."""

from __future__ import annotations

import time
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..engine.messages import ChatMessage, Failed, Generate, Text
from ..engine.messages import Parameters as EngineParameters
from ..protocol import ErrorInfo
from ..providers.errors.retry_policy import refusal_of
from ..providers.profiles.profile import Profile
from .arrivals import collected
from .context import Context
from .findings import Finding, found

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
    from ..providers.openai.payload_fixes import FAILURE

    try:
        answer = whole_answer(await client.chat.completions.create(**request))
        if answer[FAILURE]:
            raise answer[FAILURE]
    except Exception as error:
        if refusal_of(error, streamed=False) == "streams_only":
            return found("warn", "streams_only", detail=context.failed(error).detail)
        raise
    return answered(answer["choices"][0]["message"]["content"])


async def streamed(context: Context) -> Finding:
    """Ask for one answer piece by piece, and note when each arrives."""
    client, request = await _request(context, LONG)
    start = time.monotonic()
    try:
        stream = await client.chat.completions.create(**request, stream=True)
        async with stream:
            async for chunk in stream:
                if chunk["choices"][0]["delta"].get("content"):
                    context.arrivals.append(time.monotonic() - start)
    except Exception as error:
        if not context.arrivals and refusal_of(error, streamed=True) in (
            "refuses_streaming",
            "fails_streaming",
        ):
            return does_not_stream(context, context.failed(error))
        raise
    if not context.arrivals:
        return does_not_stream(context, None)
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
    answer = ""
    async with aclosing(model.client.stream(request)) as events:
        async for event in events:
            if isinstance(event, Text):
                answer += event.text
            elif isinstance(event, Failed):
                return context.failed(
                    ErrorInfo(code=event.code, message=event.message, hint=event.hint, detail=event.detail)
                )
    return answered(answer)


def does_not_stream(context: Context, why: Finding | None) -> Finding:
    """Say that a deployment does not stream: an error only where streaming must be."""
    detail = why.detail if why else None
    if context.streaming == "on":
        return found("fail", "must_stream", field="streaming", detail=detail)
    code = "in_one_piece_as_set" if context.streaming == "off" else "in_one_piece"
    return found("warn", code, field="streaming", detail=detail)


def answered(answer: str | None) -> Finding:
    """Show the beginning of an answer, on one line."""
    line = " ".join((answer or "").split())
    if not line:
        return found("pass", "answered_nothing")
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
