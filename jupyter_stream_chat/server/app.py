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
from .activity import Activity
from .http.completions import CompletionsHandler, ModelsHandler
from .http.rest import RestHandler
from .http.websocket import ChatSocket
from .warm import Shared, warm

if TYPE_CHECKING:
    from ..protocol import RunInfo
    from .running import Running
    from .services import Services

EXTENSION_NAME = "jupyter_stream_chat"

HANDLERS = [
    (r"stream-chat/ws", ChatSocket),
    (r"stream-chat/api/(.*)", RestHandler),
    (r"stream-chat/v1/models", ModelsHandler),
    (r"stream-chat/v1/models/([^/]+)", ModelsHandler),
    (r"stream-chat/v1/chat/completions", CompletionsHandler),
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
        self._running = Shared(self._open)

    def initialize_settings(self) -> None:
        """Let our modules log among Jupyter's own lines, at Jupyter's level."""
        assert self.serverapp is not None
        logging.getLogger(EXTENSION_NAME).parent = self.serverapp.log

    def initialize_handlers(self) -> None:
        """Give Jupyter our routes."""
        self.handlers.extend(HANDLERS)

    async def running(self) -> Running:
        """Return what answers requests; load it at the first call. Raises what went wrong."""
        return await self._running.get()

    async def services(self) -> Services:
        """Return the services, loaded in the same way."""
        return (await self.running()).services

    async def stop_extension(self) -> None:
        """Finish the runs and close the store. Called by Jupyter as it shuts down."""
        running = await self._running.close()
        if running is not None:
            await running.close()
            self._activity.close()

    def current_activity(self) -> dict[str, RunInfo] | None:
        """Return the runs that write an answer; None when none does. Jupyter does not end the server then."""
        running = self._running.made
        return running.services.runs.active or None if running else None

    async def _open(self) -> Running:
        running = await warm(self)
        assert self.serverapp is not None
        self._activity = Activity(
            self.serverapp.web_app.settings["last_activity_times"], running.services.runs
        )
        return running
