"""Weights in fewer bits: what works here, and the sentence where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from jupyter_stream_chat.engine import quantization
from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import LoadOptions, Parameters
from jupyter_stream_chat.engine.quantization import nbytes_of, quantized
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_tiny_model

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_eight_bits_on_a_cpu(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "model", hidden=128)
    sizes = {}
    for wanted in ("none", "8bit"):
        options = LoadOptions(device="cpu", quantization=wanted)
        loaded = load_model(str(folder), options, lambda stage, fraction: None)
        sizes[wanted] = nbytes_of(loaded.network)
        written: list[str] = []
        scheduler = Scheduler(loaded, 2**24)
        scheduler.admit(Generation(loaded, [5, 9, 17], Parameters(max_tokens=5), written.append))
        while scheduler.running:
            scheduler.step()
        assert "".join(written)
    assert sizes["8bit"] < sizes["none"]


def test_four_bits_on_a_gpu_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantization, "find_spec", lambda package: object())
    given = quantized("4bit", GPU)
    config = given["quantization_config"]
    assert given["device_map"] == {"": GPU}
    assert config.load_in_4bit
    assert config.bnb_4bit_quant_type == "nf4"
    assert config.bnb_4bit_use_double_quant
    assert config.bnb_4bit_compute_dtype == torch.bfloat16
    assert quantized("8bit", GPU)["quantization_config"].load_in_8bit


@pytest.mark.parametrize(("wanted", "device"), [("4bit", GPU), ("8bit", GPU), ("8bit", CPU)])
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, wanted: str, device: torch.device
) -> None:
    monkeypatch.setattr(quantization, "find_spec", lambda package: None)
    with pytest.raises(EngineFailure) as refused:
        quantized(wanted, device)
    assert refused.value.code == "missing_package"
    assert "pip install" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("wanted", "device"), [("4bit", CPU), ("4bit", torch.device("mps")), ("8bit", torch.device("mps"))]
)
def test_what_is_impossible_here_is_said(wanted: str, device: torch.device) -> None:
    with pytest.raises(EngineFailure) as refused:
        quantized(wanted, device)
    assert refused.value.code == "quantization_unavailable"
    assert refused.value.hint
