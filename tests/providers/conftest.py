"""A scripted provider, and profiles that point at it in each of the shapes that it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

KEY = "sk-scripted-0123456789"


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """Return a provider that accepts one key only."""
    async with ScriptedProvider(key=KEY) as server:
        yield server


def profile_values(shape: str, provider: ScriptedProvider, **more: Any) -> dict[str, Any]:
    """Return the plain values of a profile for one shape: openai, azure or openai-compatible."""
    values: dict[str, Any] = {"id": shape, "label": shape, "provider": shape, "api_key": KEY}
    if shape == "azure":
        address = {"azure_endpoint": provider.url, "azure_deployment": "dep", "api_version": "2024-10-21"}
    else:
        address = {"base_url": provider.openai_url, "model": "scripted"}
    return values | address | more
