"""Loading: what is shown meanwhile, and one sentence for everything that is usually wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_stream_chat.engine import loader
from jupyter_stream_chat.engine.errors import EngineFailure, Interrupted
from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import LoadOptions, Stage
from tests.tiny_model import make_tiny_model

CPU = LoadOptions(device="cpu")


def silent(stage: Stage, fraction: float | None) -> None:
    """Report nothing."""


def refusal(folder: Path) -> EngineFailure:
    """Return why a folder cannot be loaded."""
    with pytest.raises(EngineFailure) as refused:
        load_model(str(folder), CPU, silent)
    assert refused.value.hint
    return refused.value


def test_progress_rises_to_one(tiny_model: Path) -> None:
    told: list[tuple[Stage, float | None]] = []
    load_model(str(tiny_model), CPU, lambda stage, fraction: told.append((stage, fraction)))
    fractions = [fraction for stage, fraction in told if stage == "loading" and fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert len(fractions) > 10


def test_loading_can_be_stopped(tiny_model: Path) -> None:
    def stop(stage: Stage, fraction: float | None) -> None:
        if fraction and fraction > 0.5:
            raise Interrupted

    with pytest.raises(Interrupted):
        load_model(str(tiny_model), CPU, stop)
    assert load_model(str(tiny_model), CPU, silent)


def test_the_model_is_ready_to_infer(tiny_model: Path) -> None:
    loaded = load_model(str(tiny_model), CPU, silent)
    assert not loaded.network.training
    assert loaded.device.type == "cpu"
    assert loaded.context_length == 4096


@pytest.mark.parametrize(("dtype", "expected"), [("auto", "torch.bfloat16"), ("float32", "torch.float32")])
def test_the_weights_type_is_the_stored_one_unless_another_is_asked_for(
    tmp_path: Path, dtype: str, expected: str
) -> None:
    folder = make_tiny_model(tmp_path, dtype="bfloat16")
    loaded = load_model(str(folder), LoadOptions(device="cpu", dtype=dtype), silent)
    assert str(loaded.network.dtype) == expected


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "nothing")
    assert error.code == "unknown_model"
    assert str(tmp_path / "nothing") in error.message


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "unknown_model"


def test_weights_in_another_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert refusal(tmp_path).code == "no_safetensors"


def test_a_missing_shard_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model-1.safetensors").write_bytes(b"")
    assert refusal(tmp_path).code == "no_safetensors"


@pytest.mark.parametrize("damage", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_model_is_one_sentence(tmp_path: Path, damage: str) -> None:
    folder = make_tiny_model(tmp_path)
    (folder / damage).write_bytes(b'{"model_type": "never-heard-of"}')
    assert refusal(folder).code == "load_failed"


def test_what_cannot_fit_is_refused_before_loading(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "free_memory", lambda device: 1000)
    assert refusal(tiny_model).code == "out_of_memory"


def test_code_of_the_models_own_is_never_run(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "own"
    config["auto_map"] = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('ran')")
    assert refusal(folder).code == "load_failed"
