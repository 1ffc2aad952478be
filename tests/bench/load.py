"""Many chats at once over one server: what is lost, how late it comes, and what it costs in memory."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psutil

from jupyter_stream_chat.protocol import Delta, encode
from tests.bench.figures import Figure, percentile
from tests.bench.harness import Bench
from tests.bench.processes import module

RATE = 8
"""Tokens per second of one chat: a fast reader's pace."""
BURST_TOKENS = 500
"""Tokens of each chat at full speed."""
RAMP_SECONDS = 2.0
"""Over which the chats start: people do not press Enter in one millisecond."""

RUN_ID = "run-00000001"
"""Of the frames that the bare server echoes."""
BEGUN_SECONDS = 4
"""When all of them have begun: each has its connections and its buffers."""


@dataclass
class Stream:
    """One page with one chat."""

    socket: aiohttp.ClientWebSocketResponse
    chat_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    seen: list[float] = field(default_factory=list)
    """When each token was here, by ``time.monotonic()``."""
    text: str = ""
    lost: int = 0
    frames: int = 0

    async def ask(self, question: str, after: float = 0.0) -> None:
        """Ask, and read to the answer's end."""
        await asyncio.sleep(after)
        await self._send("create_chat")
        await self._send("open_chat")
        ids = {name: uuid.uuid4().hex for name in ("message_id", "answer_id", "run_id")}
        await self._send("send_message", content=[{"type": "text", "text": question}], **ids)
        while not any(self._ends(json.loads(line)) for line in await self._frame()):
            pass

    async def _frame(self) -> list[str]:
        """Return the events of the next frame."""
        self.frames += 1
        return (await self.socket.receive_str()).split("\n")

    async def _send(self, kind: str, **fields: Any) -> None:
        head = {"type": kind, "command_id": uuid.uuid4().hex, "chat_id": self.chat_id}
        await self.socket.send_json({**head, **fields})

    def _ends(self, event: dict[str, Any]) -> bool:
        """Take one event; True when it is the answer's end."""
        match event["type"]:
            case "command_rejected":
                raise RuntimeError(event["error"])
            case "delta":
                self.lost += event["offset"] != len(self.text)
                self._grow(event["text"])
            case "chat_opened" if event["messages"]:
                # A page that fell behind is sent a snapshot.
                answer = event["messages"][-1]
                text = "".join(part["text"] for part in answer["content"])
                self.lost += not text.startswith(self.text)
                self._grow(text[len(self.text) :])
                return any(run["status"] == "finished" for run in answer["runs"])
            case "run_finished":
                return True
        return False

    def _grow(self, text: str) -> None:
        self.text += text
        self.seen += [time.monotonic()] * text.count(" ")


async def measure(bench: Bench) -> list[Figure]:
    """Stream many chats at a reader's pace, then at full speed; beside them, echo as many small frames."""
    chats, seconds = bench.size(200, 40), bench.size(60, 6)
    server = process_of(bench.lab)
    figures = await _at_readers_pace(bench, chats, seconds)
    before = server.memory_info().rss
    full_speed = await _at_full_speed(bench, chats)
    left = (server.memory_info().rss - before) / 2**20
    name = f"the server's memory after {chats * BURST_TOKENS:,} more tokens"
    return [*figures, full_speed, Figure(name, left, "MiB", 20)]


