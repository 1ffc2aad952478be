"""Ids of things whose client named none."""

from __future__ import annotations

import uuid


def new_id() -> str:
    """Return an id that nothing has."""
    return str(uuid.uuid4())
