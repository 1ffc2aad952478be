"""The one exception of ``%chat``: a sentence and its hint, shown as one line; the trace on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..notebook_markdown.signs import show_controls


class ChatError(Exception):
    """A question, or a command of ``%chat``, that failed."""

    def __init__(self, message: str, hint: str = "", *, code: str = "", detail: str = "") -> None:
        """``code`` is the wire's name of the error, ``detail`` what ``%chat trace`` shows."""
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.code = code
        self.detail = detail

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> ChatError:
        """Return the error that the server describes (``protocol.ErrorInfo``)."""
        return cls(
            str(error.get("message") or "The server refused."),
            str(error.get("hint") or ""),
            code=str(error.get("code") or ""),
            detail=str(error.get("detail") or ""),
        )

    def _render_traceback_(self) -> list[str]:
        """Give IPython the one line to show instead of a trace."""
        more = " (%chat trace shows more.)" if self.detail else ""
        return [show_controls(f"{self}{more}")]
