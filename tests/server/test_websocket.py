"""What is tornado's about a page's connection: start, failure, slowness."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from typing import Any, Self

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_stream_chat.server import running as running_module
from jupyter_stream_chat.server.page.outbox import QUEUE_LIMIT
from jupyter_stream_chat.server.page.session import Session
from jupyter_stream_chat.server.services import open_services

from .conftest import Server
from .page import PATIENCE, new_id, numbered

LARGEST_FRAME = 256 * 1024


async def test_a_failed_start_is_told_and_tried_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(settings: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(running_module, "open_services", broken)
    async with server.page() as page:
        code, reason = await page.until_closed()
        rejected = page.of_type("command_rejected")[0]
        assert "the disk is gone" in rejected["error"]["detail"]
        assert code == 1011
        assert reason.startswith("The chat could not be started")
    status, answer = await server.rest("GET", "chats")
    assert (status, answer["error"]["code"]) == (500, "internal_error")
    monkeypatch.setattr(running_module, "open_services", open_services)
    async with server.page() as page:
        await page.until_type("workspace_loaded")


async def test_a_page_that_leaves_while_all_loads_is_no_trouble(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = asyncio.Event()

    async def slow(settings: Any) -> Any:
        await go.wait()
        return await open_services(settings)

    monkeypatch.setattr(running_module, "open_services", slow)
    async with server.page():
        pass
    go.set()
    pages = (await server.extension.running()).pages
    async with server.page() as page:
        await page.until_type("workspace_loaded")
    async with asyncio.timeout(PATIENCE):
        while pages.sessions:  # noqa: ASYNC110 - the server tells nobody that a page has gone
            await asyncio.sleep(0.01)


async def test_a_plain_request_is_no_socket(server: Server) -> None:
    from tornado.httpclient import AsyncHTTPClient

    with pytest.raises(HTTPClientError, match="400"):
        await AsyncHTTPClient().fetch(server.url("ws", token=server.token))


async def test_small_frames_leave_at_once_and_uncompressed(server: Server) -> None:
    async with server.page() as page:
        await page.until_type("workspace_loaded")
        (session,) = (await server.extension.running()).pages.sessions
        connection = session._transport.ws_connection
        assert connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection._compressor is None


class RawPage:
    """A page written on a bare TCP socket with small buffers, which reads only when told to."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._lines: list[bytes] = []

    async def __aenter__(self) -> Self:
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._server.port))
        path = self._server.url("ws").split(str(self._server.port), 1)[1]
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            f"Authorization: token {self._server.token}",
        ]
        await self._loop.sock_sendall(self._socket, ("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._buffer:
            await self._more()
        self._buffer = self._buffer.split(b"\r\n\r\n", 1)[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._socket.close()

    async def send(self, **command: Any) -> None:
        """Send one masked frame (RFC 6455, 5.2)."""
        data, mask = json.dumps(command).encode(), os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        head = struct.pack("!BBH", 0x81, 0x80 | 126, len(data)) + mask
        await self._loop.sock_sendall(self._socket, head + masked)

    async def read(self) -> dict[str, Any]:
        """Read one event."""
        if not self._lines:
            self._lines = (await self._read_frame()).split(b"\n")
        event: dict[str, Any] = json.loads(self._lines.pop(0))
        return event

    async def _read_frame(self) -> bytes:
        length, start = (await self._take(2))[1], 0
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(await self._take(size))
        assert not start
        return await self._take(length)

    async def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    async def _more(self) -> None:
        received = await self._loop.sock_recv(self._socket, 4096)
        assert received
        self._buffer += received


async def stop_reading(slow: RawPage, server: Server, chat_id: str) -> Session:
    """Let a page open a chat and read nothing any more; return its session, whose buffers are small."""
    (session,) = (s for s in (await server.extension.running()).pages.sessions if not s._feeds)
    stream_of(session).socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    await slow.send(type="open_chat", command_id="command-slow", chat_id=chat_id)
    async with asyncio.timeout(PATIENCE):
        while not session._feeds:  # noqa: ASYNC110 - a page that reads nothing hears nothing
            await asyncio.sleep(0.01)
    return session


def stream_of(session: Session) -> Any:
    return session._transport.ws_connection.stream


async def test_a_page_that_stops_reading_costs_little_and_misses_nothing(server: Server) -> None:
    async with RawPage(server) as slow, server.page() as fast:
        await fast.until_type("workspace_loaded")
        chat_id = await fast.new_chat()
        session = await stop_reading(slow, server, chat_id)
        run_id = await fast.ask(chat_id, "tokens=8000")
        run = await fast.finished(run_id)
        assert fast.text(run_id) == numbered(8_000)
        assert stream_of(session).writing(), "it has been sent all: its buffers are too large for this test"
        assert len(stream_of(session)._write_buffer) <= LARGEST_FRAME
        assert len(session.outbox._queue) <= QUEUE_LIMIT
        text, deltas = "", 0
        async with asyncio.timeout(PATIENCE):
            while (event := await slow.read())["type"] != "run_finished":
                if event["type"] == "delta":
                    assert event["offset"] == len(text)
                    text += event["text"]
                    deltas += 1
        assert text == numbered(8_000)
        assert event["run"] == run
        assert deltas < len(fast.of_type("delta"))


async def test_a_page_that_stops_reading_delays_nobody(server: Server) -> None:
    async with RawPage(server) as slow, server.page() as beside, server.page() as elsewhere:
        await beside.until_type("workspace_loaded")
        await elsewhere.until_type("workspace_loaded")
        chat_id, other_id = await beside.new_chat(), await elsewhere.new_chat()
        session = await stop_reading(slow, server, chat_id)
        await beside.finished(await beside.ask(chat_id, "tokens=8000"))
        assert stream_of(session).writing()
        held = len(stream_of(session)._write_buffer)
        (started,) = beside.of_type("run_started")
        # Each token comes while nothing is written to the slow page: the provider says no more than that.
        in_chat = await beside.ask(chat_id, "tokens=9 hang=1", parent_id=started["run"]["message_id"])
        in_other = await elsewhere.ask(other_id, "tokens=9 hang=1")
        await beside.until_text(in_chat, len("t0 "))
        await elsewhere.until_text(in_other, len("t0 "))
        for page, run_id in ((beside, in_chat), (elsewhere, in_other)):
            await page.command("interrupt_run", run_id=run_id)
            await page.finished(run_id)
        for _ in range(QUEUE_LIMIT + 1):
            await beside.command("create_chat", chat_id=new_id("chat"))
        assert stream_of(session).writing()
        assert len(stream_of(session)._write_buffer) == held
        assert len(session.outbox._queue) <= QUEUE_LIMIT


async def test_a_torn_connection_is_noticed(server: Server) -> None:
    pages = (await server.extension.running()).pages
    async with RawPage(server) as page:
        while (await page.read())["type"] != "workspace_loaded":
            pass
        assert pages.sessions
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while pages.sessions:  # noqa: ASYNC110 - the server tells nobody that a page has gone
                await asyncio.sleep(0.01)
    assert not pages.sessions
