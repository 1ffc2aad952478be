"""The examination: step by step, timed, each within its limit, skipped where what it needs has failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from typing import Final

from ..protocol import DoctorStep
from ..providers.adapter import Adapter
from ..providers.errors.classify import ProviderProblem
from ..providers.profiles.profile import Profile
from ..providers.profiles.registry import Registry
from . import chain, configuration, direct, network
from .context import Context, Step
from .findings import Finding, found

_LOADING_SECONDS = 600.0
"""A local model may have to be downloaded first."""

_CONFIGURATION = Step("configuration", "Configuration", configuration.read, seconds=10)
_KEY = Step("key", "Key", configuration.key, needs=("configuration",), seconds=10)
_NETWORK = (
    Step("name", "Name resolution", network.resolve, needs=("configuration",), seconds=10),
    Step("connection", "Connection and TLS", network.connect, needs=("configuration", "name"), seconds=15),
)
_DIRECT = (
    Step("key_accepted", "Key accepted", direct.accepted, needs=("key", "connection"), seconds=15),
    Step("direct", "One call, without LangChain", direct.whole, needs=("key", "key_accepted", "connection")),
    Step(
        "direct_streamed",
        "Streamed, without LangChain",
        direct.streamed,
        needs=("key", "key_accepted", "connection"),
        when_slow="too_slow_streamed",
        slow_field="streaming",
    ),
    Step("buffering", "Pieces arrive as they are written", direct.buffering, needs=("direct_streamed",)),
)
_ENGINE = (
    Step("direct", "The engine, without LangChain", direct.engine, ("configuration",), _LOADING_SECONDS),
)
_CHAIN = (
    Step("langchain", "One call, through LangChain", chain.whole, needs=("configuration", "key", "direct")),
    Step(
        "langchain_streamed",
        "Streamed, through LangChain",
        chain.streamed,
        needs=("configuration", "key", "direct_streamed"),
    ),
    Step("callbacks", "Every token is logged and forwarded", chain.counters, needs=("configuration", "key")),
    Step(
        "stop", "Stop", chain.stop, needs=("configuration", "key", "connection", "key_accepted"), seconds=20
    ),
)
REMEMBERED: Final = Step(
    "remembered",
    "What earlier questions found out",
    configuration.remembered,
    needs=("configuration",),
    seconds=10,
)
_TRACING = Step("tracing", "Tracing", configuration.tracing, seconds=10)


def steps_for(context: Context) -> Sequence[Step]:
    """Return what is looked at, in order."""
    provider = context.provider
    if provider and provider.is_local:
        return (_CONFIGURATION, *_ENGINE, *_CHAIN, REMEMBERED, _TRACING)
    if provider and provider.is_openai_shaped:
        return (_CONFIGURATION, *_NETWORK, _KEY, *_DIRECT, *_CHAIN, REMEMBERED, _TRACING)
    return (_CONFIGURATION, _KEY, *_CHAIN, REMEMBERED, _TRACING)


async def examine(context: Context, registry: Registry) -> AsyncGenerator[DoctorStep, None]:
    """Yield what each step found, as it ends. ``registry`` lends what opens the models."""
    async with AsyncExitStack() as stack:
        context.explain = registry.explain
        if isinstance(context.profile, Profile):
            context.adapter = await _lent(context, registry, stack)
        steps = steps_for(context)
        titles = {step.name: step.title for step in steps}
        for step in steps:
            finding = _skipped(step, context, titles)
            yield await taken(step, context) if finding is None else _told(step, finding, context)


async def taken(step: Step, context: Context) -> DoctorStep:
    """Look at one thing, and return what was found and how long it took."""
    start = time.monotonic()
    finding = await _look(step, context)
    return _told(step, finding, context, ms=round((time.monotonic() - start) * 1000, 1))


def _told(step: Step, finding: Finding, context: Context, *, ms: float = 0.0) -> DoctorStep:
    context.outcomes[step.name] = finding.outcome
    return DoctorStep(name=step.name, title=step.title, ms=ms, **asdict(finding))


async def _lent(context: Context, registry: Registry, stack: AsyncExitStack) -> Adapter | None:
    """Return what opens the profile's models; where its address is refused, the configuration says so."""
    assert isinstance(context.profile, Profile)
    try:
        return await stack.enter_async_context(registry.trial(context.profile))
    except ProviderProblem as problem:
        context.profile = context.keyed = problem.info
        return None


def _skipped(step: Step, context: Context, titles: dict[str, str]) -> Finding | None:
    """Say why a step is left out; None: it is not."""
    for name in step.needs:
        if context.outcomes.get(name) in ("fail", "skip"):
            finding = found("skip", "left_out", step=titles[name])
            return replace(finding, values={"step": name})  # its title is worded by whoever words the finding
    return None


async def _look(step: Step, context: Context) -> Finding:
    seconds = step.seconds or context.call_seconds
    try:
        async with asyncio.timeout(seconds) as limit:
            return await step.look(context)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it is what we are here for
        if not limit.expired():
            return context.failed(error)
    field = step.slow_field or context.address_field
    return found("fail", step.when_slow, field=field, seconds=f"{seconds:g}")
