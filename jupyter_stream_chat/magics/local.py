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
import re
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

from jupyter_core.application import JupyterApp

from ..chats.command_error import CommandError
from ..config import Settings
from ..server.access import SHARED_OWNER, Access
from ..server.api.chats import Api
from ..server.services import Services, open_services
from .errors import ChatError
from .sse import Event, decode

T = TypeVar("T")

_ROUTES: list[tuple[str, str, Callable[..., Awaitable[bytes]]]] = [
    ("GET", "chats", Api.list_chats),
    ("POST", "chats", Api.create_chat),
    ("GET", "chats/([^/]+)", Api.get_chat),
    ("POST", "chats/([^/]+)/messages", Api.send_message),
    ("POST", "chats/([^/]+)/messages/([^/]+)/continue", Api.continue_answer),
    ("GET", "profiles", Api.list_profiles),
    ("POST", "runs/([^/]+)/interrupt", Api.interrupt),
]
"""What ``%chat`` asks for, as ``server.rest`` has it."""


class _Me(Access):
    """The user of this process, who may do everything."""

    def __init__(self) -> None:
        self.owner = SHARED_OWNER
        self.author = getpass.getuser()


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
        for known, pattern, work in _ROUTES:
            if known == method and (match := re.fullmatch(pattern, path)):
                answer = self._wait(_asked(self._services, body, work, match.groups()))
                result: dict[str, Any] = json.loads(answer)
                return result
        raise ChatError(f"--local cannot do {method} {path}.", "Ask a server.", code="not_found")

    def events(self, run_id: str, after: str = "") -> Iterator[Event]:
        """Yield the events of a run to its end."""
        blocks: queue.Queue[bytes | ChatError] = queue.Queue()
        asyncio.run_coroutine_threadsafe(self._pass_on(run_id, after, blocks), self._loop)
        return decode(_lines(blocks))

    async def _pass_on(self, run_id: str, after: str, blocks: queue.Queue[bytes | ChatError]) -> None:
        try:
            async for block in await Api(self._services, _Me(), b"").run_events(run_id, after):
                blocks.put(block.encode())
        except CommandError as refusal:
            blocks.put(ChatError.of(refusal.error.model_dump()))
        finally:
            blocks.put(b"")

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _close(self) -> None:
        self._wait(self._services.close())


async def _asked(
    services: Services,
    body: Mapping[str, Any] | None,
    work: Callable[..., Awaitable[bytes]],
    names: tuple[str, ...],
) -> bytes:
    try:
        return await work(Api(services, _Me(), json.dumps(body or {}).encode()), *names)
    except CommandError as refusal:
        raise ChatError.of(refusal.error.model_dump()) from None


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
