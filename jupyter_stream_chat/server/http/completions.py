"""The open endpoint: ``stream-chat/v1/models`` and ``stream-chat/v1/chat/completions``.

Owns authentication, status codes, headers and the writing of streams. Light: Jupyter imports it at its
start; the rest is loaded at the first request.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from ..access import AUTH_RESOURCE, Access, Action
from ..extension import Extension

if TYPE_CHECKING:
    from ..endpoint.answer import Answer
    from ..endpoint.refusal import Refusal
    from ..services import Services

_CODES = {
    400: "invalid_request",
    401: "signed_out",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
}
"""Code of an error that Jupyter raises, by its status."""


class EndpointHandler(APIHandler):
    """Base of the endpoint's routes: errors have OpenAI's shape."""

    auth_resource = AUTH_RESOURCE

    @allow_unauthenticated
    def options(self, *args: Any, **kwargs: Any) -> None:
        """Allow the headers that OpenAI's client sends from a page of an allowed origin."""
        super().options(*args, **kwargs)
        if asked := self.request.headers.get("Access-Control-Request-Headers"):
            self.set_header("Access-Control-Allow-Headers", asked)

    def check_xsrf_cookie(self) -> None:
        """Leave who is not signed in to ``enter``, so that a wrong key has its own status."""
        if getattr(self, "_jupyter_current_user", None) is not None:  # absent: too early to know
            super().check_xsrf_cookie()

    async def enter(self, action: Action) -> tuple[Services, str]:
        """Return the services and the owner. Raises HTTPError and Refusal for who may not.

        Every route begins with it. ``authenticated`` would answer 403; clients know a wrong key by 401.
        """
        if self.current_user is None:
            raise HTTPError(401, "A token of this Jupyter server is needed, as the API key.")
        extension: Extension = self.settings["jupyter_stream_chat"]
        access = Access(self, per_user=extension.per_user)
        services = (await extension.running()).services
        if not await access.allows(action):
            from ..api.checks import forbidden  # loaded with the services
            from ..endpoint.refusal import Refusal

            raise Refusal(forbidden(action))
        return services, access.owner

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error: a refusal of ours, or what Jupyter or tornado raised."""
        from ...protocol import ErrorInfo
        from ..endpoint.refusal import Refusal

        error = (kwargs.get("exc_info") or (None, None))[1]
        if not isinstance(error, Refusal):
            message = getattr(error, "log_message", None) or self._reason
            error = Refusal(ErrorInfo(code=_CODES.get(status_code, "internal_error"), message=message))
        self._refuse(error)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log nothing of a refusal, which is the client's to read."""
        from ..endpoint.refusal import Refusal

        if not isinstance(value, Refusal):
            super().log_exception(typ, value, tb)

    def _refuse(self, refusal: Refusal) -> None:
        self.set_status(refusal.status)
        self.finish(json.dumps(refusal.body))


class ModelsHandler(EndpointHandler):
    """``GET models`` and ``GET models/{id}``"""

    @allow_unauthenticated  # by `enter`
    async def get(self, model: str | None = None) -> None:
        """List the profiles that can be asked, or return one."""
        services, owner = await self.enter("read")
        from ..endpoint.answer import models
        from ..endpoint.refusal import refused

        listed = models(services, owner)
        if model is None:
            self.finish(json.dumps({"object": "list", "data": listed}))
            return
        found = next((each for each in listed if each["id"] == model), None)
        if found is None:
            raise refused("unknown_profile", f"There is no model {model[:64]}.", "model")
        self.finish(json.dumps(found))


class CompletionsHandler(EndpointHandler):
    """``POST chat/completions``"""

    _answer: Answer | None = None

    @allow_unauthenticated  # by `enter`
    async def post(self) -> None:
        """Answer a conversation, as a stream or as one object. Nothing of it is stored."""
        services, owner = await self.enter("execute")
        from ..endpoint.answer import Answer
        from ..endpoint.question import read_question
        from ..endpoint.refusal import refused

        settings = services.settings
        if len(self.request.body) > settings.max_frame_bytes:
            message = f"The request is larger than {settings.max_frame_bytes} bytes."
            raise refused("frame_too_large", message)
        # Off the loop: a long conversation takes a while to be read.
        question = await asyncio.to_thread(read_question, self.request.body, settings.max_message_characters)
        self._answer = Answer(services, owner, question)
        if self._has_left:
            self._answer.close()
        if question.is_streamed:
            await self._write_stream(self._answer.stream())
        else:
            self.finish(json.dumps(await self._answer.whole(), ensure_ascii=False))

    _has_left = False

    def on_connection_close(self) -> None:
        """Stop the model: nobody reads its answer any more."""
        super().on_connection_close()
        self._has_left = True
        if self._answer is not None:
            self._answer.close()

    async def _write_stream(self, events: AsyncIterator[str]) -> None:
        """Write the events; the status waits for the first, so that an error can have its own."""
        first = await anext(events)
        # Without it Nagle's algorithm would hold a token back until the one before is acknowledged.
        connection: Any = self.request.connection  # tornado declares a base class without the stream
        connection.stream.set_nodelay(True)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        try:
            self.write(first)
            await self.flush()
            async for event in events:
                self.write(event)
                # Awaited: a client that is slow gets larger chunks, and the server holds one at most.
                await self.flush()
        except StreamClosedError:
            return
        self.finish(set_content_type="text/event-stream")
