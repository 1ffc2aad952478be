"""What a quantised model takes. Apart from how it is loaded, so that the server need not import torch."""

from __future__ import annotations

HELD_PART = {"none": 1.0, "4bit": 0.35, "8bit": 0.6}
"""Part of the weights' bytes on disk (two per parameter) that stays in memory, some layers being left out."""
