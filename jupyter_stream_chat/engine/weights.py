"""Which files of a model's folder are its weights, and what is wrong where they are not there.

Looks at names and headers; loads nothing. Only safetensors count: other formats can run code while they load.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from .errors import EngineFailure, listed

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.safetensors")
_PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".pkl"}
_CONVERT = "Other formats can run code while they load and are refused; choose a model that has it."


def has_weights(folder: Path) -> bool:
    """Tell whether a folder holds all the safetensors that it should."""
    try:
        return bool(weight_files(folder)) and not missing_shards(folder)
    except EngineFailure:
        return False


def weight_files(folder: Path) -> list[Path]:
    """Return the files that are loaded: the single file, or those that the index names and that are there.

    Second copies of the weights beside them (``consolidated.safetensors``) are not among them. Raises
    EngineFailure for an index that cannot be read.
    """
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    return [folder / name for name in _indexed(folder) if (folder / name).is_file()]


def missing_shards(folder: Path) -> list[str]:
    """Return the files that the index names and that are not there."""
    if (folder / _SINGLE).is_file():
        return []
    return [name for name in _indexed(folder) if not (folder / name).is_file()]


def check_weights(folder: Path, name: str) -> list[Path]:
    """Return the files of the weights. Raises EngineFailure with the sentence for what is wrong with them."""
    if missing := missing_shards(folder):
        raise EngineFailure(
            "no_safetensors",
            f"{name} is incomplete: {listed(missing)} of its weights are missing.",
            "Download the model again.",
        )
    files = weight_files(folder)
    if not files:
        raise _without_weights(folder, name)
    for file in files:
        _check_header(file, name)
    return files


def stored_type(file: Path) -> str:
    """Return the type of most numbers in a file, as safetensors names it: F32, BF16, F16, I32, ..."""
    with safe_open(file, framework="pt") as tensors:
        sizes: Counter[str] = Counter()
        for key in tensors.keys():  # noqa: SIM118 - not a dict: it cannot be iterated
            part = tensors.get_slice(key)
            sizes[str(part.get_dtype())] += prod(part.get_shape())
    return sizes.most_common(1)[0][0] if sizes else "F32"


def read_json(path: Path, name: str) -> Any:
    """Read a file of a model. Raises EngineFailure where it is no JSON or may not be read."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError
        raise EngineFailure(
            "load_failed", f"{path.name} of {name} is damaged: {error}.", "Download the model again."
        ) from error
    except OSError as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: OSError) -> EngineFailure:
    """Say that the system does not let a model's file be read."""
    what = Path(error.filename).name if isinstance(error.filename, str) else name
    return EngineFailure(
        "unreadable_model",
        f"{name} cannot be read: {error.strerror or error} ({what}).",
        "Give the user that runs the Jupyter server the right to read the model's folder and files.",
    )


def _indexed(folder: Path) -> list[str]:
    index = folder / _INDEX
    if not index.is_file():
        return []
    names = read_json(index, folder.name)
    shards = names.get("weight_map") if isinstance(names, dict) else None
    if not isinstance(shards, dict):
        raise _damaged_index(folder, "it has no weight_map")
    if not shards or not all(isinstance(each, str) and _is_within(each) for each in shards.values()):
        raise _damaged_index(folder, "its weight_map names no files of the folder")
    return sorted(set(shards.values()))


def _is_within(name: str) -> bool:
    """Tell whether a name is that of a safetensors file in the folder."""
    path = Path(name)
    return path.suffix == ".safetensors" and not path.is_absolute() and ".." not in path.parts


def _damaged_index(folder: Path, why: str) -> EngineFailure:
    return EngineFailure(
        "load_failed", f"{_INDEX} of {folder.name} is damaged: {why}.", "Download the model again."
    )


def _check_header(file: Path, name: str) -> None:
    try:
        with safe_open(file, framework="pt"):
            pass
    except (SafetensorError, ValueError) as error:
        raise EngineFailure(
            "load_failed", f"{file.name} of {name} is damaged: {error}.", "Download the model again."
        ) from error
    except OSError as error:
        raise unreadable(name, error) from error


def _without_weights(folder: Path, name: str) -> EngineFailure:
    """Say what a folder without usable weights holds instead."""
    files = sorted(file.name for file in folder.iterdir() if file.is_file())
    if shards := [shard for each in files if (shard := _SHARD.fullmatch(each))]:
        return EngineFailure(
            "no_safetensors",
            f"{name} is incomplete: it has {len(shards)} of {int(shards[0]['count'])} files of weights, and "
            f"{_INDEX}, which says what is in them, is missing.",
            "Download the model again, with its index.",
        )
    suffixes = {Path(each).suffix for each in files}
    if ".gguf" in suffixes:
        return EngineFailure(
            "no_safetensors",
            f"{name} has its weights in the GGUF format only, which the local engine does not read.",
            "Choose the model in the safetensors format, or serve the file with llama.cpp or Ollama and add "
            "an OpenAI-compatible profile.",
        )
    if pickles := [
        each for each in files if Path(each).suffix in _PICKLES and not each.startswith("training_")
    ]:
        return EngineFailure(
            "no_safetensors",
            f"{name} has its weights in another format than safetensors: {listed(pickles)}.",
            _CONVERT,
        )
    if others := [each for each in files if each.endswith(".safetensors")]:
        return EngineFailure(
            "no_safetensors",
            f"{name} has {listed(others)}, but no {_SINGLE}: its weights are in a layout that transformers "
            "does not read.",
            "Choose the model in the layout of transformers.",
        )
    return EngineFailure("no_safetensors", f"{name} holds no weights.", "Download the model again.")


def file_size(files: Iterable[Path]) -> int:
    """Return the bytes of files."""
    return sum(file.stat().st_size for file in files)
