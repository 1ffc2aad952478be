"""The folder that ``make lab`` opens."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import nbformat
import pytest

MAKER = Path(__file__).parents[1] / "docs" / "make_demo.py"


def test_the_demo_has_a_table_a_plot_and_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("make_demo", MAKER)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    monkeypatch.setattr(maker, "FOLDER", tmp_path)
    maker.main()
    notebook = nbformat.read(tmp_path / maker.NOTEBOOK, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.output_type for output in outputs] == ["execute_result", "display_data", "error"]
    assert "text/html" in outputs[0].data
    assert "image/png" in outputs[1].data
    overrides = json.loads((tmp_path / ".settings" / "overrides.json").read_text())
    assert overrides == {"jupyter-stream-chat:plugin": {"openAtStart": True}}
    # What somebody has changed in it stays.
    notebook.cells.pop()
    nbformat.write(notebook, tmp_path / maker.NOTEBOOK)
    maker.main()
    assert len(nbformat.read(tmp_path / maker.NOTEBOOK, as_version=4).cells) == len(notebook.cells)
