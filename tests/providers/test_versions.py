"""The lowest and the newest langchain-openai that are supported, each in an environment of its own.

Installs from the package registry, so it is run by ``make stress`` alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SUPPORTED = next(each for each in PROJECT["dependencies"] if each.startswith("langchain-openai"))
LOWEST = SUPPORTED.partition(">=")[2].partition(",")[0]
OTHERS = ("langchain-core", "pydantic", "filelock")
TOOLS = ("aiohttp", "jupyter_core", "pytest>=8", "pytest-asyncio", "pytest-timeout", "traitlets")
TESTS = (
    "tests/providers/test_hosted.py",
    "tests/providers/test_failures.py",
    "tests/providers/test_refusals.py",
    "tests/runs/test_negotiation.py",
)
"""What looks into LangChain and the SDK, or depends on how they fail."""


@pytest.mark.stress
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("version", [f"langchain-openai=={LOWEST}.0", SUPPORTED], ids=["lowest", "newest"])
def test_a_supported_version_of_langchain_openai(tmp_path: Path, version: str) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    ours = [each for each in PROJECT["dependencies"] if each.startswith(OTHERS)]
    subprocess.run([python, "-m", "pip", "install", "--quiet", version, *ours, *TOOLS], check=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIP_CONSTRAINT": ""}
    run = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
