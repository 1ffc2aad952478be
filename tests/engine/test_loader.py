"""Loading: what is shown meanwhile, and one sentence for everything that is usually wrong."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration

from jupyter_stream_chat.engine import hardware, loader
from jupyter_stream_chat.engine.disk import find_on_disk
from jupyter_stream_chat.engine.errors import EngineFailure, Interrupted
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import Failed, LoadOptions, Parameters, Stage
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
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


@pytest.mark.parametrize(
    ("dtype", "flags", "expected"),
    [
        ("auto", {"avx512_bf16"}, "torch.bfloat16"),
        ("auto", {"avx2"}, "torch.float32"),
        ("bfloat16", {"avx2"}, "torch.bfloat16"),
        ("float32", {"avx512_bf16"}, "torch.float32"),
    ],
)
def test_the_weights_type_is_the_stored_one_where_the_cpu_is_fast_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, flags: set[str], expected: str
) -> None:
    monkeypatch.setattr(hardware, "cpu_flags", lambda: frozenset(flags))
    folder = make_tiny_model(tmp_path, dtype="bfloat16")
    loaded = load_model(str(folder), LoadOptions(device="cpu", dtype=dtype), silent)
    assert str(loaded.network.dtype) == expected


@pytest.mark.parametrize(("half", "expected"), [(1.0, "torch.bfloat16"), (6.0, "torch.float32")])
def test_where_no_file_names_the_cpus_flags_its_speed_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: float, expected: str
) -> None:
    seconds = {torch.float32: 1.0, torch.bfloat16: half}
    monkeypatch.setattr(hardware, "cpu_flags", frozenset)
    monkeypatch.setattr(hardware, "_seconds", seconds.__getitem__)
    hardware.measured_fast_at.cache_clear()
    folder = make_tiny_model(tmp_path, dtype="bfloat16")
    assert str(load_model(str(folder), CPU, silent).network.dtype) == expected
    hardware.measured_fast_at.cache_clear()


def test_a_layer_is_timed_in_each_type() -> None:
    assert all(hardware._seconds(dtype) > 0 for dtype in (torch.float32, torch.bfloat16, torch.float16))


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


# --- one sentence for each fault --------------------------------------------------------------------


def _lora(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(
        '{"base_model_name_or_path": "org/base", "peft_type": "LORA"}'
    )


def _only(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / name)

    return change


def _truncated(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return change


def _without(*endings: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        kept = {name: tensor for name, tensor in tensors.items() if not name.endswith(endings)}
        assert len(kept) < len(tensors)
        save_file(kept, folder / "model.safetensors", {"format": "pt"})

    return change


def _configured(**fields: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **fields}))

    return change


def _bert(folder: Path) -> None:
    config = BertConfig(vocab_size=600, hidden_size=32, num_attention_heads=4, num_hidden_layers=2)
    BertForMaskedLM(config).save_pretrained(folder)


def _t5(folder: Path) -> None:
    config = T5Config(vocab_size=600, d_model=32, d_ff=48, num_layers=2, num_heads=4, d_kv=8)
    T5ForConditionalGeneration(config).save_pretrained(folder)


def _gguf_alone(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model.safetensors").rename(folder / "tiny.Q4_K_M.gguf")


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a LoRA adapter": (_lora, "lora_adapter", "org/base"),
    "GGUF beside a configuration": (_only("tiny.Q4.gguf"), "no_safetensors", "GGUF"),
    "GGUF alone": (_gguf_alone, "no_safetensors", "GGUF"),
    "pickles": (_only("pytorch_model.bin"), "no_safetensors", "pytorch_model.bin"),
    "one shard without its index": (
        _only("model-00001-of-00003.safetensors"),
        "no_safetensors",
        "1 of 3 files .*index.json",
    ),
    "another layout": (_only("consolidated.safetensors"), "no_safetensors", "consolidated.safetensors"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no_safetensors", "no weights"),
    "weights cut short": (_truncated("model.safetensors"), "load_failed", "model.safetensors .*damaged"),
    "config cut short": (_truncated("config.json"), "load_failed", "config.json .*damaged"),
    "tokenizer cut short": (_truncated("tokenizer.json"), "load_failed", "tokenizer.json .*damaged"),
    "tokenizer's configuration": (
        lambda folder: (folder / "tokenizer_config.json").write_bytes(b"\xff{"),
        "load_failed",
        "tokenizer_config.json .*damaged",
    ),
    "a tensor that is missing": (
        _without("layers.1.mlp.up_proj.weight"),
        "missing_weights",
        "layers.1.mlp.up_proj",
    ),
    "a head that is missing": (_without("lm_head.weight"), "missing_weights", "lm_head.weight"),
    "code of its own": (
        _configured(model_type="own", auto_map={"AutoConfig": "own.Config"}),
        "load_failed",
        "Python code of its own",
    ),
    "an architecture that is unknown": (_configured(model_type="brand_new"), "load_failed", "brand_new"),
    "an encoder": (_bert, "not_causal", "encoder .bert."),
    "an encoder-decoder": (_t5, "not_causal", "encoder-decoder model .t5."),
    "quantised by a package that is missing": (
        _configured(quantization_config={"quant_method": "gptq", "bits": 4}),
        "missing_package",
        "package",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_sentence(tmp_path: Path, fault: str) -> None:
    change, code, words = FAULTS[fault]
    folder = make_tiny_model(tmp_path / "model")
    change(folder)
    error = refusal(folder)
    assert error.code == code
    assert re.search(words, error.message), error.message


@pytest.mark.parametrize("what", ["", "config.json", "model.safetensors"])
def test_what_may_not_be_read_is_named(tmp_path: Path, what: str) -> None:
    if os.geteuid() == 0:
        return  # root may read everything: see the next test
    folder = make_tiny_model(tmp_path / "model")
    (folder / what).chmod(0)
    assert refusal(folder).code == "unreadable_model"
    (folder / what).chmod(0o755)


def test_what_the_system_refuses_to_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the one before, for those who run the tests as root."""
    folder = make_tiny_model(tmp_path / "model")

    def refuse(path: Path, *args: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refuse)
    error = refusal(folder)
    assert error.code == "unreadable_model"
    assert "config.json" in error.message


