"""A run as a stream of server-sent events, for scripts: the light handler of ``run_events``."""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from ...nonces import run_id_of
from ..access import AUTH_RESOURCE
from .rest import ChatAPIHandler

if TYPE_CHECKING:
    from .run_events import RunEvents


class RunEventsHandler(ChatAPIHandler):
    """``GET runs/{id}/events``: text and end of a run, live or finished; resumable by ``Last-Event-ID``."""

    events: RunEvents | None = None

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, run_id: str) -> None:
        """Stream until the run has finished. ``?after=`` (an event's id) where a header cannot be set."""
        after = self.request.headers.get("Last-Event-ID") or self.get_query_argument("after", "")
        events = await self.ask(lambda api: api.run_events(run_id, after))
        if events is None:
            return
        self.events = events
        # Without it Nagle's algorithm would hold a token back until the one before is acknowledged.
        connection: Any = self.request.connection  # tornado declares a base class without the stream
        connection.stream.set_nodelay(True)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        try:
            async for block in events:
                self.write(block)
                # Awaited: a reader that is slow gets larger deltas, and the server holds one block at most.
                await self.flush()
        except StreamClosedError:
            return
        finally:
            events.close()
        self.finish(set_content_type="text/event-stream")

    def on_connection_close(self) -> None:
        """Stop waiting for text that nobody reads."""
        super().on_connection_close()
        if self.events is not None:
            self.events.close()


class AnswerEventsHandler(RunEventsHandler):
    """``GET answers/{nonce}/events``: the same for a notebook, which names the run by its nonce alone."""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, nonce: str) -> None:
        """Stream the run that was asked for with this nonce."""
        await super().get(run_id_of(nonce))
