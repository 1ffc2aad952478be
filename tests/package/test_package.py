"""What `make package` built: complete, nothing else in it, and installed without Node."""

from __future__ import annotations

import os
import subprocess
import tarfile
import venv
import zipfile
from pathlib import Path

DIST = Path(__file__).parents[2] / "dist"
PACKAGE = "jupyter_stream_chat"
NEEDED = (
    f"{PACKAGE}/__init__.py",
    f"{PACKAGE}/server/app.py",
    f"{PACKAGE}/guide/model/model.safetensors",
    f"{PACKAGE}/locale/zh_CN/LC_MESSAGES/{PACKAGE}.json",
    ".data/data/share/jupyter/labextensions/jupyter-stream-chat/package.json",
    ".data/data/share/jupyter/labextensions/jupyter-stream-chat/install.json",
    ".data/data/etc/jupyter/jupyter_server_config.d/jupyter_stream_chat.json",
)
FOREIGN = ("node_modules/", "ui-tests/", "tests/", "__pycache__/", ".venv", ".github/")


def wheel_names() -> list[str]:
    """Return the paths in the wheel."""
    (wheel,) = DIST.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def sdist_names() -> list[str]:
    """Return the paths in the source distribution, without its own folder."""
    (sdist,) = DIST.glob("*.tar.gz")
    return [name.split("/", 1)[1] for name in tarfile.open(sdist).getnames() if "/" in name]


def test_the_wheel_holds_the_server_the_panel_the_guide_and_the_translation() -> None:
    names = wheel_names()
    missing = [needed for needed in NEEDED if not any(name.endswith(needed) for name in names)]
    assert missing == []
    assert any("/static/remoteEntry" in name for name in names)


def test_neither_holds_anything_else() -> None:
    for names in (wheel_names(), sdist_names()):
        assert [name for name in names if any(part in name for part in FOREIGN)] == []


def test_the_source_distribution_installs_without_node(tmp_path: Path) -> None:
    """It carries the built panel, so that pip needs Python alone."""
    (sdist,) = DIST.glob("*.tar.gz")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    path = os.pathsep.join([str(python.parent), "/usr/bin", "/bin"])
    hidden = tmp_path / "bin"
    hidden.mkdir()
    for name in ("node", "npm", "jlpm"):
        (hidden / name).write_text("#!/bin/sh\nexit 127\n")
        (hidden / name).chmod(0o755)
    environment = {**os.environ, "PATH": os.pathsep.join([str(hidden), path])}
    command = [python, "-m", "pip", "install", "--quiet", "--no-deps", str(sdist)]
    subprocess.run(command, env=environment, check=True)
    installed = tmp_path / "venv/share/jupyter/labextensions/jupyter-stream-chat/package.json"
    assert installed.is_file()
