"""Lets the hub's client go on in the middle of a file that a process which was ended had begun.

The client writes each file under a name of its own (huggingface_hub 2), and never looks at what others have
left.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from huggingface_hub import constants, file_download

_CHUNK_BYTES = 2**20
"""What is written, and told, at a time."""


def resume_files() -> None:
    """Let all downloads of this process use what earlier ones have left of the same file.

    By the client's function ``http_get``, which can begin in the middle of a file. It is called under the
    lock of that file, so that nobody else writes what was left.
    """
    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
    # Its other way to download keeps nothing that could be gone on with.
    constants.HF_HUB_DISABLE_XET = True
    get: Callable[..., Any] = file_download.http_get

    def http_get(url: str, temp_file: BinaryIO, **options: Any) -> Any:
        return get(url, temp_file, **{"resume_size": _adopt(temp_file), **options})

    file_download.http_get = http_get


def _adopt(temp_file: BinaryIO) -> int:
    """Begin a file with the longest that is left of it; return its bytes."""
    own = Path(temp_file.name)
    etag = own.name.partition(".")[0]
    left = [each for each in own.parent.glob(f"{etag}*.incomplete") if each != own]
    if not left:
        return 0
    longest = max(left, key=lambda each: each.stat().st_size)
    with longest.open("rb") as before:
        shutil.copyfileobj(before, temp_file)
    temp_file.flush()
    for each in left:
        each.unlink(missing_ok=True)
    return temp_file.tell()
