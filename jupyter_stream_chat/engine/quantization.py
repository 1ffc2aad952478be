"""Loading weights in fewer bits: 4 and 8 by bitsandbytes on a GPU, 8 by torchao on a CPU.

Owns what each needs, and the sentences where it is not there.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch

from .errors import EngineFailure
from .quantization_sizes import HELD_PART

QUANTIZATIONS = tuple(HELD_PART)


def quantized(wanted: str, device: torch.device) -> dict[str, Any]:
    """Return the arguments of ``from_pretrained`` that quantise; empty for "none".

    4bit: nf4 with double quantisation, computed in bfloat16. Raises EngineFailure where it is impossible.
    """
    if wanted == "none":
        return {}
    if wanted not in QUANTIZATIONS:
        raise EngineFailure(
            "invalid_parameter",
            f"There is no quantisation {wanted}.",
            f"Use one of: {', '.join(QUANTIZATIONS)}.",
        )
    if device.type == "cuda":
        return _by_bitsandbytes(wanted, device)
    if device.type == "cpu" and wanted == "8bit":
        return _by_torchao()
    raise EngineFailure(
        "quantization_unavailable",
        f"Loading in {wanted[0]} bits needs a CUDA GPU, and this model is loaded on {device.type}.",
        'Choose "8bit" or "none" for the quantization.' if device.type == "cpu" else 'Choose "none".',
    )


def nbytes_of(network: torch.nn.Module) -> int:
    """Return the bytes of a network's weights, as they are held."""
    return sum(_nbytes(tensor) for tensor in (*network.parameters(), *network.buffers()))


def _nbytes(tensor: torch.Tensor) -> int:
    # torchao holds a quantised weight as several tensors in one, which tells the size of what it stands for.
    if (flatten := getattr(tensor, "__tensor_flatten__", None)) is not None:
        names, _ = flatten()
        return sum(_nbytes(getattr(tensor, name)) for name in names)
    return tensor.nbytes


def _by_bitsandbytes(wanted: str, device: torch.device) -> dict[str, Any]:
    _check_package("bitsandbytes", wanted)
    _check_package("accelerate", wanted)
    from transformers import BitsAndBytesConfig

    config = (
        BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        if wanted == "4bit"
        else BitsAndBytesConfig(load_in_8bit=True)
    )
    return {"quantization_config": config, "device_map": {"": device}}


def _by_torchao() -> dict[str, Any]:
    _check_package("torchao", "8bit")
    from torchao.quantization import Int8WeightOnlyConfig
    from transformers import TorchAoConfig

    return {"quantization_config": TorchAoConfig(Int8WeightOnlyConfig()), "device_map": "cpu"}


def _check_package(package: str, wanted: str) -> None:
    if find_spec(package) is None:
        raise EngineFailure(
            "missing_package",
            f"Loading in {wanted[0]} bits needs the Python package {package}, which is not installed.",
            f"Run: pip install {package}",
        )
