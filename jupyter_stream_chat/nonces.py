"""How a notebook names a run that it may show: by a nonce that the run's id is made from.

Whoever has the notebook has the nonce, and with it that one answer, which is in the notebook already. From
the id of another run (a log has it) no nonce can be made: a stranger's notebook can pull in no chat.
"""

from __future__ import annotations

import hashlib
import os


def new_nonce() -> str:
    """Return a nonce for one question."""
    return os.urandom(16).hex()  # `secrets` is more than Jupyter's start should load


def run_id_of(nonce: str) -> str:
    """Return the id of the run that was asked for with this nonce."""
    return hashlib.sha256(f"jupyter-stream-chat answer {nonce}".encode()).hexdigest()[:32]
