"""The Jupyter extension: settings, handlers, and the way from a handler to the services.

Loaded at Jupyter's start, so it imports the settings and the handlers and nothing else of ours.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp

from ..config import Settings
from .http.doctor import DoctorHandler
from .http.rest import REST_HANDLERS
from .http.sse import AnswerEventsHandler, RunEventsHandler
from .page.websocket import ChatSocket
from .warm import Shared, warm

if TYPE_CHECKING:
    from .services import Services

EXTENSION_NAME = "jupyter_stream_chat"

HANDLERS = [
    (r"stream-chat/ws", ChatSocket),
    *REST_HANDLERS,
    (r"stream-chat/api/runs/([A-Za-z0-9_-]+)/events", RunEventsHandler),
    (r"stream-chat/api/answers/([0-9a-f]{32})/events", AnswerEventsHandler),
    (r"stream-chat/api/doctor", DoctorHandler),
]
"""Every route, relative to the server's base URL."""


class StreamChat(Settings, ExtensionApp):
    """The chat panel's server side. Configured as ``c.StreamChat.<setting>``."""

    name = EXTENSION_NAME  # a plain string: Jupyter reads it from the class
    description = "A chat panel in which every token arrives at once and Stop stops."
    load_other_extensions = True
    extension_url = "/lab"
    subcommands: Any = {  # noqa: RUF012 - Jupyter's way
        "doctor": ("jupyter_stream_chat.cli.DoctorApp", "Check a profile from its configuration to Stop.")
    }

    def __init__(self, **kwargs: Any) -> None:
        """Take what Jupyter gives an extension; load nothing."""
        super().__init__(**kwargs)
        self._services = Shared(self._open)

    def initialize_settings(self) -> None:
        """Let our modules log among Jupyter's own lines, at Jupyter's level."""
        assert self.serverapp is not None
        logging.getLogger(EXTENSION_NAME).parent = self.serverapp.log

    def initialize_handlers(self) -> None:
        """Give Jupyter our routes."""
        self.handlers.extend(HANDLERS)

    async def services(self) -> Services:
        """Return what the handlers work with; load it at the first call. Raises what went wrong."""
        return await self._services.get()

    async def stop_extension(self) -> None:
        """Finish the runs and close the store. Called by Jupyter as it shuts down."""
        services = await self._services.close()
        if services is not None:
            await services.close()

    async def _open(self) -> Services:
        return await warm(self)
