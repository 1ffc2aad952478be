"""``POST doctor``: the light handler of ``examination``."""

# mypy: disable-error-code="misc, untyped-decorator"
# Jupyter's base classes and decorators are untyped to mypy.

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from ..access import AUTH_RESOURCE
from .rest import ChatAPIHandler

if TYPE_CHECKING:
    from ..api.diagnostics import Diagnostics


class DoctorHandler(ChatAPIHandler):
    """``doctor``"""

    examination: Diagnostics | None = None

    @authenticated
    @authorized("execute", AUTH_RESOURCE)
    async def post(self) -> None:
        """Examine a profile; answer with one JSON line for each step, as it ends."""
        examination = await self.ask(lambda api: api.examine_profile())
        if examination is None:
            return
        self.examination = examination
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        try:
            async for line in examination:
                self.write(line)
                await self.flush()
        except StreamClosedError:
            return
        finally:
            examination.close()
        self.finish(set_content_type="application/x-ndjson")

    def on_connection_close(self) -> None:
        """Examine no further for nobody."""
        super().on_connection_close()
        if self.examination is not None:
            self.examination.close()
