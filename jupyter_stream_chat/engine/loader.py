"""A model's folder becomes a model in memory: safetensors only, no code of the model's own, eval mode."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from .architecture import CHOOSE_ANOTHER, abilities, check_config
from .errors import EngineFailure, is_out_of_memory, listed, out_of_memory
from .hardware import compute_type, free_memory, pick_device
from .hub import find_model
from .interruptible import interruptible
from .messages import LoadOptions, Stage
from .model import LoadedModel, context_length, end_tokens
from .quantization import quantized
from .quantization_sizes import HELD_PART
from .weights import check_weights, file_size, read_json, unreadable

Report = Callable[[Stage, float | None], None]
"""Told the stage and the part done, 0..1 (None: unknown); may raise to stop."""

_GIB = 2**30
_WEIGHTS_BAR = "Loading weights"
_TURN_SECONDS = 0.2
_loading = threading.Lock()
_SAFE: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
_JSON_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json")
_NEEDED_PACKAGE = re.compile(
    r"pip install (?:-U |--upgrade )?[`'\"]?([\w.\-]+)|need to have (\w+)|requires? (?:the )?`?(\w+)`?"
)
_FAULTS = (ValueError, KeyError, OSError, RuntimeError, TypeError, AttributeError, SafetensorError)
"""What transformers raises for folders that are not as they should be."""


def load_model(name: str, options: LoadOptions, report: Report) -> LoadedModel:
    """Load a model by hub id or folder. Raises EngineFailure with a sentence for every usual fault."""
    folder = find_model(
        name,
        options.revision,
        lambda fraction: report("downloading", fraction),
        lambda: report("waiting_for_hub", None),
    )
    return interruptible(lambda relay: _load_alone(folder, name, options, relay), report)


def _load_alone(folder: Path, name: str, options: LoadOptions, report: Report) -> LoadedModel:
    """Load after another loading that was left behind, which holds memory until it notices."""
    report("loading", 0.0)
    while not _loading.acquire(timeout=_TURN_SECONDS):
        report("loading", 0.0)
    try:
        return _load(folder, name, options, report)
    finally:
        _loading.release()


def _load(folder: Path, name: str, options: LoadOptions, report: Report) -> LoadedModel:
    try:
        files = _check_folder(folder, name)
        device = pick_device(options.device)
        in_bits = quantized(options.quantization, device)
        _check_memory(int(file_size(files) * HELD_PART[options.quantization]), name, device)
        dtype = compute_type(options.dtype, files, device)
        return _read(folder, name, dtype, device, in_bits, report)
    except ImportError as error:
        raise _missing_package(name, error) from error
    except PermissionError as error:
        raise unreadable(name, error) from error
    except _FAULTS as error:
        raise _load_failed(name, "it", error) from error


def _check_folder(folder: Path, name: str) -> list[Path]:
    """Return the files of the weights. Raises EngineFailure for what is no causal model in safetensors."""
    if not (folder / "config.json").is_file():
        raise _no_model(folder, name)
    for each in _JSON_FILES:
        if (folder / each).is_file():
            read_json(folder / each, name)
    config = read_json(folder / "config.json", name)
    kind = config.get("model_type") if isinstance(config, dict) else None
    files = check_weights(folder, name)
    if kind not in CONFIG_MAPPING:
        raise _unknown_kind(name, str(kind), "auto_map" in config)
    return files


def _no_model(folder: Path, name: str) -> EngineFailure:
    """Say what a folder without a model's configuration holds instead."""
    if (folder / "adapter_config.json").is_file():
        adapter = read_json(folder / "adapter_config.json", name)
        base = adapter.get("base_model_name_or_path") if isinstance(adapter, dict) else None
        of = f" ({base})" if base else ""
        return EngineFailure(
            "lora_adapter",
            f"{name} is a LoRA adapter: a change to another model{of}, not a model.",
            "Merge it with its model (merge_and_unload of PEFT), or choose the merged model.",
        )
    if any(folder.glob("*.gguf")):
        check_weights(folder, name)  # has the sentence for it
    return EngineFailure(
        "unknown_model", f"{name} holds no model: config.json is missing.", "Check the folder."
    )


