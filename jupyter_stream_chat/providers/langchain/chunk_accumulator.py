"""A stream's chunks as LangChain is given them: one and the same object, so that it holds the answer once.

Its ``astream`` keeps every chunk until the answer ends, to add them up: 2.4 KB for a token of four bytes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from pydantic import Field

_BATCH = 16
"""How many chunks are held apart before they are added up."""


async def accumulated(
    chunks: AsyncIterator[ChatGenerationChunk],
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Yield the chunks of a model's ``_astream``, each in the place of the one before.

    A message is new each time, and the reader's. The sum is right whenever it is asked for, in mid-stream as
    well. A tracer that keeps chunks with its token events finds the last one in all of them.
    """
    one: ChunkAccumulator | None = None
    async with aclosing(chunks) as own:  # type: ignore[type-var]
        async for chunk in own:
            if one is None:
                one = ChunkAccumulator(
                    message=chunk.message, generation_info=chunk.generation_info, chunks=[chunk]
                )
            else:
                one.become(chunk)
            yield one


async def reported(
    chunks: AsyncIterator[ChatGenerationChunk], run_manager: AsyncCallbackManagerForLLMRun | None
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Yield the chunks of a model's ``_astream``, each once LangChain's callbacks have been given it."""
    async with aclosing(chunks) as own:  # type: ignore[type-var]
        async for chunk in own:
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


class ChunkAccumulator(ChatGenerationChunk):
    """The newest chunk of a stream, which knows those before it."""

    chunks: list[ChatGenerationChunk] = Field(exclude=True)
    """Their sum is the stream's: the provider's own chunks, the newest last."""

    def become(self, chunk: ChatGenerationChunk) -> None:
        """Be the next chunk."""
        self._keep_message()
        if len(self.chunks) == _BATCH:
            self.chunks = [_sum(self.chunks)]
        self.chunks.append(chunk)
        self.message, self.generation_info, self.text = chunk.message, chunk.generation_info, chunk.text

    def __add__(self, other: ChatGenerationChunk | list[ChatGenerationChunk]) -> ChatGenerationChunk:
        """Return the sum of the stream's chunks; ``other`` is this one as often as LangChain was given it."""
        self._keep_message()
        others = other if isinstance(other, list) else [other]
        return _sum([*self.chunks, *(each for each in others if each is not self)])

    def _keep_message(self) -> None:
        """Take over what LangChain has made of the newest message: where asked for, one of its own form."""
        newest = self.chunks[-1]
        if newest.message is not self.message:
            newest.message = self.message


def _sum(chunks: list[ChatGenerationChunk]) -> ChatGenerationChunk:
    total = merge_chat_generation_chunks(chunks)
    assert total is not None, "there is one at least"
    return total