def test_second_copies_of_the_weights_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_tiny_model(tmp_path / "model")
    size = (folder / "model.safetensors").stat().st_size
    with (folder / "consolidated.safetensors").open("wb") as copy:
        copy.truncate(10 * 2**40)
    monkeypatch.setattr(loader, "free_memory", lambda device: 2 * size)
    assert load_model(str(folder), CPU, silent)


def test_tied_weights_are_not_missing(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "model", tie_word_embeddings=True)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    assert load_model(str(folder), CPU, silent)


def test_shards_with_their_index(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "model")
    network = load_model(str(folder), CPU, silent).network
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="100KB")
    assert load_model(str(folder), CPU, silent)
    next(folder.glob("model-00002-*")).unlink()
    assert "model-00002-of" in refusal(folder).message


def sharded(folder: Path) -> Path:
    """Make a model whose weights are in several files."""
    make_tiny_model(folder)
    network = load_model(str(folder), CPU, silent).network
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="100KB")
    return folder


def test_files_beside_the_shards_of_the_index_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sharded(tmp_path / "model")
    size = sum(shard.stat().st_size for shard in folder.glob("model-*.safetensors"))
    for name in ("consolidated.safetensors", "model-00001-of-00099.safetensors", "adapter_model.safetensors"):
        with (folder / name).open("wb") as other:
            other.truncate(10 * 2**40)
    monkeypatch.setattr(loader, "free_memory", lambda device: 2 * size)
    assert load_model(str(folder), CPU, silent)
    found = find_on_disk(str(folder))
    assert found is not None
    assert found.weights_nbytes is not None
    assert found.weights_nbytes < size


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("{", "damaged"),
        ("[]", "no weight_map"),
        ("{}", "no weight_map"),
        ('{"weight_map": []}', "no weight_map"),
        ('{"weight_map": {}}', "names no files"),
        ('{"weight_map": {"a": 1}}', "names no files"),
        ('{"weight_map": {"a": "pytorch_model.bin"}}', "names no files"),
        ('{"weight_map": {"a": "../other/model.safetensors"}}', "names no files"),
        ('{"weight_map": {"a": "/etc/model.safetensors"}}', "names no files"),
    ],
)
def test_a_damaged_index_is_named(tmp_path: Path, index: str, words: str) -> None:
    folder = sharded(tmp_path / "model")
    (folder / "model.safetensors.index.json").write_text(index)
    error = refusal(folder)
    assert error.code == "load_failed"
    assert "model.safetensors.index.json" in error.message
    assert words in error.message
    found = find_on_disk(str(folder))
    assert found is not None
    assert not found.is_complete


def test_weights_that_are_no_numbers_are_an_error(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][0] = torch.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    loaded = load_model(str(folder), CPU, silent)
    scheduler = Scheduler(loaded, 10**9)
    generation = Generation(loaded, [5, 6, 7], Parameters(max_tokens=200), lambda text: None)
    assert scheduler.admit(generation)
    while not (left := scheduler.step()):
        pass
    ((_, outcome),) = left
    assert isinstance(outcome, Failed)
    assert outcome.code == "not_a_number"
    assert generation.output_tokens == 0


def test_a_stop_does_not_wait_for_what_is_loaded(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hang, begun = threading.Event(), threading.Event()
    read = loader._read

    def slow(*args: Any) -> Any:
        begun.set()
        hang.wait(30)
        return read(*args)

    def stop(stage: Stage, fraction: float | None) -> None:
        if begun.is_set():
            raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(loader, "_read", slow)
        with pytest.raises(Interrupted):
            load_model(str(tiny_model), CPU, stop)
    hang.set()
    assert load_model(str(tiny_model), CPU, silent)
