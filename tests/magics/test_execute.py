"""``%chat`` where nobody watches: ``nbconvert --execute``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .servers import PATIENCE, Jupyter


def execute(server: Jupyter, folder: Path, *cells: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Execute a notebook of these cells into ``out.ipynb``."""
    notebook = {
        "cells": [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell}
            for cell in ("%load_ext jupyter_stream_chat", *cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    (folder / "in.ipynb").write_text(json.dumps(notebook))
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "in.ipynb",
        "--output",
        "out",
    ]
    return subprocess.run(
        command,
        cwd=folder,
        env=server.environ | environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def outputs(folder: Path, cell: int) -> list[dict[str, Any]]:
    """Return the outputs of a cell of the executed notebook."""
    found: list[dict[str, Any]] = json.loads((folder / "out.ipynb").read_text())["cells"][cell]["outputs"]
    return found


def test_the_executed_notebook_has_one_plain_output(server: Jupyter, tmp_path: Path) -> None:
    ran = execute(server, tmp_path, "%chat tokens=800 rate=2000", "%chat -v a -q tokens=2", "print(a)")
    assert ran.returncode == 0, ran.stderr
    shown = [output for output in outputs(tmp_path, 1) if output["output_type"] == "display_data"]
    (output,) = shown
    assert set(output["data"]) == {"text/markdown", "text/plain"}
    assert "".join(output["data"]["text/markdown"]).endswith("t799 ")
    assert outputs(tmp_path, 2) == []
    assert server.token not in (tmp_path / "out.ipynb").read_text()


def test_an_explicit_server_is_used(server: Jupyter, tmp_path: Path) -> None:
    explicit = {
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "empty"),
        "JUPYTER_STREAM_CHAT_URL": server.url,
        "JUPYTER_STREAM_CHAT_TOKEN": server.token,
    }
    ran = execute(server, tmp_path, "%chat tokens=2", "%chat status", **explicit)
    assert ran.returncode == 0, ran.stderr
    assert "JUPYTER_STREAM_CHAT_URL" in "".join(outputs(tmp_path, 2)[0]["text"])
    assert server.token not in (tmp_path / "out.ipynb").read_text()


def test_a_failure_fails_the_execution_with_its_reason(server: Jupyter, tmp_path: Path) -> None:
    ran = execute(server, tmp_path, "%chat -p nobody hello")
    assert ran.returncode != 0
    assert "There is no profile nobody. Choose another profile." in ran.stderr
