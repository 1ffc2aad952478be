"""A rehearsal: one canned answer through the whole of LangChain and the OpenAI SDK, over the loopback.

Both import and compile much at their first call (LangSmith, SSE, TCP); done here, in a thread at the start,
the first question does not wait for it. Nothing leaves the machine.

What it buys (``python -m tests.bench.many_chats``): the first question takes 20 ms of the server's CPU
instead of 40. Later questions, however many, take the same with and without it.
"""

from __future__ import annotations

import asyncio
import json
import logging

import openai
from langchain_core.callbacks import AsyncCallbackHandler
from pydantic import SecretStr

from ..langchain.tracing import tracing
from .chat_openai import SETTINGS, StreamingChatOpenAI

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Stream a two-word answer. Blocks for a second or so the first time; never call it on the event loop."""
    try:
        with tracing(allowed=False):
            asyncio.run(_warm_up())
    except (OSError, openai.OpenAIError) as error:  # no loopback: only time is lost
        log.info("No rehearsal: %s", error)


async def _warm_up() -> None:
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        llm = StreamingChatOpenAI(
            model="rehearsal",
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key=SecretStr("none"),
            stream_usage=True,
            # A proxy of the environment must not be asked for the loopback.
            http_async_client=openai.DefaultAsyncHttpxClient(trust_env=False),
            **SETTINGS,
        )
        async for _ in llm.astream("rehearse", config={"callbacks": [AsyncCallbackHandler()]}):
            pass
        await llm.root_async_client.close()
        llm.root_client.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
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
    body = "".join([*(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks), "data: [DONE]\n\n"])
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    await writer.drain()
    writer.close()
