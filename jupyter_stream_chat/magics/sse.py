"""Server-sent events, decoded (WHATWG HTML, 9.2.6). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event of a run."""

    id: str
    name: str
    data: dict[str, Any]


def decode(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the whole events among the lines; one that was cut off is dropped, as the standard says."""
    fields: dict[str, str] = {}
    for line in lines:
        text = line.decode().rstrip("\r\n")
        if text.startswith(":"):
            continue
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
        elif line and fields:
            yield Event(fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"]))
            fields = {}
