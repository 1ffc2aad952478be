"""The REST routes: each method authenticates, is authorised, and delegates to ``api``.

Owns routes, status codes and the shape of refusals. Light: Jupyter imports it at its start; ``api`` and what
it needs come with the services.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import authenticated

from ..access import AUTH_RESOURCE, Access

if TYPE_CHECKING:
    from ..api import chats as api_module
    from ..app import StreamChat

T = TypeVar("T")

_ID = r"([A-Za-z0-9_-]{1,64})"
_PROFILE_ID = r"(?!(?:check|models|try)$)([A-Za-z0-9._-]{1,64})"

_STATUS = {
    "forbidden": 403,
    "chat_busy": 409,
    "chat_read_only": 409,
    "profile_exists": 409,
    "profile_locked": 409,
    "profiles_locked": 403,
    "frame_too_large": 413,
    "message_too_long": 413,
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


class ChatAPIHandler(APIHandler):
    """Base of our REST handlers: errors are ``{"error": ErrorInfo}``, with the codes of the socket."""

    auth_resource = AUTH_RESOURCE
    _work: asyncio.Future[None] | None = None
    """What is cancelled when the client leaves."""

    @property
    def app(self) -> StreamChat:
        """The extension."""
        app: StreamChat = self.settings["jupyter_stream_chat"]
        return app

    @property
    def access(self) -> Access:
        """The user who asks."""
        return Access(self, per_user=self.app.per_user)

    async def ask(self, work: Callable[[api_module.Api], Awaitable[T]]) -> T | None:
        """Return what ``api`` answers; None when it refused and the refusal has been written."""
        services = await self.app.services()
        from ...chats.command_error import CommandError  # loaded with the services: look-ups by now
        from ..api.chats import Api

        try:
            return await work(Api(services, self.access, self.request.body))
        except CommandError as refusal:
            self.set_status(status_of(refusal.error.code))
            self.finish(json.dumps({"error": refusal.error.model_dump(exclude_none=True)}))
            return None

    async def answer_while_connected(self, work: Callable[[api_module.Api], Awaitable[bytes]]) -> None:
        """Write what ``api`` answers. The work is cancelled when the client leaves."""
        self._work = asyncio.ensure_future(self.answer(work))
        try:
            await asyncio.wait({self._work})
        finally:
            self._work.cancel()
        if not self._work.cancelled():
            await self._work

    def on_connection_close(self) -> None:
        """Work no further for nobody."""
        super().on_connection_close()
        if self._work is not None:
            self._work.cancel()

    async def answer(self, work: Callable[[api_module.Api], Awaitable[bytes]], status: int = 200) -> None:
        """Write what ``api`` answers."""
        body = await self.ask(work)
        if body is not None:
            self.set_status(status)
            self.finish(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error that Jupyter or tornado raised, or one that nobody foresaw."""
        exception = (kwargs.get("exc_info") or (None, None))[1]
        message = getattr(exception, "log_message", None) or self._reason
        error = {"code": _CODES.get(status_code, "internal_error"), "message": message}
        self.finish(json.dumps({"error": error}))


class ChatsHandler(ChatAPIHandler):
    """``chats``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self) -> None:
        """List the chats."""
        await self.answer(lambda api: api.list_chats())

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def post(self) -> None:
        """Make a chat."""
        await self.answer(lambda api: api.create_chat(), 201)


class ChatHandler(ChatAPIHandler):
    """``chats/{id}``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, chat_id: str) -> None:
        """Return a chat with its last messages."""
        await self.answer(lambda api: api.get_chat(chat_id))

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def patch(self, chat_id: str) -> None:
        """Change the fields that are present."""
        await self.answer(lambda api: api.update_chat(chat_id))

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def delete(self, chat_id: str) -> None:
        """Delete a chat; its runs are interrupted."""
        await self.answer(lambda api: api.delete_chat(chat_id))


class ExportHandler(ChatAPIHandler):
    """``chats/{id}/export``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, chat_id: str) -> None:
        """Return a chat as a file, in ``?format=``: markdown or json."""
        kind = self.get_query_argument("format", "markdown")
        file = await self.ask(lambda api: api.export_chat(chat_id, kind))
        if file is not None:
            name, media_type, content = file
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
            self.finish(content, set_content_type=media_type)


class MessagesHandler(ChatAPIHandler):
    """``chats/{id}/messages``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, chat_id: str) -> None:
        """Return the messages before ``?before=``, at most ``?limit=`` of them."""
        before, limit = self.get_query_argument("before", ""), self.get_query_argument("limit", "50")
        await self.answer(lambda api: api.list_messages(chat_id, before, limit))

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self, chat_id: str) -> None:
        """Ask a question; the answer's run goes on by itself."""
        await self.answer(lambda api: api.send_message(chat_id), 202)


