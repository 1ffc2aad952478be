"""LangChain's OpenAI classes, set so that Stop works and reasoning is not lost.

Heavy to import (1.3 s): only what runs in a thread imports it. Measured reasons for every setting are in
``SETTINGS``. The hooks are private methods of langchain-openai, the custom headers
private to the SDK; ``tests/providers`` guards them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI

from .profiles import Profile

SETTINGS: dict[str, Any] = {
    # The default goes through asyncio.wait_for, which on Python 3.11 swallows a task.cancel() that races with
    # a chunk: up to 37 % of all interrupts.
    "stream_chunk_timeout": 0,
    # Retries are the run's business: the SDK's would hide seconds of silence from the user.
    "max_retries": 0,
    "timeout": openai.Timeout(600, connect=10),
}


class _Reasoning:
    """Keeps ``reasoning_content`` (or ``reasoning``), which langchain-openai drops, beside the content."""

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        generation: ChatGenerationChunk | None = super()._convert_chunk_to_generation_chunk(  # type: ignore[misc]
            chunk, default_chunk_class, base_generation_info
        )
        if generation is not None and chunk.get("choices"):
            _copy_reasoning(chunk["choices"][0].get("delta"), generation.message.additional_kwargs)
        return generation

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        result: ChatResult = super()._create_chat_result(response, generation_info)  # type: ignore[misc]
        values = response if isinstance(response, dict) else response.model_dump()
        for choice, generation in zip(values.get("choices") or [], result.generations, strict=False):
            _copy_reasoning(choice.get("message"), generation.message.additional_kwargs)
        return result


def _copy_reasoning(source: dict[str, Any] | None, target: dict[str, Any]) -> None:
    reasoning = source and (source.get("reasoning_content") or source.get("reasoning"))
    if isinstance(reasoning, str) and reasoning:
        target["reasoning_content"] = reasoning


class _Prefix:
    """Knows the option ``last_message``: what is added to it, so that the server goes on with it."""

    def _get_request_payload(
        self, *args: Any, last_message: Mapping[str, Any] = MappingProxyType({}), **kwargs: Any
    ) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)  # type: ignore[misc]
        if last_message:
            payload["messages"][-1].update(last_message)
        return payload


class StreamingChatOpenAI(_Reasoning, _Prefix, ChatOpenAI):
    """``ChatOpenAI`` with its reasoning, and answers that go on."""


class StreamingAzureChatOpenAI(_Reasoning, AzureChatOpenAI):
    """``AzureChatOpenAI`` with its reasoning."""


def without_environment(model: BaseChatOpenAI) -> BaseChatOpenAI:
    """Take from a model's clients the headers that the SDK reads from the environment: they are OpenAI's."""
    for client in (model.root_client, model.root_async_client):
        client.organization = client.project = None
        client._custom_headers = {}
    return model


def parameters(profile: Profile) -> dict[str, Any]:
    """Return what OpenAI-shaped providers know of the profile's parameters, absent ones left out."""
    given = profile.parameters
    known = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "max_tokens": given.max_tokens,
        "seed": given.seed,
        "stop": given.stop,
    }
    return {name: value for name, value in known.items() if value is not None}
