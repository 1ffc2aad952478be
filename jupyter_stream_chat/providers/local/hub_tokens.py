"""The tokens of the Hugging Face hub that the engine may send, so that no log and no error shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors.redact import redact

_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def without_hub_tokens(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a text of the engine's, or of the libraries in it, without the tokens of this machine."""
    return redact(text, _tokens(environ))


def _tokens(environ: Mapping[str, str]) -> list[str]:
    """Return the tokens of the environment, and the one that ``hf auth login`` saved."""
    home = environ.get("HF_HOME") or Path(environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    file = Path(environ.get("HF_TOKEN_PATH") or Path(home) / "token")
    try:
        saved = file.expanduser().read_text("utf-8", "replace")
    except (OSError, RuntimeError):
        saved = ""
    found = (each.strip() for each in (*(environ.get(name, "") for name in _VARIABLES), saved))
    return list(dict.fromkeys(each for each in found if each))