async def _at_readers_pace(bench: Bench, chats: int, seconds: int) -> list[Figure]:
    floor = await _echo_lag(chats, bench.size(20, 4))
    processes = [process_of(bench.lab), process_of(bench.provider), psutil.Process()]
    count = RATE * seconds
    async with pages() as http, AsyncExitStack() as stack:
        await (await http.delete(f"{bench.provider}/_requests")).release()
        streams = [await connect(stack, http, bench.lab) for _ in range(chats)]
        memory: list[int] = []
        sampling = asyncio.create_task(_sample(processes[0], memory))
        cpu = [sum(process.cpu_times()[:2]) for process in processes]
        await ask_all(streams, f"tokens={count} rate={RATE}")
        cpu = [sum(process.cpu_times()[:2]) - before for process, before in zip(processes, cpu, strict=True)]
        sampling.cancel()
        requests = await (await http.get(f"{bench.provider}/_requests")).json()
    sent = {request["body"]["messages"][-1]["content"].split()[-1]: request["sent"] for request in requests}
    lags = [
        1000 * (seen - due)
        for stream in streams
        for seen, due in zip(stream.seen, sent[stream.chat_id], strict=True)
    ]
    used = ", ".join(
        f"{who} {1000 * each / chats / count:.2f}"
        for who, each in zip(("server", "provider", "pages"), cpu, strict=True)
    )
    begun = memory[min(BEGUN_SECONDS, len(memory) - 1)]
    name = f"{chats} chats at {RATE} tokens/s, {seconds} s"
    return [
        Figure(f"{name}: answers not whole", not_whole(streams, count), "", 0),
        Figure(
            f"{name}: the server's memory while they are written",
            (max(memory) - begun) / 2**20,
            "MiB",
            10,
            note=f"for their beginnings {(begun - memory[0]) / 2**20:.0f} MiB",
        ),
        Figure(
            f"{name}: p99 lag from provider to socket",
            percentile(lags, 99),
            "ms",
            50,
            floor=floor,
            note=f"CPU ms per token: {used}",
        ),
        Figure(f"{name}: median lag", percentile(lags, 50), "ms", 50),
    ]


async def _at_full_speed(bench: Bench, chats: int) -> Figure:
    """Return the highest total rate: every provider sends as fast as it is read."""
    async with pages() as http, AsyncExitStack() as stack:
        streams = [await connect(stack, http, bench.lab) for _ in range(chats)]
        start = time.monotonic()
        await ask_all(streams, f"tokens={BURST_TOKENS}")
        seconds = time.monotonic() - start
    return Figure(
        f"{chats} chats at full speed, total rate",
        chats * BURST_TOKENS / seconds,
        "tokens/s",
        RATE * 200,
        at_least=True,
        note=f"{not_whole(streams, BURST_TOKENS)} answers not whole",
    )


async def ask_all(streams: list[Stream], question: str) -> None:
    """Ask in every chat, and read to the end of every answer."""
    asking = [
        stream.ask(f"{question} {stream.chat_id}", RAMP_SECONDS * n / len(streams))
        for n, stream in enumerate(streams)
    ]
    await asyncio.gather(*asking)


def not_whole(streams: list[Stream], count: int) -> int:
    """Return how many answers are not what the provider sent."""
    whole = "".join(f"t{n} " for n in range(count))
    return sum(stream.lost > 0 or stream.text != whole for stream in streams)


def pages() -> aiohttp.ClientSession:
    """Return a client that opens as many connections as there are pages; by itself it opens 100."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def connect(stack: AsyncExitStack, http: aiohttp.ClientSession, lab: str) -> Stream:
    """Return a page that is connected and has the list of chats."""
    socket = await stack.enter_async_context(http.ws_connect(f"{lab}/stream-chat/ws", max_msg_size=0))
    while "workspace_loaded" not in await socket.receive_str():
        pass
    return Stream(socket)


async def _echo_lag(sockets: int, seconds: int) -> float:
    """Return the p99 milliseconds in which a bare server echoes as many frames to as many sockets."""
    lags: list[float] = []

    async def echo(socket: aiohttp.ClientWebSocketResponse, after: float) -> None:
        await asyncio.sleep(after)
        for _ in range(RATE * seconds):
            sent = time.monotonic()
            await socket.send_str(encode(Delta(run_id=RUN_ID, part=0, offset=0, text=f"{sent} ")))
            await socket.receive()
            lags.append(1000 * (time.monotonic() - sent))
            await asyncio.sleep(max(0.0, sent + 1 / RATE - time.monotonic()))

    async with module("tests.bench.echo") as url, pages() as http, AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(http.ws_connect(url)) for _ in range(sockets)]
        await asyncio.gather(*(echo(socket, RAMP_SECONDS * n / sockets) for n, socket in enumerate(opened)))
    return percentile(lags, 99)


def process_of(url: str) -> psutil.Process:
    """Return the process that listens at an address of this machine."""
    port = int(url.rsplit(":", 1)[1])
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nothing listens at {url}")


async def _sample(server: psutil.Process, memory: list[int]) -> None:
    """Read the server's memory every second."""
    while True:
        memory.append(server.memory_info().rss)
        await asyncio.sleep(1)
