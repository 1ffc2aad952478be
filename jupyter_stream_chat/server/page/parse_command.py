"""From a frame to a command, or to the named error that refuses it. Pure."""

from __future__ import annotations

import re

from pydantic import ValidationError

from ...protocol import COMMAND, AnyCommand, CommandRejected, ErrorInfo
from ..api.explain import explain, invalid_command

_COMMAND_ID = re.compile(r'"command_id"\s*:\s*"([A-Za-z0-9_-]{8,64})"')
_COMMAND_ID_WITHIN = 64 * 1024
"""Characters searched for the id of a frame that cannot be parsed, or is too large to be worth it."""


def parse_command(frame: str | bytes, max_bytes: int) -> AnyCommand | CommandRejected:
    """Parse one frame of a page; ``max_bytes`` counts UTF-8."""
    if isinstance(frame, bytes):
        return CommandRejected(error=invalid_command("A frame must be text, not binary."))
    if _utf8_exceeds(frame, max_bytes):
        error = ErrorInfo(
            code="frame_too_large",
            message=f"The command is larger than {max_bytes} bytes.",
            hint="Send a shorter message.",
        )
        return CommandRejected(command_id=_command_id(frame), error=error)
    try:
        return COMMAND.validate_json(frame)
    except ValidationError as error:
        return CommandRejected(command_id=_command_id(frame), error=explain(error))


def _command_id(frame: str) -> str | None:
    # Quotes inside strings are escaped in JSON, so the pattern cannot match within a message's text.
    found = _COMMAND_ID.search(frame, 0, _COMMAND_ID_WITHIN)
    return found.group(1) if found else None


def _utf8_exceeds(text: str, limit: int) -> bool:
    # A code point takes one to four bytes: mostly neither bound needs the text encoded.
    if len(text) > limit:
        return True
    return len(text) * 4 > limit and len(text.encode()) > limit
