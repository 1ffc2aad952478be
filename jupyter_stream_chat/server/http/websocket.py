"""The WebSocket of a page: authenticates, then hands frames to its ``Session``.

Owns what is tornado's: handshake, origin, sizes, closing. Light: Jupyter imports it at its start.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..access import AUTH_RESOURCE, Access
from ..extension import Extension

if TYPE_CHECKING:
    from ..page.session import Session

OVERSIZE_FACTOR = 16
"""A frame up to this many times the limit is read and refused by name; a larger one ends the connection."""
CLOSE_INTERNAL_ERROR = 1011
CLOSE_REASON_BYTES = 123
"""What fits into a close frame beside the code (RFC 6455, 5.5)."""


class ChatSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's connection."""

    auth_resource = AUTH_RESOURCE
    identity_seconds = 30.0
    """Between two looks at whether the user is still signed in; each command is a look, too."""
    session: Session | None = None
    _watch: asyncio.Task[None] | None = None

    @property
    def extension(self) -> Extension:
        """The extension."""
        extension: Extension = self.settings["jupyter_stream_chat"]
        return extension

    @property
    def max_message_size(self) -> int:
        """Bytes beyond which tornado closes the connection. Above our own limit, which has a named error."""
        return self.extension.max_frame_bytes * OVERSIZE_FACTOR

    def set_default_headers(self) -> None:
        """Leave out the page headers that Jupyter sets: this is no page."""

    def get_compression_options(self) -> None:
        """Compress nothing: frames are small, and a deflate context costs memory and latency per socket."""
        return

    def skip_check_origin(self) -> bool:
        """Check the origin of token-authenticated sockets too: a page that may be here has an allowed one."""
        return False

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Authorise, check the origin, upgrade."""
        self.access = Access(self, per_user=self.extension.per_user)
        if not await self.access.allows("read"):
            raise HTTPError(403)
        await super().get(*args, **kwargs)

    async def open(self, *args: str, **kwargs: str) -> None:
        """Greet the page. Tornado reads no frame before this is done."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        try:
            running = await self.extension.running()
            self.session = running.pages.connect(self.access, self)
            await self.session.start()
            self._watch = asyncio.create_task(self._watch_user(self.session))
        except Exception as error:
            # Whatever it was, the page must learn it; the next connection tries again.
            self.log.exception("The chat services could not be started")
            self._refuse(error)
        if self.ws_connection is None:
            # The page went while the services loaded: tornado will not call on_close again.
            self.on_close()

    def on_message(self, message: str | bytes) -> None:
        """Hand a frame on. Synchronous: tornado reads no further frame before this returns."""
        if self.session is not None:
            self.session.receive(message)

    def on_close(self) -> None:
        """Release the page. Its runs continue."""
        if self._watch is not None:
            self._watch.cancel()
        if self.session is not None:
            self.session.close()
            self.session = None

    async def _watch_user(self, session: Session) -> None:
        """Look after a page that only listens."""
        while await session.check_user():  # noqa: ASYNC110 - Jupyter tells nobody that a user signs out
            await asyncio.sleep(self.identity_seconds)

    def send(self, frame: str) -> asyncio.Future[None]:
        """Write a frame; the future is done when the system has taken it, failed when the page is gone."""
        try:
            return self.write_message(frame)
        except WebSocketClosedError as error:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    def _refuse(self, error: Exception) -> None:
        """Say in a frame, and in the close reason, why there is no chat. (The wire may not be loaded.)"""
        message = "The chat could not be started on the server."
        refusal = {
            "code": "internal_error",
            "message": message,
            "hint": "See the server's log; the page tries again by itself.",
            "detail": f"{type(error).__name__}: {error}",
        }
        self.send(json.dumps({"type": "command_rejected", "error": refusal})).add_done_callback(_retrieve)
        reason = f"{message} {type(error).__name__}".encode()[:CLOSE_REASON_BYTES].decode(errors="ignore")
        self.close(CLOSE_INTERNAL_ERROR, reason)


def _retrieve(written: asyncio.Future[None]) -> None:
    """Look at the outcome, so that asyncio does not report it: the page being gone is no news here."""
    if not written.cancelled():
        written.exception()
