"""What LangChain holds of a stream, and what it says of it in the end, on error and in mid-stream."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult, LLMResult

from jupyter_stream_chat.providers.langchain.chunk_accumulator import accumulated

PROVIDERS_OWN = {"model_provider": "openai"}


class Scripted(BaseChatModel):
    """Yields ``length`` numbered tokens with all that a provider adds, then fails if it is to."""

    length: int
    once: bool
    """Whether LangChain is given one chunk."""
    fails: bool = False

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _chunks(self) -> AsyncIterator[ChatGenerationChunk]:
        for i in range(self.length):
            message = AIMessageChunk(
                content=f"t{i} ",
                additional_kwargs={"reasoning_content": f"r{i} "},
                response_metadata=PROVIDERS_OWN,
            )
            yield ChatGenerationChunk(message=message, generation_info={"logprobs": {"content": [i]}})
        if self.fails:
            raise ConnectionError("cut")
        usage = {"input_tokens": 3, "output_tokens": self.length, "total_tokens": 3 + self.length}
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", usage_metadata=usage),  # type: ignore[arg-type]
            generation_info={"finish_reason": "stop", "model_name": "m"},
        )

    def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        return accumulated(self._chunks()) if self.once else self._chunks()


class Told(AsyncCallbackHandler):
    """Notes the tokens, what was read, and what LangChain says of the whole."""

    run_inline = True

    def __init__(self) -> None:
        self.tokens: list[tuple[Any, Any]] = []
        self.read: list[BaseMessage] = []
        self.whole: list[Any] = []

    @property
    def everything(self) -> tuple[Any, ...]:
        return self.tokens, self.read, self.whole

    async def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the inherited one raises."""

    async def on_llm_new_token(self, token: Any, *, chunk: Any = None, **kwargs: Any) -> None:
        self.tokens.append((token, chunk.message.additional_kwargs))

    async def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        self.whole = [(each.text, each.message, each.generation_info) for each in response.generations[0]]  # type: ignore[union-attr]

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        await self.on_llm_end(kwargs["response"])


async def told_of(model: Scripted, *, until: int | None = None, **kwargs: Any) -> Told:
    """Stream an answer, or its first ``until`` messages, under one id."""
    told = Told()
    config: Any = {"callbacks": [told], "run_id": "00000000-0000-4000-8000-000000000000"}
    try:
        async with aclosing(model.astream("question", config, **kwargs)) as stream:  # type: ignore[type-var]
            async for message in stream:
                told.read.append(message)
                if len(told.read) == until:
                    break
    except ConnectionError:
        pass
    return told


@pytest.mark.parametrize("length", [0, 1, 2, 14, 15, 16, 17, 31, 32, 33, 100])
async def test_the_tokens_and_the_whole_are_as_without_it(length: int) -> None:
    expected = await told_of(Scripted(length=length, once=False))
    assert expected.whole[0][0] == "".join(f"t{i} " for i in range(length))
    told = await told_of(Scripted(length=length, once=True))
    assert told.everything == expected.everything


@pytest.mark.parametrize("length", [0, 1, 16, 40])
async def test_an_error_brings_what_had_come(length: int) -> None:
    expected = await told_of(Scripted(length=length, once=False, fails=True))
    told = await told_of(Scripted(length=length, once=True, fails=True))
    assert told.everything == expected.everything


@pytest.mark.parametrize("until", [1, 2, 16, 17, 33])
async def test_an_interrupt_brings_what_had_come(until: int) -> None:
    expected = await told_of(Scripted(length=60, once=False), until=until)
    assert expected.whole[0][0] == "".join(f"t{i} " for i in range(until))
    told = await told_of(Scripted(length=60, once=True), until=until)
    assert told.everything == expected.everything


async def test_a_message_in_langchains_own_blocks_stays_one() -> None:
    expected = await told_of(Scripted(length=40, once=False, output_version="v1"))
    told = await told_of(Scripted(length=40, once=True, output_version="v1"))
    assert isinstance(told.whole[0][1].content, list)
    assert told.everything == expected.everything


@pytest.mark.parametrize(("once", "held"), [(True, 200), (False, 2000)])
async def test_a_long_answer_is_held_once(once: bool, held: int) -> None:
    async for message in Scripted(length=2000, once=once).astream("question"):
        if message.content == "t1999 ":
            alive = sum(type(each) is AIMessageChunk for each in gc.get_objects())
            assert alive <= held if once else alive >= held
