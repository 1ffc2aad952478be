"""``--local``: the server's own code in this process, on a thread of its own. No HTTP, no tornado, no token.

The one module of ``%chat`` that imports the server, and only when it is asked for: it takes seconds and
memory. Settings and chats are those of the user's Jupyter, so that the panel lists the chats later.
"""

from __future__ import annotations

import asyncio
import atexit
import getpass
import json
import queue
import threading
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from jupyter_core.application import JupyterApp

from ..chats.command_error import CommandError
from ..config import Settings
from ..server.access import SHARED_OWNER, Access, Action
from ..server.api import rest
from ..server.services import open_services
from .errors import ChatError
from .sse import Event, decode

T = TypeVar("T")


class _Me(Access):
    """The user of this process, who may do everything."""

    def __init__(self) -> None:
        self.owner = SHARED_OWNER
        self.author = getpass.getuser()

    def ask(self, action: Action) -> bool:
        """Allow everything."""
        return True

    async def allows(self, action: Action) -> bool:
        """Allow everything."""
        return True


class Local:
    """A ``Backend`` without a server."""

    where = "this process (--local)"

    def __init__(self) -> None:
        """Start the loop, and load what a question needs."""
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="stream-chat-local", daemon=True).start()
        self._services = self._wait(open_services(_settings()))
        atexit.register(self._close)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do what the route of this name does."""
        target = urlsplit(path)
        _, written = self._wait(
            self._answer(method, target.path, dict(parse_qsl(target.query)), json.dumps(body or {}).encode())
        )
        result: dict[str, Any] = json.loads(written.content)
        return result

    def events(self, run_id: str, after: str = "") -> Iterator[Event]:
        """Yield the events of a run to its end."""
        blocks: queue.Queue[bytes | ChatError] = queue.Queue()
        asyncio.run_coroutine_threadsafe(self._pass_on(run_id, after, blocks), self._loop)
        return decode(_lines(blocks))

    async def _pass_on(self, run_id: str, after: str, blocks: queue.Queue[bytes | ChatError]) -> None:
        try:
            _, stream = await self._answer("GET", f"runs/{run_id}/events", {"after": after}, b"")
            async for block in stream.blocks:
                blocks.put(block.encode())
        except ChatError as refusal:
            blocks.put(refusal)
        finally:
            blocks.put(b"")

    async def _answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Return the status and the file or stream that the route answers with. Raises ChatError."""
        try:
            return await rest.answer(self._services, _Me(), method, path, query, body)
        except CommandError as refusal:
            raise ChatError.of(refusal.error.model_dump()) from None

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _close(self) -> None:
        self._wait(self._services.close())


def _lines(blocks: queue.Queue[bytes | ChatError]) -> Iterator[bytes]:
    while block := blocks.get():
        if isinstance(block, ChatError):
            raise block
        yield from block.splitlines(keepends=True)


def _settings() -> Settings:
    """Return the settings of the user's Jupyter server, as its configuration files have them."""
    app = JupyterApp(config_file_name="jupyter_server_config")
    app.load_config_file()
    given = app.config.get("StreamChat", {})
    return Settings(
        **{name: given[name] for name in Settings.class_trait_names(config=True) if name in given}
    )
