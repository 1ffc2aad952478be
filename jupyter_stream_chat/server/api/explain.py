"""What is wrong with a command or a request, as the named error that refuses it. Pure."""

from __future__ import annotations

from typing import cast

from pydantic import ValidationError

from ...protocol import ErrorInfo

_KINDS = {"text", "reasoning", "attachment"}


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
        return invalid_command("A command must have a type.", field="type")
    path = list(first["loc"][1:] if tagged else first["loc"])
    if first["type"].startswith("union_tag"):
        path.append("type")
    # Behind the number of a part stands its kind, by which it was read; it is no field.
    steps = [
        step for at, step in enumerate(path) if not (step in _KINDS and at and isinstance(path[at - 1], int))
    ]
    field = ".".join(map(str, steps))
    return invalid_command(f"{field}: {first['msg']}" if field else first["msg"], field=field or None)


def invalid_command(message: str, field: str | None = None) -> ErrorInfo:
    """Say that a command is malformed."""
    return ErrorInfo(code="invalid_command", message=message, field=field)
