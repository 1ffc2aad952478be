"""A dress rehearsal: one canned answer through the whole of LangChain and the OpenAI SDK, without a network.

Both import and compile much at their first call (LangSmith, SSE, pydantic models); done here, in a thread at
the start, the first question does not wait for it.
"""

from __future__ import annotations

import asyncio
import json

import httpx2
from langchain_core.callbacks import AsyncCallbackHandler
from pydantic import SecretStr

from .chat_openai import SETTINGS, StreamingChatOpenAI
from .tracing import tracing


def rehearse() -> None:
    """Stream a two-word answer. Blocks for a second or so the first time; never call it on the event loop."""
    with tracing(allowed=False):
        asyncio.run(_rehearse())


async def _rehearse() -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(_canned)) as client:
        llm = StreamingChatOpenAI(
            model="rehearsal",
            base_url="http://rehearsal.invalid/v1",
            api_key=SecretStr("none"),
            stream_usage=True,
            http_async_client=client,
            **SETTINGS,
        )
        async for _ in llm.astream("rehearse", config={"callbacks": [AsyncCallbackHandler()]}):
            pass
        llm.root_client.close()


def _canned(request: httpx2.Request) -> httpx2.Response:
    deltas = [({"role": "assistant", "content": "well "}, None), ({"content": "done"}, None), ({}, "stop")]
    chunks = [
        {
            "id": "rehearsal",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "rehearsal",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        for delta, finish in deltas
    ]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    body = "".join([*lines, "data: [DONE]\n\n"])
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body.encode())
