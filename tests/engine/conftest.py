"""A tiny model on disk, and in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import LoadOptions
from jupyter_stream_chat.engine.model import LoadedModel
from tests.tiny_model import make_tiny_model


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Leave the other core to what is measured or waited for."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model that never ends by itself."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def load() -> Callable[[Path], LoadedModel]:
    """Return a function that loads a folder without a word."""
    return lambda folder: load_model(str(folder), LoadOptions(device="cpu"), lambda stage, fraction: None)


@pytest.fixture
def loaded(tiny_model: Path, load: Callable[[Path], LoadedModel]) -> LoadedModel:
    """Return the tiny model, freshly loaded: no prompt is kept yet."""
    return load(tiny_model)
