"""From a frame to a command, or to the named error that refuses it. Pure."""

from __future__ import annotations

import re
from typing import cast

from pydantic import ValidationError

from ...protocol import COMMAND, AnyCommand, CommandRejected, ErrorInfo

_COMMAND_ID = re.compile(r'"command_id"\s*:\s*"([A-Za-z0-9_-]{8,64})"')
_COMMAND_ID_WITHIN = 64 * 1024
"""Characters searched for the id of a frame that cannot be parsed, or is too large to be worth it."""


def parse_command(frame: str | bytes, max_bytes: int) -> AnyCommand | CommandRejected:
    """Parse one frame of a page; ``max_bytes`` counts UTF-8."""
    if isinstance(frame, bytes):
        return CommandRejected(error=_invalid("A frame must be text, not binary."))
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


def explain(error: ValidationError, *, tagged: bool = True) -> ErrorInfo:
    """Name the first thing that is wrong. ``tagged``: paths begin with the command's type; it is left out."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid":
        # The outermost union is the one of commands; further inside it is a part of a message.
        if not first["loc"]:
            tag = cast(str, first.get("ctx", {}).get("tag", ""))
            return ErrorInfo(
                code="unknown_command",
                message=f"There is no command {tag[:40]!r}.",
                hint="Reload the page; its version and the server's may differ.",
                field="type",
            )
    elif first["type"] == "union_tag_not_found" and not first["loc"]:
        return _invalid("A command must have a type.", field="type")
    path = first["loc"][1:] if tagged else first["loc"]
    field = ".".join(str(step) for step in path)
    return _invalid(f"{field}: {first['msg']}" if field else first["msg"], field=field or None)


def _invalid(message: str, field: str | None = None) -> ErrorInfo:
    return ErrorInfo(code="invalid_command", message=message, field=field)


def _command_id(frame: str) -> str | None:
    # Quotes inside strings are escaped in JSON, so the pattern cannot match within a message's text.
    found = _COMMAND_ID.search(frame, 0, _COMMAND_ID_WITHIN)
    return found.group(1) if found else None


def _utf8_exceeds(text: str, limit: int) -> bool:
    # A code point takes one to four bytes: mostly neither bound needs the text encoded.
    if len(text) > limit:
        return True
    return len(text) * 4 > limit and len(text.encode()) > limit
