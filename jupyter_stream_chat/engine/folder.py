"""Whether a model's name is a folder of this machine. Imports nothing heavy: the server uses it too."""

from __future__ import annotations

from pathlib import Path


def model_folder(model: str) -> Path | None:
    """Return the folder that a name stands for; None for a hub id, and for what no folder can be named.

    Raises OSError where the system does not let the folder be looked at.
    """
    try:
        folder = Path(model).expanduser()
    except RuntimeError:  # the home of a user that does not exist
        return None
    return folder if folder.is_dir() else None
