"""What is on the disk of models, and whether they fit, told without loading anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from huggingface_hub import constants

from jupyter_stream_chat.engine.disk import cached_models, delete_model, find_on_disk
from jupyter_stream_chat.engine.fit import Memory, fit, memory_needed
from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import LoadOptions
from jupyter_stream_chat.providers.local.engine_client import absolute_folder
from tests.tiny_model import make_tiny_model

GIB = 2**30


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    return folder


def put(cache: Path, model: str, **options: int) -> Path:
    """Put a model into the hub's cache, as a download would."""
    folder = cache / f"models--{model.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    make_tiny_model(folder / "snapshots" / "abc", **options)  # type: ignore[arg-type]
    return folder


def test_a_model_is_measured_without_being_loaded(cache: Path) -> None:
    folder = put(cache, "org/tiny") / "snapshots" / "abc"
    (found,) = cached_models()
    network = load_model(str(folder), LoadOptions(device="cpu"), lambda stage, fraction: None).network
    assert (found.model, found.is_complete, found.is_folder) == ("org/tiny", True, False)
    assert found.parameters == sum(each.numel() for each in network.parameters())
    assert found.parameters is not None
    assert found.weights_nbytes == 4 * found.parameters
    assert found.nbytes == sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())


def test_a_folder_is_measured_too(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "mine")
    found = find_on_disk(str(folder))
    assert found is not None
    assert (found.is_folder, found.is_complete) == (True, True)
    assert found.parameters


def test_what_a_stopped_download_left_is_listed(cache: Path) -> None:
    blobs = cache / "models--org--half" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "0123.incomplete").write_bytes(bytes(1000))
    assert [(each.model, each.is_complete, each.nbytes) for each in cached_models()] == [
        ("org/half", False, 1000)
    ]


def with_length(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff" * 8,
        with_length(b"no json!!"),
        with_length(b"[1]"),
        with_length(b'{"a": 1}'),
        with_length(b'{"a": {"shape": [2], "data_offsets": []}}'),
        with_length(b'{"a": {"shape": 2, "data_offsets": [0, 8]}}'),
        with_length(b"[" * 100_000),
    ],
)
def test_damaged_weights_are_listed_without_a_size(cache: Path, header: bytes) -> None:
    folder = put(cache, "org/tiny") / "snapshots" / "abc"
    (folder / "model.safetensors").write_bytes(header)
    (found,) = cached_models()
    assert found.parameters is None


def test_a_folder_that_is_deleted_meanwhile_is_left_out(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The hub's client makes such a folder when a download begins, and deletes it at once.
    folder = put(cache, "org/tiny")
    (probe := folder / "tmp_probe").mkdir()
    scan = os.scandir

    def scan_later(path: str | Path) -> Any:
        if Path(path) == probe:
            probe.rmdir()
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_later)
    (found,) = cached_models()
    assert not probe.exists()
    assert found.is_complete


def test_models_are_read_while_others_make_and_delete_their_files(cache: Path) -> None:
    blobs = put(cache, "org/tiny") / "blobs"
    ended = Event()

    def move_about() -> None:
        while not ended.is_set():
            (blobs / "tmp" / "deeper").mkdir(parents=True)
            (cache / "models--org--new" / "snapshots" / "abc").mkdir(parents=True)
            (blobs / "tmp" / "deeper" / "file").touch()
            shutil.rmtree(blobs / "tmp")
            shutil.rmtree(cache / "models--org--new")

    mover = Thread(target=move_about)
    mover.start()
    try:
        for _ in range(200):
            found = {each.model: each for each in [*cached_models(), find_on_disk("org/new")] if each}
            assert found["org/tiny"].is_complete
    finally:
        ended.set()
        mover.join()


@pytest.mark.parametrize(
    "name",
    ["~nobody-of-that-name/model", "a" * 5000, "a\0b", "org/" + "a" * 300, "models--", "/proc/1/root/x/y"],
)
def test_a_name_that_no_model_can_have_is_not_found(cache: Path, name: str) -> None:
    assert find_on_disk(name) is None
    assert absolute_folder(name) == name


@pytest.mark.parametrize("reference", [b"", b"\xff\xfe", b"no-such-snapshot", b"a" * 5000, b"a\0b"])
def test_a_damaged_reference_leaves_the_model_in_the_list(cache: Path, reference: bytes) -> None:
    (put(cache, "org/tiny") / "refs" / "main").write_bytes(reference)
    (found,) = cached_models()
    assert (found.model, found.nbytes > 0) == ("org/tiny", True)


@pytest.mark.parametrize("index", [b"{}", b"no json", b"[" * 100_000, b'{"weight_map": {"a": "../x"}}'])
def test_a_damaged_index_leaves_the_model_in_the_list(cache: Path, index: bytes) -> None:
    folder = put(cache, "org/tiny") / "snapshots" / "abc"
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_bytes(index)
    assert [(each.model, each.is_complete) for each in cached_models()] == [("org/tiny", False)]


def test_a_cache_that_is_no_folder_holds_no_models(cache: Path) -> None:
    cache.rmdir()
    assert cached_models() == []
    cache.touch()
    assert cached_models() == []
    assert find_on_disk("org/tiny") is None


def test_a_model_is_deleted_and_nothing_else(cache: Path, tmp_path: Path) -> None:
    put(cache, "org/tiny")
    other = put(cache, "org/other")
    assert delete_model("org/tiny") > 0
    assert [each.model for each in cached_models()] == ["org/other"]
    mine = make_tiny_model(tmp_path / "mine")
    for name in (str(mine), "..", "../cache", "org/../other", "", "org/tiny"):
        with pytest.raises(FileNotFoundError):
            delete_model(name)
    assert mine.is_dir()
    assert other.is_dir()


@pytest.mark.parametrize(
    ("free", "device", "expected"),
    [
        (40 * GIB, "cuda", "fits"),
        (16 * GIB, "cuda", "tight"),
        (12 * GIB, "cuda", "does_not_fit"),
        (40 * GIB, "cpu", "fits"),
        (20 * GIB, "cpu", "tight"),  # in float32 it would take more
        (None, "cuda", None),
    ],
)
def test_whether_seven_billion_parameters_fit(free: int | None, device: str, expected: str | None) -> None:
    assert fit(14 * 10**9, 7 * 10**9, Memory(device, free, None)) == expected


def test_fewer_bits_take_less() -> None:
    sizes = [memory_needed(14 * 10**9, each) for each in ("none", "8bit", "4bit")]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_the_server_need_not_import_torch() -> None:
    code = "import sys, json, jupyter_stream_chat.engine.disk; print(json.dumps('torch' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) is False
