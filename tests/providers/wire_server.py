"""A server that answers with the bytes that it is given: whatever real servers were seen to send.

An answer has ``stream``: pieces of the body of a streamed request, one HTTP chunk each; a number lets so many
seconds pass, ``hang`` keeps the socket open and silent, ``cut`` and ``end`` close it. ``whole`` is what a
request for one piece gets, ``status``, ``type``, ``location`` and ``body`` a plain answer to either, ``then``
what the next request gets. ``headers`` are lines for the head of a plain answer or of a stream. ``raw`` is
written as it is, head included, and then the connection is closed.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Self

GOOD = "one two"


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    """Return an event with one choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"


def said(*texts: str, finish: str = "stop") -> list[str]:
    """Return the pieces of a whole stream."""
    return [*(chunk({"content": text}) for text in texts), chunk({}, finish), "data: [DONE]\n\n"]


@dataclass
class WireServer:
    """One server: ``async with WireServer(answer) as server: server.url``."""

    answer: dict[str, Any]
    requests: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    url: str = ""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a question has come."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        length = next(
            (
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        body = await reader.readexactly(length)
        if head.startswith("GET"):
            models = self.answer.get("models", {"object": "list", "data": [{"id": "m"}]})
            return await _plain(writer, "200 OK", "application/json", models)
        asked = json.loads(body)
        self.requests.append(asked)
        self.asked.set()
        return await self._answer(writer, asked)

    async def _answer(self, writer: asyncio.StreamWriter, asked: dict[str, Any]) -> bool:
        answer = self.answer
        if (
            len(self.requests) > 1
            and "then" in answer
            and (asked.get("stream") or isinstance(answer["then"], str))
        ):
            answer = answer["then"]
        if isinstance(answer, str):  # closed without a byte
            answer = {"stream": said("one", " two")}
            if len(self.requests) == 2:
                return False
        elif isinstance(answer, list):
            answer = {"stream": answer}
        if asked.get("stream") is not True and "whole" in answer:
            answer = answer["whole"]
            if "status" not in answer:
                return await _plain(writer, "200 OK", "application/json", answer)
        if "raw" in answer:
            writer.writelines(map(_bytes, answer["raw"]))
            await writer.drain()
            return False
        headers = "".join(f"{line}\r\n" for line in answer.get("headers", []))
        if "status" in answer:
            status, kind = answer["status"], answer.get("type", "application/json")
            return await _plain(
                writer, status, kind, answer.get("body"), answer.get("location"), headers=headers
            )
        kind = answer.get("type", "text/event-stream")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n{headers}\r\n"
        writer.write(head.encode())
        return await self._pieces(writer, answer["stream"])

    async def _pieces(self, writer: asyncio.StreamWriter, pieces: list[Any]) -> bool:
        for piece in pieces:
            if isinstance(piece, int | float):
                await asyncio.sleep(piece)
            elif piece == "hang":
                await asyncio.Event().wait()
            elif piece == "cut":
                writer.transport.abort()
                return False
            elif piece == "end":
                break
            else:
                data = _bytes(piece)
                writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _bytes(piece: str | list[int]) -> bytes:
    return piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else bytes(piece)


async def _plain(
    writer: asyncio.StreamWriter,
    status: str,
    kind: str,
    body: Any,
    location: str | None = None,
    *,
    headers: str = "",
) -> bool:
    data = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}"
    if not status.startswith("204"):
        head += f"Content-Length: {len(data)}\r\n"
    if location:
        head += f"Location: {location}\r\n"
    writer.write(f"{head}\r\n".encode() + data)
    await writer.drain()
    return True
