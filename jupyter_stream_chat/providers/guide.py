"""The ``guide`` provider: the tiny model that comes with the package, for a start without key and network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .local import LocalAdapter
from .profiles import Profile

if TYPE_CHECKING:
    from .engine_client import EngineClient

GUIDE_ID = "guide"
MODEL_FOLDER = Path(__file__).parent.parent / "guide" / "model"
NOTICE = (
    "The guide is a very small built-in model. It answers questions about this panel, and little else; "
    "it shows how answers stream. Set up a profile for real work."
)
PROFILE = Profile(id=GUIDE_ID, label="Guide", provider="guide", model="guide", origin="built-in")


def adapter(engine: EngineClient) -> LocalAdapter:
    """Return the adapter of ``guide``."""
    return LocalAdapter(engine, model=str(MODEL_FOLDER), notice=NOTICE)
