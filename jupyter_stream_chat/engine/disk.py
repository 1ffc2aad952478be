"""The models on the disk of this machine: in the hub's cache, or in a folder. Reads headers; loads nothing.

Imports no torch: the server uses it too, and imports it where the packages for local models are installed.
All functions block. What cannot be read, and what moves while it is read (a download makes and deletes files
and folders), is left out: reading raises nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from .errors import EngineFailure
from .folder import model_folder
from .weights import has_weights, weight_files

_PREFIX = "models--"
_HEADER_BYTES = 100_000_000
"""A header that claims more is no header (safetensors' own limit)."""


@dataclass(frozen=True)
class DiskModel:
    """What is on the disk of one model. Sizes are in bytes."""

    model: str
    """Hub id or folder."""
    is_folder: bool
    is_complete: bool
    nbytes: int
    """Of all that is there, parts of files included."""
    parameters: int | None = None
    weights_nbytes: int | None = None


def cached_models() -> list[DiskModel]:
    """Return the models of the hub's cache, by name."""
    names = sorted(name for name in _names(_cache()) if name.startswith(_PREFIX))
    folders = [_cache() / name for name in names]
    return [_cached(folder) for folder in folders if _is_folder(folder)]


def find_on_disk(model: str) -> DiskModel | None:
    """Return a model by hub id or folder; None: nothing of it is here that can be read."""
    try:
        if (folder := model_folder(model)) is not None:
            return _described(model, folder, _size(folder), is_folder=True)
        cached = _cache_folder(model)
    except OSError:
        return None
    return _cached(cached) if _is_folder(cached) else None


def delete_model(model: str) -> int:
    """Delete a model of the hub's cache; return the bytes that were given back. Raises OSError.

    A folder outside of the cache is somebody's own: FileNotFoundError.
    """
    folder = _cache_folder(model)
    if not _is_folder(folder):
        raise FileNotFoundError(model)
    nbytes = _size(folder)
    shutil.rmtree(folder)
    shutil.rmtree(_cache() / ".locks" / folder.name, ignore_errors=True)
    return nbytes


def _cache() -> Path:
    return Path(constants.HF_HUB_CACHE)


def _cache_folder(model: str) -> Path:
    name = _PREFIX + model.replace("/", "--")
    if "/" in name or name in (_PREFIX, ".", "..") or "\0" in name:
        raise FileNotFoundError(model)
    return _cache() / name


def _cached(folder: Path) -> DiskModel:
    model = folder.name.removeprefix(_PREFIX).replace("--", "/", 1)
    snapshot = _snapshot(folder)
    if snapshot is None:
        return DiskModel(model, is_folder=False, is_complete=False, nbytes=_size(folder))
    return _described(model, snapshot, _size(folder), is_folder=False)


def _snapshot(folder: Path) -> Path | None:
    """Return the newest snapshot, where there is one."""
    snapshots = folder / "snapshots"
    try:
        return snapshots / (folder / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return max((snapshots / name for name in _names(snapshots)), key=_changed, default=None)


def _described(model: str, folder: Path, nbytes: int, *, is_folder: bool) -> DiskModel:
    try:
        is_complete = (folder / "config.json").is_file() and has_weights(folder)
    except OSError:
        is_complete = False
    if not is_complete:
        return DiskModel(model, is_folder, is_complete, nbytes)
    try:
        sizes = [_count(file) for file in weight_files(folder)]
    except (OSError, ValueError, EngineFailure):  # damaged: loading it says what is wrong
        return DiskModel(model, is_folder, is_complete, nbytes)
    parameters, weights = (sum(each) for each in zip(*sizes, strict=True))
    return DiskModel(model, is_folder, is_complete, nbytes, parameters, weights)


def _count(file: Path) -> tuple[int, int]:
    """Return the numbers in a safetensors file, and their bytes. Raises ValueError for what is none."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > _HEADER_BYTES:
            raise ValueError(f"{file.name} has no header")
        header = opened.read(length)
    try:
        return _counted(json.loads(header))
    except (AttributeError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"{file.name} has a damaged header") from error


def _counted(header: Any) -> tuple[int, int]:
    tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
    numbers = sum(prod(tensor["shape"]) for tensor in tensors)
    return numbers, sum(tensor["data_offsets"][1] - tensor["data_offsets"][0] for tensor in tensors)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _changed(path: Path) -> float:
    """Return when a file or folder was changed; 0: it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    return sum(_file_sizes(folder))


def _file_sizes(folder: Path) -> Iterator[int]:
    for within, _, names in os.walk(folder):  # Path.rglob raises when a folder is deleted meanwhile
        for name in names:
            path = Path(within, name)
            try:
                if path.is_file() and not path.is_symlink():
                    yield path.stat().st_size
            except OSError:  # gone meanwhile, or not ours to read
                continue
