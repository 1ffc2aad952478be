"""The drawing of the imports in ARCHITECTURE.md is of the code as it is."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_drawing_is_current() -> None:
    drawing = runpy.run_path(str(ROOT / "docs" / "draw_imports.py"))
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert drawing["drawn"](text) == text, "run `make drawing` and commit ARCHITECTURE.md"
