"""A model's folder becomes a model in memory: safetensors only, no code of the model's own, eval mode."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from .errors import EngineFailure, is_out_of_memory, out_of_memory
from .hub import find_model, has_weights
from .messages import LoadOptions, Stage
from .model import LoadedModel, context_length, end_tokens, prompt_chunk

Report = Callable[[Stage, float | None], None]
"""Told the stage and the part done, 0..1 (None: unknown); may raise to stop."""

_GIB = 2**30
_WEIGHTS_BAR = "Loading weights"


def load_model(name: str, options: LoadOptions, report: Report) -> LoadedModel:
    """Load a model by hub id or folder. Raises EngineFailure with a sentence for every usual fault."""
    folder = find_model(name, options.revision, lambda fraction: report("downloading", fraction))
    report("loading", 0.0)
    _check_folder(folder, name)
    device = pick_device(options.device)
    _check_memory(folder, name, device)
    try:
        return _read(folder, options.dtype, device, report)
    except (ValueError, KeyError, OSError, RuntimeError, ImportError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise out_of_memory(f"loading {name}") from error
        raise EngineFailure(
            "load_failed",
            f"{name} could not be loaded.",
            "It may be damaged, need a newer transformers, or be no causal language model.",
        ) from error


def pick_device(wanted: str) -> torch.device:
    """Return the device to compute on: a GPU if there is one, unless another is asked for."""
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def free_memory(device: torch.device) -> int | None:
    """Return the bytes that a model can still take on a device; None where that cannot be known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return None
    available = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(available) * 1024 if available else None


def _check_folder(folder: Path, name: str) -> None:
    if not (folder / "config.json").is_file():
        raise EngineFailure(
            "unknown_model", f"{name} holds no model: config.json is missing.", "Check the folder."
        )
    if not has_weights(folder):
        raise EngineFailure(
            "no_safetensors",
            f"{name} has no (or not all) weights in the safetensors format.",
            "Other formats can run code while they load and are refused; choose a model that has it.",
        )


def _check_memory(folder: Path, name: str, device: torch.device) -> None:
    """Refuse what cannot fit: the system would end the whole process without a word."""
    needed = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    free = free_memory(device)
    if free is not None and needed > free:
        raise EngineFailure(
            "out_of_memory",
            f"{name} needs {needed / _GIB:.1f} GiB of memory, and {free / _GIB:.1f} GiB are free.",
            "Choose a smaller model, or close what holds the memory (other notebooks, say).",
        )


def _read(folder: Path, dtype: str, device: torch.device, report: Report) -> LoadedModel:
    safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    config = AutoConfig.from_pretrained(folder, **safe)
    tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    with _weights_reported(lambda fraction: report("loading", fraction)):
        network: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=dtype, use_safetensors=True, **safe
        )
    network = network.to(device).eval()
    chunk = prompt_chunk(network.config)
    arguments = inspect.signature(network.forward).parameters
    report("loading", 1.0)
    return LoadedModel(
        network=network,
        tokenizer=tokenizer,
        end_tokens=end_tokens(network, tokenizer),
        context_length=context_length(network.config),
        keeps_last_logits="logits_to_keep" in arguments,
        cache_argument="past_key_values" if "past_key_values" in arguments else "cache_params",
        prompt_chunk=chunk or sys.maxsize,
        reads_in_chunks=chunk is not None,
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
