"""LangChain's OpenAI classes, set so that Stop works and reasoning is not lost.

Heavy to import (1.3 s): only what runs in a thread imports it. Measured reasons for every setting are in
``SETTINGS``. The hooks are private methods of langchain-openai, the custom headers
private to the SDK; ``tests/providers`` guards them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import model_validator

from ..langchain.chunk_accumulator import accumulated
from ..loopback import without_proxy
from .chunks import REASONING
from .event_stream import EventDecoder
from .payload_fixes import (
    REMARKS,
    MalformedAnswer,
    calls_tools,
    copy_extras,
    finish_of,
    raise_if_error,
    sound_message,
    sound_usage,
)
from .stream_reader import StreamReader

SETTINGS: dict[str, Any] = {
    # Retries are the run's business: the SDK's would hide seconds of silence from the user.
    "max_retries": 0,
    "timeout": openai.Timeout(600, connect=10),
    # The default goes through asyncio.wait_for, which on Python 3.11 swallows a task.cancel() that races with
    # a chunk: up to 37 % of all interrupts.
    "stream_chunk_timeout": 0,
}


def _without_proxy(values: dict[str, Any]) -> dict[str, Any]:
    """Return a model's fields; a server of this machine is asked without the environment's proxy."""
    host = urlsplit(str(values.get("base_url") or values.get("azure_endpoint") or "")).hostname
    direct = without_proxy(host)
    if direct is None or values.get("http_async_client") is not None:
        return values
    return {
        **values,
        "http_async_client": openai.DefaultAsyncHttpxClient(mounts=direct),
        "http_client": openai.DefaultHttpxClient(mounts=direct),
    }


class _InOneChunk:
    """Lets LangChain hold an answer once while it streams."""

    def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        return accumulated(super()._astream(*args, **kwargs))  # type: ignore[misc]


class _Reasoning:
    """Keeps reasoning, refusals and remarks, which langchain-openai drops, beside the content."""

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        try:
            generation: ChatGenerationChunk | None = super()._convert_chunk_to_generation_chunk(  # type: ignore[misc]
                chunk, default_chunk_class, base_generation_info
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedAnswer("A chunk is not as OpenAI's protocol has it.") from error
        if generation is not None and chunk.get("choices"):
            extras = generation.message.additional_kwargs
            copy_extras(chunk["choices"][0].get("delta"), extras)
            if remarks := chunk.get(REMARKS):
                extras[REMARKS] = remarks
        return generation

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        values = whole_answer(response)
        remarks = values.pop(REMARKS)
        message = values["choices"][0]["message"]
        try:
            result: ChatResult = super()._create_chat_result(values, generation_info)  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError) as error:
            raise MalformedAnswer("The answer is not as OpenAI's protocol has it.") from error
        for generation in result.generations:
            copy_extras(message, generation.message.additional_kwargs)
            if remarks:
                generation.message.additional_kwargs[REMARKS] = remarks
        return result


def collected(stream: str) -> dict[str, Any]:
    """Return the answer that an event stream holds, in one piece. Raises what ``StreamReader`` raises."""
    decoder, reader = EventDecoder(), StreamReader()
    events = [*decoder.feed(stream.encode(errors="surrogatepass")), *decoder.close()]
    chunks = [chunk for event in events if not reader.is_done for chunk in reader.read(event)]
    chunks += reader.close(decoder.other)
    choices = [chunk["choices"][0] for chunk in chunks]
    message = {
        name: text
        for name in ("content", "reasoning_content", "refusal")
        if (text := "".join(choice["delta"].get(name) or "" for choice in choices))
    }
    return {
        "choices": [
            {
                "index": 0,
                "message": {"content": "", **message},
                "finish_reason": next((end for choice in choices if (end := choice["finish_reason"])), None),
            }
        ],
        "usage": next((usage for chunk in reversed(chunks) if (usage := chunk["usage"])), None),
    }


def whole_answer(response: object) -> dict[str, Any]:
    """Return an answer in one piece with one sound choice. Raises ProviderSaid and MalformedAnswer."""
    if isinstance(response, str) and response.lstrip().startswith(("data:", "event:", ":")):
        response = collected(response)  # the server streams, whatever it is asked
    if not isinstance(response, dict | openai.BaseModel):  # an HTML page that says 200, say
        raise MalformedAnswer("The answer is not as OpenAI's protocol has it.", response)
    values = response if isinstance(response, dict) else response.model_dump(warnings=False)
    raise_if_error(values)
    choices = values.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise MalformedAnswer(
            "The answer is not as OpenAI's protocol has it.",
            json.dumps({key: each for key, each in values.items() if each is not None}, default=str),
        )
    choice = choices[0]
    given = choice.get("message") or {"content": choice.get("text")}
    if not isinstance(given, dict) or (not choice.get("message") and not isinstance(choice.get("text"), str)):
        raise MalformedAnswer("The answer is not as OpenAI's protocol has it.")
    remarks = ["several_choices"] * (len(choices) > 1) + ["tool_calls"] * calls_tools(given)
    sound = {**choice, "message": sound_message(given), "finish_reason": finish_of(choice)}
    return {**values, "choices": [sound], "usage": sound_usage(values.get("usage")), REMARKS: remarks}


class _Prefix:
    """Knows the option ``last_message``: what is added to it, so that the server goes on with it."""

    def _get_request_payload(
        self, *args: Any, last_message: Mapping[str, Any] = MappingProxyType({}), **kwargs: Any
    ) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)  # type: ignore[misc]
        if last_message:
            payload["messages"][-1].update(last_message)
        return payload


class _Reasoned:
    """Knows the option ``with_reasoning``: earlier answers are sent with what led to them."""

    takes_reasoning: ClassVar[bool] = True

    def _get_request_payload(self, *args: Any, with_reasoning: bool = False, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)  # type: ignore[misc]
        if with_reasoning:
            given = self._convert_input(args[0]).to_messages()  # type: ignore[attr-defined]
            for message, sent in zip(given, payload.get("messages", []), strict=False):
                if sent["role"] == "assistant":
                    sent["reasoning_content"] = message.response_metadata.get(REASONING, "")
        return payload


class _AsItIs:
    """Hands the conversation to the SDK as JSON that it does not look into.

    The SDK compares each field of each message with its types, on the event loop: 6 s for 20,000 messages.
    """

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)  # type: ignore[misc]
        if "messages" in payload:
            payload["extra_body"] = {**(payload.get("extra_body") or {}), "messages": payload["messages"]}
            payload["messages"] = []
        return payload


class StreamingChatOpenAI(_AsItIs, _InOneChunk, _Reasoning, _Reasoned, _Prefix, ChatOpenAI):
    """``ChatOpenAI`` with its reasoning, and answers that go on."""

    @model_validator(mode="before")
    @classmethod
    def _direct(cls, values: dict[str, Any]) -> dict[str, Any]:
        return _without_proxy(values)


class CompatibleChatOpenAI(StreamingChatOpenAI):
    """``ChatOpenAI`` for servers of others, which know ``max_tokens`` by its old name."""

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        if "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload


class _FilterEnds:
    """Lets an answer that the content filter cut end like a streamed one: LangChain would throw it away."""

    def _create_chat_result(
        self, response: dict[str, Any], generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        choices = response.get("choices") or []
        filtered = [choice.get("finish_reason") == "content_filter" for choice in choices]
        kept = [
            {**choice, "finish_reason": None} if each else choice
            for choice, each in zip(choices, filtered, strict=True)
        ]
        result: ChatResult = super()._create_chat_result({**response, "choices": kept}, generation_info)  # type: ignore[misc]
        for generation, each in zip(result.generations, filtered, strict=True):
            if each:
                generation.generation_info = {
                    **(generation.generation_info or {}),
                    "finish_reason": "content_filter",
                }
        return result


class StreamingAzureChatOpenAI(_AsItIs, _InOneChunk, _Reasoning, _Reasoned, _FilterEnds, AzureChatOpenAI):
    """``AzureChatOpenAI`` with its reasoning."""

    @model_validator(mode="before")
    @classmethod
    def _direct(cls, values: dict[str, Any]) -> dict[str, Any]:
        return _without_proxy(values)


def without_environment(model: BaseChatOpenAI) -> BaseChatOpenAI:
    """Take from a model's clients the headers that the SDK reads from the environment: they are OpenAI's."""
    for client in (model.root_client, model.root_async_client):
        client.organization = client.project = None
        client._custom_headers = {}
    return model
