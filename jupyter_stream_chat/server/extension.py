"""What the handlers know of the extension. Light: Jupyter imports it at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .running import Running


class Extension(Protocol):
    """The Jupyter extension, as ``settings["jupyter_stream_chat"]`` has it."""

    @property
    def per_user(self) -> bool:
        """Whether chats belong to their users."""

    @property
    def max_frame_bytes(self) -> int:
        """The size of a frame or of a request's body."""

    async def running(self) -> Running:
        """Return what answers requests; load it at the first call. Raises what went wrong."""