def _unknown_kind(name: str, kind: str, has_code: bool) -> EngineFailure:
    if has_code:
        return EngineFailure(
            "load_failed",
            f"{name} needs Python code of its own ({kind}), which comes with it and is never run here.",
            "Choose a model whose architecture is part of transformers.",
        )
    return EngineFailure(
        "load_failed",
        f"{name} has an architecture that this version of transformers does not know: {kind}.",
        "Update transformers, or choose another model.",
    )


def _check_memory(needed: int, name: str, device: torch.device) -> None:
    """Refuse what cannot fit: the system would end the whole process without a word."""
    free = free_memory(device)
    if free is not None and needed > free:
        raise EngineFailure(
            "out_of_memory",
            f"{name} needs {needed / _GIB:.1f} GiB of memory, and {free / _GIB:.1f} GiB are free.",
            "Choose a smaller model, or close what holds the memory (other notebooks, say).",
        )


def _read(
    folder: Path, name: str, dtype: str, device: torch.device, in_bits: dict[str, Any], report: Report
) -> LoadedModel:
    config = AutoConfig.from_pretrained(folder, **_SAFE)
    _check_kind(config, name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **_SAFE)
    except PermissionError:
        raise
    except (*_FAULTS, Exception) as error:  # `tokenizers` raises the base class itself
        if package := _named_package(error):
            raise _missing_package(name, ImportError(str(error), name=package)) from error
        raise _load_failed(name, "its tokenizer", error) from error
    with _weights_reported(lambda fraction: report("loading", fraction)):
        network, info = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=True,
            output_loading_info=True,
            **_SAFE,
            **in_bits,
        )
    if not in_bits:  # what is quantised is there already, and cannot be moved
        network = network.to(device)
    loaded = prepare(network.eval(), tokenizer, name)
    if missing := sorted(info["missing_keys"]):
        raise EngineFailure(
            "missing_weights",
            f"{name} is incomplete: its files lack {len(missing)} weights that its configuration asks for: "
            f"{listed(missing)}.",
            "Download the model again, or choose another model.",
        )
    report("loading", 1.0)
    return loaded


def prepare(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str) -> LoadedModel:
    """Return a network with all that an answer needs. Raises EngineFailure where it would answer wrongly."""
    found = abilities(network, name)
    return LoadedModel(
        network=network,
        tokenizer=tokenizer,
        end_tokens=end_tokens(network, tokenizer),
        context_length=context_length(network.config),
        abilities=found,
    )


def _check_kind(config: PreTrainedConfig, name: str) -> None:
    check_config(config, name)
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise EngineFailure(
            "not_causal",
            f"{name} is no language model that writes answers: its architecture is {config.model_type}.",
            CHOOSE_ANOTHER,
        )


def _missing_package(name: str, error: ImportError) -> EngineFailure:
    package = error.name or _named_package(error) or "that the details name"
    return EngineFailure(
        "missing_package",
        f"{name} needs the Python package {package}, which is not installed.",
        f"Run: pip install {package}" if " " not in package else "Install it where the Jupyter server runs.",
    )


def _named_package(error: BaseException) -> str | None:
    """Return the package that an error of transformers asks for."""
    text = str(error)
    if not re.search(r"install|requires", text):
        return None
    found = _NEEDED_PACKAGE.search(text)
    return next((each.lower() for each in found.groups() if each), None) if found else None


def _load_failed(name: str, what: str, error: BaseException) -> EngineFailure:
    if is_out_of_memory(error):
        return out_of_memory(f"loading {name}")
    return EngineFailure(
        "load_failed",
        f"{name} could not be loaded: {what} cannot be read.",
        "It may be damaged or need a newer transformers; the details say more.",
    )


@contextmanager
def _weights_reported(report: Callable[[float], None]) -> Iterator[None]:
    """Follow the bar that transformers draws while it reads weights; draw none."""

    def follow(factory: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if kwargs.get("desc") != _WEIGHTS_BAR or not args:
            return factory(*args, **kwargs)
        return _reported(list(args[0]), report)

    transformers_logging.disable_progress_bar()
    before = transformers_logging.set_tqdm_hook(follow)
    try:
        yield
    finally:
        transformers_logging.set_tqdm_hook(before)


def _reported(items: list[Any], report: Callable[[float], None]) -> Iterator[Any]:
    for done, item in enumerate(items):
        report(done / len(items))
        yield item
