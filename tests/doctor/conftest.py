"""A scripted provider, and a doctor for profiles that point at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from jupyter_stream_chat.doctor.context import Context
from jupyter_stream_chat.doctor.diagnostics import examine
from jupyter_stream_chat.protocol import DoctorStep
from jupyter_stream_chat.providers.local.engine_client import EngineClient
from jupyter_stream_chat.providers.profiles.registry import Registry
from tests.providers.conftest import KEY, profile_values
from tests.scripted_provider import ScriptedProvider

Findings = dict[str, DoctorStep]
Examine = Callable[..., Awaitable[Findings]]


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """Return a provider that accepts one key only."""
    async with ScriptedProvider(key=KEY) as server:
        yield server


async def examined(values: dict[str, Any], **about: Any) -> Findings:
    """Return what the doctor finds of a profile, step by step."""
    engine = EngineClient()
    registry = Registry([values], engine=engine)
    name = str(values["id"])
    context = Context(registry.written(name), registry.find(name), **about)
    try:
        return {step.name: step async for step in examine(context, registry)}
    finally:
        await engine.close()


def scripted(
    provider: ScriptedProvider, script: str = "tokens=5", shape: str = "openai-compatible", **more: Any
) -> dict[str, Any]:
    """Return a profile whose every question is answered by ``script``."""
    name = {"azure_deployment" if shape == "azure" else "model": script}
    return profile_values(shape, provider) | name | more


def failures(findings: Findings) -> list[str]:
    """Return the names of the steps that failed."""
    return [step.name for step in findings.values() if step.outcome == "fail"]


def skipped(findings: Findings) -> list[str]:
    """Return the names of the steps that were left out."""
    return [step.name for step in findings.values() if step.outcome == "skip"]
