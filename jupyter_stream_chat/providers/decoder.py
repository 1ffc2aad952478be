"""The decoder of event streams that notices when one was cut: a proxy may close a broken stream properly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent, SSEDecoder

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


def notice_cuts(client: AsyncOpenAI) -> None:
    """Let a client raise where it would take a stream that was cut for a whole one."""
    # Private to the SDK, and the one place where the end of a stream can be seen; tests guard it.
    client._make_sse_decoder = _CutNoticingDecoder  # type: ignore[method-assign]
