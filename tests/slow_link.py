"""A slow link: a TCP proxy that carries so many bytes a second, in each direction, and no more."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Self

MEGABIT = 125_000
"""Bytes per second of 1 Mbit/s."""
_CHUNK = 1250
_BUFFER = 8192
"""Bytes that the kernel may hold for the proxy: what is in a buffer has not been slowed down yet."""


class SlowLink:
    """A link to a port of this machine: ``async with SlowLink(port) as link``, connect to ``link.port``."""

    def __init__(self, port: int, bytes_per_second: int = MEGABIT) -> None:
        self.connections = 0
        """How many were opened."""
        self.ended = 0
        """How many of them have ended, by whichever side."""
        self._port = port
        self._rate = bytes_per_second
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0, limit=_CHUNK)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        """The port of the near end."""
        return int(self._server.sockets[0].getsockname()[1])

    async def _join(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far = socket.socket()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        far.setblocking(False)
        await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", self._port))
        far_reader, far_writer = await asyncio.open_connection(sock=far, limit=_CHUNK)
        carrying = [
            asyncio.create_task(self._carry(near_reader, far_writer)),
            asyncio.create_task(self._carry(far_reader, near_writer)),
        ]
        self._tasks.update(carrying)
        await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
        self.ended += 1
        for writer in (near_writer, far_writer):
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        free_at = clock()
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                free_at = max(free_at, clock()) + len(chunk) / self._rate
                await asyncio.sleep(free_at - clock())
                writer.write(chunk)
                await writer.drain()
