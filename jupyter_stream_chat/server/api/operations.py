"""The table of operations, by command and by route.

A new operation is a function and a row in the module of its subject; it needs no other entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from ... import protocol as wire
from ...chats.command_error import CommandError
from . import (
    attachments,
    chats,
    following,
    models,
    notebook_markdown,
    profile_operations,
    runs,
    search,
    specification,
)
from .operation import Operation, Route

OPERATIONS: tuple[Operation, ...] = (
    *chats.OPERATIONS,
    *search.OPERATIONS,
    *runs.OPERATIONS,
    *following.OPERATIONS,
    *attachments.OPERATIONS,
    *profile_operations.OPERATIONS,
    *models.OPERATIONS,
    *notebook_markdown.OPERATIONS,
    *specification.OPERATIONS,
)
"""Every operation."""

COMMANDS: dict[type[wire.Command], Operation] = {
    row.request: row for row in OPERATIONS if issubclass(row.request, wire.Command)
}
"""The operations of the WebSocket, by the class of their command."""

_FIELD = re.compile(r"\{(\w+)\}")
_VALUE = {"profile_id": r"[A-Za-z0-9._-]{1,64}"}
_ID = r"[A-Za-z0-9_-]{1,64}"


def find_route(method: str, path: str) -> tuple[Operation, Route, Mapping[str, str]]:
    """Return the operation of a route and the fields that its path names.

    Raises CommandError: ``not_found``, or ``method_not_allowed`` where the path has other methods.
    """
    for pattern, rows in _routes().items():
        if match := pattern.fullmatch(path):
            if method not in rows:
                raise CommandError(
                    wire.ErrorInfo(code="method_not_allowed", message=f"{path} has no method {method}.")
                )
            operation, route = rows[method]
            return operation, route, match.groupdict()
    raise CommandError(wire.ErrorInfo(code="not_found", message=f"There is nothing at {path[:200]}."))


@cache
def _routes() -> dict[re.Pattern[str], dict[str, tuple[Operation, Route]]]:
    """Return the operations by path and method; a path without fields comes before one that has them."""
    found: dict[str, dict[str, tuple[Operation, Route]]] = {}
    for row in OPERATIONS:
        if row.route is not None:
            found.setdefault(row.route.path, {})[row.route.method] = (row, row.route)
    ordered = sorted(found, key=lambda path: len(_FIELD.findall(path)))
    return {_pattern(path): found[path] for path in ordered}


def _pattern(path: str) -> re.Pattern[str]:
    steps = _FIELD.split(re.sub(r"[.]", r"\\.", path))
    fields = [f"(?P<{name}>{_VALUE.get(name, _ID)})" for name in steps[1::2]]
    return re.compile("".join(part for pair in zip(steps[::2], [*fields, ""], strict=True) for part in pair))
