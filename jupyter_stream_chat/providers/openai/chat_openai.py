"""LangChain's OpenAI classes, set so that Stop works and reasoning is not lost.

Heavy to import (1.3 s): only what runs in a thread imports it. Measured reasons for every setting are in
``SETTINGS``. The hooks are private methods of langchain-openai, the custom headers
private to the SDK; ``tests/providers`` guards them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import model_validator

from ..finish_reasons import graver
from ..langchain.chunk_accumulator import accumulated
from ..loopback import is_loopback, without_proxy
from ..profiles.profile import Profile
from .block_statements import Blocked, QuestionBlocked, block_in
from .chunks import REASONING
from .event_stream import EventDecoder
from .payload_fixes import (
    FAILURE,
    NO_REASON,
    REMARKS,
    MalformedAnswer,
    ProviderSaid,
    calls_tools,
    choices_of,
    content_of,
    copy_extras,
    error_in,
    finish_of,
    sound_message,
    sound_usage,
)
from .stream_reader import StreamCut, StreamReader

_ANSWER: Final = "The answer"
_NOT_AS: Final = "is not as OpenAI's protocol has it."

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


def clients_of(profile: Profile) -> dict[str, Any]:
    """Return the clients of a model on this machine, if the proxy is asked for it all the same."""
    if not profile.proxy_loopback or not is_loopback(urlsplit(profile.address or "").hostname):
        return {}
    return {
        "http_async_client": openai.DefaultAsyncHttpxClient(),
        "http_client": openai.DefaultHttpxClient(),
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
        remarks, failure = values.pop(REMARKS), values.pop(FAILURE)
        message = values["choices"][0]["message"]
        try:
            result: ChatResult = super()._create_chat_result(values, generation_info)  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError) as error:
            raise MalformedAnswer("The answer is not as OpenAI's protocol has it.") from error
        for generation in result.generations:
            copy_extras(message, generation.message.additional_kwargs)
            if remarks:
                generation.message.additional_kwargs[REMARKS] = remarks
            if failure:
                generation.message.additional_kwargs[FAILURE] = failure
        return result


def collected(stream: str) -> dict[str, Any]:
    """Return the answer that an event stream holds, in one piece: what there is of it, and how it failed."""
    decoder, reader = EventDecoder(), StreamReader()
    chunks: list[dict[str, Any]] = []
    failure: Exception | None = None
    try:
        for event in [*decoder.feed(stream.encode(errors="surrogatepass")), *decoder.close()]:
            chunks += reader.read(event)
        chunks += reader.close(decoder.other)
    except (Blocked, ProviderSaid, MalformedAnswer, StreamCut) as error:
        if not chunks:
            raise
        failure = error
    choices = [chunk["choices"][0] for chunk in chunks]
    message = {
        name: text
        for name in ("content", "reasoning_content", "refusal")
        if (text := "".join(choice["delta"].get(name) or "" for choice in choices))
    }
    ends = [end for choice in choices if (end := choice["finish_reason"])]
    return {
        "choices": [{"message": {"content": "", **message}, "finish_reason": reduce(graver, ends, None)}],
        "usage": next((usage for chunk in reversed(chunks) if (usage := chunk["usage"])), None),
        REMARKS: sorted({remark for chunk in chunks for remark in chunk[REMARKS]}),
        FAILURE: failure,
    }


def whole_answer(response: object) -> dict[str, Any]:
    """Return an answer in one piece with one sound choice. Raises ProviderSaid and MalformedAnswer."""
    values = _as_object(response)
    choices = choices_of(values, _ANSWER)
    given = content_of(choices[0], "message", "delta") if choices else None
    failure = values.get(FAILURE) or error_in(values)
    if not (given and given.get("content")):
        if FAILURE not in values and (block := block_in(values)):
            raise QuestionBlocked(block)
        if failure:
            raise failure
    if not choices or given is None:
        kept = {key: each for key, each in values.items() if each is not None}
        raise MalformedAnswer(f"{_ANSWER} {_NOT_AS}", json.dumps(kept, default=str))
    choice = choices[0]
    finish = finish_of(choice, values)
    if finish is None and "finish_reason" in choice and FAILURE not in values:
        finish = NO_REASON
    remarks = ["several_choices"] * (len(choices) > 1) + ["tool_calls"] * calls_tools(given)
    return {
        **{key: each for key, each in values.items() if key != "error"},
        "choices": [{**choice, "message": sound_message(given), "finish_reason": finish}],
        "usage": sound_usage(values.get("usage")),
        REMARKS: values.get(REMARKS) or remarks,
        FAILURE: failure,
    }


def _as_object(response: object) -> dict[str, Any]:
    """Return what the SDK made of a body as an object, as it was sent. Raises MalformedAnswer."""
    if isinstance(response, str):
        text = response.removeprefix("\ufeff").lstrip()
        if text and not text.startswith("<"):
            return collected(text)  # the server streams, whatever it is asked
    if isinstance(response, list) and response:
        response = response[0]
    if isinstance(response, openai.BaseModel):
        response = response.model_dump(exclude_unset=True, warnings=False)
    if not isinstance(response, dict):  # an HTML page that says 200, say
        raise MalformedAnswer(f"{_ANSWER} {_NOT_AS}", response)
    return response


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
