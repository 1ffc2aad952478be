"""The one handler of the REST API: it authenticates, and answers by the table of operations.

Owns status codes, headers, the writing of streams and the shape of refusals. Light: Jupyter imports it at its
start; the table and what it needs are loaded at the first request.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from ..access import AUTH_RESOURCE, Access
from ..extension import Extension

if TYPE_CHECKING:
    from ..api.operation import File, Stream

_STATUS = {
    "attachment_too_large": 413,
    "attachments_local_only": 403,
    "attachments_off": 403,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "chat_busy": 409,
    "chat_read_only": 409,
    "profile_exists": 409,
    "profile_locked": 409,
    "profiles_locked": 403,
    "frame_too_large": 413,
    "message_too_long": 413,
    "model_busy": 409,
    "too_many_queued_runs": 429,
    "too_many_runs": 429,
    "too_many_trials": 429,
    "internal_error": 500,
    "key_not_saved": 507,
    "not_saved": 507,
}
"""HTTP status by error code. Other ``unknown_*`` are 404, the rest 400."""

_CODES = {400: "invalid_command", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
"""Error code by the HTTP status of errors that Jupyter raises."""


def status_of(code: str) -> int:
    """Return the HTTP status for an error code of the wire."""
    return _STATUS.get(code) or (404 if code.startswith("unknown_") else 400)


class RestHandler(APIHandler):
    """``stream-chat/api/...``. Errors are ``{"error": ErrorInfo}``, with the codes of the socket."""

    auth_resource = AUTH_RESOURCE
    identity_seconds = 15.0
    """Between two looks at whether the reader of a stream is still signed in."""
    _stream: Stream | None = None
    _work: asyncio.Future[Any] | None = None
    """What is cancelled when the client leaves."""

    @authenticated
    async def get(self, path: str) -> None:
        """Answer a request of any method."""
        extension: Extension = self.settings["jupyter_stream_chat"]
        access = Access(self, per_user=extension.per_user)
        running = await extension.running()
        from ...chats.command_error import CommandError  # loaded with the services: look-ups by now
        from ..api import rest
        from ..api.operation import Stream

        query = {name: values[-1].decode() for name, values in self.request.query_arguments.items()}
        if event_id := self.request.headers.get("Last-Event-ID"):
            query["after"] = event_id
        method = self.request.method or ""
        try:
            answer = rest.answer(running.services, access, method, path, query, self.request.body)
            work = asyncio.ensure_future(answer)
            if rest.ends_with_client(method, path):
                self._work = work
            await asyncio.wait({work})
            if work.cancelled():
                return
            status, written = work.result()
        except CommandError as refusal:
            self.set_status(status_of(refusal.error.code))
            self.finish(json.dumps({"error": refusal.error.model_dump(exclude_none=True)}))
            return
        self.set_status(status)
        if isinstance(written, Stream):
            await self._write_stream(written, access)
        else:
            self._write_file(written)

    post = put = patch = delete = get

    def _write_file(self, file: File) -> None:
        if file.name is not None:
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(file.name)}")
        self.finish(file.content, set_content_type=file.media_type)

    async def _write_stream(self, stream: Stream, access: Access) -> None:
        self._stream = stream
        # Without it Nagle's algorithm would hold a token back until the one before is acknowledged.
        connection: Any = self.request.connection  # tornado declares a base class without the stream
        connection.stream.set_nodelay(True)
        self.set_header("Content-Type", stream.media_type)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        watch = asyncio.create_task(self._watch_user(stream, access))
        try:
            async for block in stream.blocks:
                self.write(block)
                # Awaited: a reader that is slow gets larger deltas, and the server holds one block at most.
                await self.flush()
        except StreamClosedError:
            return
        finally:
            watch.cancel()
            stream.blocks.close()
        self.finish(set_content_type=stream.media_type)

    async def _watch_user(self, stream: Stream, access: Access) -> None:
        """End a stream whose reader is signed out or may not read any more."""
        while await access.is_signed_in() and await access.allows("read"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(self.identity_seconds)
        stream.blocks.close()

    def on_connection_close(self) -> None:
        """Stop waiting for text that nobody reads, and work that nobody else wants."""
        super().on_connection_close()
        if self._work is not None:
            self._work.cancel()
        if self._stream is not None:
            self._stream.blocks.close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error that Jupyter or tornado raised, or one that nobody foresaw."""
        exception = (kwargs.get("exc_info") or (None, None))[1]
        message = getattr(exception, "log_message", None) or self._reason
        error = {"code": _CODES.get(status_code, "internal_error"), "message": message}
        self.finish(json.dumps({"error": error}))
