"""What the SDK's streams do otherwise here: a cut is noticed, and chunks stay as plain as they came."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent, SSEDecoder
from openai.types.chat import ChatCompletionChunk

_FINISHED = re.compile(r'"finish_reason"\s*:\s*"')


class StreamCut(ConnectionError):
    """The stream ended, but not the answer: neither a finish_reason nor ``[DONE]`` had come."""


class _CutNoticingDecoder(SSEDecoder):
    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[ServerSentEvent]:
        """Yield the events. Raises StreamCut at an end that came too early."""
        begun = finished = False
        async for event in super().aiter_bytes(iterator):
            begun = True
            finished = finished or _FINISHED.search(event.data) is not None or event.data.startswith("[DONE]")
            yield event
        if begun and not finished:
            raise StreamCut("The stream ended without finish_reason and without [DONE].")


def mend_streams(client: AsyncOpenAI) -> None:
    """Let a client raise at a stream that was cut, and yield chunks as dicts.

    A proxy may close a broken stream properly. LangChain turns the SDK's objects into dicts anyway; to make
    them took a quarter of what a token costs.
    """
    process = client._process_response_data

    def plain(*, data: object, cast_to: Any, **rest: Any) -> Any:
        is_chunk = cast_to is ChatCompletionChunk and isinstance(data, dict)
        return data if is_chunk else process(data=data, cast_to=cast_to, **rest)

    # Private to the SDK, and the one place where either can be done; tests guard it.
    client._make_sse_decoder = _CutNoticingDecoder  # type: ignore[method-assign]
    client._process_response_data = plain  # type: ignore[method-assign]
