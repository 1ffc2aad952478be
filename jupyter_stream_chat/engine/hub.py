"""A model's name becomes a folder: one on this machine, or a snapshot from the Hugging Face hub.

What is already here is never asked for again, so a downloaded model works without a network.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    DryRunError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm.std import tqdm

from .errors import EngineFailure

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_PATTERNS: dict[str, Any] = {
    "allow_patterns": ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"],
    "ignore_patterns": ["*/*", "consolidated*"],  # other formats, second copies of the weights
}

Report = Callable[[float | None], None]
"""Told the part done, 0..1; may raise to stop."""


def find_model(name: str, revision: str | None, report: Report) -> Path:
    """Return the folder of a model, downloading it where needed. Raises EngineFailure."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(name):
        raise EngineFailure(
            "unknown_model", f"There is no folder {name}.", "Check the path, or name a model of the hub."
        )
    return _cached(name, revision) or _download(name, revision, report)


def has_weights(folder: Path) -> bool:
    """Tell whether a folder holds all the safetensors that it should."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        return all((folder / shard).is_file() for shard in shards)
    return any(folder.glob("*.safetensors"))


def _cached(name: str, revision: str | None) -> Path | None:
    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True, **_PATTERNS))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if (folder / "config.json").is_file() and has_weights(folder) else None


def _download(name: str, revision: str | None, report: Report) -> Path:
    report(None)
    try:
        bar = _bar(report, _bytes_to_download(name, revision))
        return Path(snapshot_download(name, revision=revision, tqdm_class=bar, **_PATTERNS))
    except GatedRepoError as error:
        raise EngineFailure(
            "unknown_model",
            f"The hub gives {name} only to those who accepted its licence.",
            "Accept it on the model's page, then set HF_TOKEN where the server starts.",
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise EngineFailure(
            "unknown_model",
            f"The hub knows no model {name}, or shows it to its owner only.",
            "Check the name; for a private model set HF_TOKEN where the server starts.",
        ) from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, ConnectionError) as error:
        raise _unreachable(name) from error
    except Exception as error:
        if _is_network_error(error):
            raise _unreachable(name) from error
        raise


def _bytes_to_download(name: str, revision: str | None) -> int:
    try:
        plan = snapshot_download(name, revision=revision, dry_run=True, **_PATTERNS)
    except DryRunError as error:
        raise error.__cause__ or error from None  # why, which this error only wraps
    return sum(file.file_size for file in plan if file.will_download)


def _unreachable(name: str) -> EngineFailure:
    return EngineFailure(
        "no_network",
        f"{name} is not on this machine, and the Hugging Face hub cannot be reached.",
        "Check the network (and HF_HUB_OFFLINE), or give the folder of a model that is here.",
    )


def _is_network_error(error: BaseException) -> bool:
    """Know the errors of whichever HTTP client the hub's library uses by their classes' names."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return not names.isdisjoint({"TransportError", "RequestException", "TimeoutException"})


def _bar(report: Report, total: int) -> type[Any]:
    """Return a progress bar that draws nothing and reports bytes of ``total`` instead."""
    base: Any = tqdm

    class Bar(base):  # type: ignore[misc]
        monitor_interval: ClassVar[float] = 0  # no thread of tqdm's own

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            moved: bool | None = super().update(n)
            if self.unit == "B" and total:
                report(min(1.0, self.n / total))
            return moved

    return Bar
