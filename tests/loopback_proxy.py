"""An HTTP proxy on this machine, which says what it was asked for."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit


class Proxy:
    """An HTTP proxy that passes each connection on to the host of its first request."""

    def __init__(self) -> None:
        self.url = ""
        self.heads: list[str] = []
        """The first line of each request."""
        self._connections: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        line = await reader.readline()
        self.heads.append(line.decode().strip())
        target = urlsplit(line.decode().split()[1])
        there, to_there = await asyncio.open_connection(target.hostname, target.port)
        to_there.write(line)
        try:
            await asyncio.gather(self._pass_on(reader, to_there), self._pass_on(there, writer))
        finally:
            to_there.close()
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
