"""Calls without LangChain: by the ``openai`` client, or straight to the engine."""

from __future__ import annotations

import time
import uuid
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from ..engine.messages import ChatMessage, Failed, Generate, Text
from ..engine.messages import Parameters as EngineParameters
from ..protocol import ErrorInfo
from ..providers.profiles import Profile
from ..providers.refusals import refusal_of
from .arrivals import collected
from .patient import Finding, Patient

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SHORT = "Answer with one word: hello."
LONG = "Count from one to sixty in words, separated by commas, and write nothing else."
_SHOWN = 40
"""Characters of an answer that are shown."""


async def accepted(patient: Patient) -> Finding:
    """Ask for the list of models, which costs nothing, and look whether the key is refused."""
    unknown = Finding("pass", "There is no list of models to try it with: the next call will tell.")
    assert patient.adapter is not None
    assert isinstance(patient.keyed, Profile)
    try:
        models = await patient.adapter.models(patient.keyed)
    except Exception as error:
        if getattr(error, "status_code", None) != 401:
            return unknown
        raise
    return unknown if models is None else Finding("pass", "The provider lists its models.")


async def whole(patient: Patient) -> Finding:
    """Ask for one answer in one piece."""
    client, request = await _request(patient, SHORT)
    answer = await client.chat.completions.create(**request)
    if not answer.choices:
        return patient.failed(_no_answer())
    return Finding("pass", f"Answered: {shown(answer.choices[0].message.content)}")


async def streamed(patient: Patient) -> Finding:
    """Ask for one answer piece by piece, and note when each arrives."""
    client, request = await _request(patient, LONG)
    start = time.monotonic()
    try:
        stream = await client.chat.completions.create(**request, stream=True)
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    patient.arrivals.append(time.monotonic() - start)
    except Exception as error:
        if not patient.arrivals and refusal_of(error, streamed=True) in (
            "refuses_streaming",
            "fails_streaming",
        ):
            return does_not_stream(patient, patient.failed(error))
        raise
    if not patient.arrivals:
        return does_not_stream(patient, None)
    first = patient.arrivals[0] * 1000
    return Finding("pass", f"{len(patient.arrivals)} pieces, the first after {first:.0f} ms.")


async def buffering(patient: Patient) -> Finding:
    """Judge by the times of arrival whether something on the way collects the pieces."""
    if not patient.arrivals:
        return Finding("skip", "Nothing was streamed.")
    silence = collected(patient.arrivals)
    if silence is None:
        return Finding("pass", "No sign that anything on the way collects them.")
    return Finding(
        "warn",
        f"Pieces came many at once, after {silence:.1f} s of silence: something on the way collects them.",
        "Switch buffering off in what stands before the provider (nginx: proxy_buffering off, gzip off; "
        "see docs/deployment.md). On Azure set the content filter to asynchronous.",
        patient.address_field,
    )


async def engine(patient: Patient) -> Finding:
    """Ask the engine itself; the model is loaded for it."""
    model: Any = await patient.model()
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
                return patient.failed(
                    ErrorInfo(code=event.code, message=event.message, cure=event.cure, detail=event.detail)
                )
    return Finding("pass", f"Answered: {shown(answer)}")


def does_not_stream(patient: Patient, why: Finding | None) -> Finding:
    """Say that a deployment does not stream: an error only where streaming must be."""
    if patient.streaming == "on":
        return Finding(
            "fail",
            "The deployment does not stream, and streaming is set to on.",
            "Set streaming to auto or off: answers then come in one piece.",
            "streaming",
            why.detail if why else None,
        )
    return Finding(
        "warn",
        "The deployment does not stream: answers come in one piece.",
        None if patient.streaming == "off" else "Set streaming to off, and no question is asked twice.",
        "streaming",
        why.detail if why else None,
    )


def shown(answer: str | None) -> str:
    """Return the beginning of an answer, on one line."""
    line = " ".join((answer or "").split())
    return f"{line[:_SHOWN]}…" if len(line) > _SHOWN else line or "(an empty text)"


def _no_answer() -> ErrorInfo:
    return ErrorInfo(code="provider_error", message="The provider's answer holds no text.")


async def _request(patient: Patient, question: str) -> tuple[AsyncOpenAI, dict[str, Any]]:
    """Return the provider's own client, set up as for a run, and the smallest request for an answer."""
    model: Any = await patient.model()
    profile = patient.keyed
    assert isinstance(profile, Profile)
    request: dict[str, Any] = {
        "model": profile.model or profile.azure_deployment or "",
        "messages": [{"role": "user", "content": question}],
    }
    if profile.provider == "openai-compatible" and profile.parameters.max_tokens:
        # Such a server may go on to the end of a model's context where nothing limits it.
        request["max_tokens"] = profile.parameters.max_tokens
    return model.root_async_client, request