class ContinueHandler(ChatAPIHandler):
    """``chats/{id}/messages/{id}/continue``"""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self, chat_id: str, message_id: str) -> None:
        """Go on with an answer that ended early, in the same message."""
        await self.answer(lambda api: api.continue_answer(chat_id, message_id), 202)


class ProfilesHandler(ChatAPIHandler):
    """``profiles``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self) -> None:
        """List the profiles, without keys."""
        await self.answer(lambda api: api.list_profiles())

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def post(self) -> None:
        """Add a profile."""
        await self.answer(lambda api: api.add_profile(), 201)


class ProfileHandler(ChatAPIHandler):
    """``profiles/{id}``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, profile_id: str) -> None:
        """Return a profile, without its key."""
        await self.answer(lambda api: api.get_profile(profile_id))

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def put(self, profile_id: str) -> None:
        """Replace a profile."""
        await self.answer(lambda api: api.replace_profile(profile_id))

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def delete(self, profile_id: str) -> None:
        """Delete a profile."""
        await self.answer(lambda api: api.delete_profile(profile_id))


class ProvidersHandler(ChatAPIHandler):
    """``providers``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self) -> None:
        """List what the form of each provider has."""
        await self.answer(lambda api: api.list_providers())


class CheckProfileHandler(ChatAPIHandler):
    """``profiles/check``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def post(self) -> None:
        """Say what is wrong with the values of a form."""
        await self.answer(lambda api: api.check_profile())


class ProfileModelsHandler(ChatAPIHandler):
    """``profiles/models``"""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self) -> None:
        """Ask the endpoint of a form which models it has."""
        await self.answer_while_connected(lambda api: api.list_models())


class TryProfileHandler(ChatAPIHandler):
    """``profiles/try``"""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self) -> None:
        """Ask the model of a form something short."""
        await self.answer_while_connected(lambda api: api.try_profile())


class DeploymentsHandler(ChatAPIHandler):
    """``deployments``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self) -> None:
        """List what deployments were found not to do."""
        await self.answer(lambda api: api.list_deployments())

    @authenticated
    @authorized("write", AUTH_RESOURCE)
    async def delete(self) -> None:
        """Forget it: each is asked to stream again."""
        await self.answer(lambda api: api.forget_deployments())


class RunHandler(ChatAPIHandler):
    """``runs/{id}``"""

    @authenticated
    @authorized("read", AUTH_RESOURCE)
    async def get(self, run_id: str) -> None:
        """Return a run as far as it has come."""
        await self.answer(lambda api: api.get_run(run_id))


class InterruptHandler(ChatAPIHandler):
    """``runs/{id}/interrupt``: the page's way while its socket reconnects."""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self, run_id: str) -> None:
        """Stop a run. The body may say what was ``shown``."""
        await self.answer(lambda api: api.interrupt(run_id))


class PauseHandler(ChatAPIHandler):
    """``runs/{id}/pause``"""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self, run_id: str) -> None:
        """Pause a run. The body may say what was ``shown``."""
        await self.answer(lambda api: api.pause(run_id))


class ResumeHandler(ChatAPIHandler):
    """``runs/{id}/resume``"""

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self, run_id: str) -> None:
        """Let a paused run go on."""
        await self.answer(lambda api: api.resume(run_id))


REST_HANDLERS = [
    (r"stream-chat/api/chats", ChatsHandler),
    (rf"stream-chat/api/chats/{_ID}", ChatHandler),
    (rf"stream-chat/api/chats/{_ID}/export", ExportHandler),
    (rf"stream-chat/api/chats/{_ID}/messages", MessagesHandler),
    (rf"stream-chat/api/chats/{_ID}/messages/{_ID}/continue", ContinueHandler),
    (r"stream-chat/api/profiles", ProfilesHandler),
    (r"stream-chat/api/profiles/check", CheckProfileHandler),
    (r"stream-chat/api/profiles/models", ProfileModelsHandler),
    (r"stream-chat/api/profiles/try", TryProfileHandler),
    (rf"stream-chat/api/profiles/{_PROFILE_ID}", ProfileHandler),
    (r"stream-chat/api/providers", ProvidersHandler),
    (r"stream-chat/api/deployments", DeploymentsHandler),
    (rf"stream-chat/api/runs/{_ID}", RunHandler),
    (rf"stream-chat/api/runs/{_ID}/interrupt", InterruptHandler),
    (rf"stream-chat/api/runs/{_ID}/pause", PauseHandler),
    (rf"stream-chat/api/runs/{_ID}/resume", ResumeHandler),
]
"""Routes relative to the server's base URL."""
