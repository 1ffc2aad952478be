"""A download as a process of its own: it writes one JSON object a line, and is stopped by ending it.

``python -m jupyter_stream_chat.engine.download MODEL`` writes ``{"received", "total"}`` in bytes, again and
again; with ``--plan`` it asks only, and writes ``{"total", "weights"}``. A fault is
``{"error": {code, message, hint}}``.
What was received stays; the next download goes on from there.
"""

from __future__ import annotations

import argparse
import json
import time

from .errors import EngineFailure
from .hub import download, plan_download
from .resume import resume_files

_SECONDS = 0.2
"""Between two lines."""


class _Lines:
    """Writes how far a download is, a few times a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, received: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS or received == total:
            self._last = now
            _write(received=received, total=total)


def _write(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_stream_chat.engine.download")
    parser.add_argument("model", help="hub id")
    parser.add_argument("--plan", action="store_true", help="ask how much there is to download")
    options = parser.parse_args()
    try:
        if options.plan:
            total, weights = plan_download(options.model)
            _write(total=total, weights=weights)
        else:
            resume_files()
            download(options.model, None, _Lines())
            _write(done=True)
    except EngineFailure as failure:
        _write(error={"code": failure.code, "message": failure.message, "hint": failure.hint})


if __name__ == "__main__":
    main()
