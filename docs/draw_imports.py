"""Draw who imports whom, as Mermaid graphs in ARCHITECTURE.md, from the code as it is.

``make drawing`` writes the graphs; ``tests/test_drawing.py`` fails when they are out of date. grimp reads
Python's imports, a regular expression those of TypeScript. An arrow means that a module of the first
package imports one of the second. Imports for type checkers alone are left out, and so are those of
``protocol``, which almost every package imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "ARCHITECTURE.md"
PACKAGE = "jupyter_stream_chat"
DIVIDED = ("server", "providers")
"""Packages that are drawn by their own packages."""
_GRAPHS = re.compile(r"(<!-- imports: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_IMPORT = re.compile(r"^(?:import|export)\s[^;]*?from '(\.[^']*)'", re.MULTILINE)
_TYPE_IMPORT = re.compile(r"^(?:import|export) type ")

Arrow = tuple[str, str]


def python_arrows() -> set[Arrow]:
    """Return the imports between the Python packages."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True)
    return set(
        _between(
            (_python_room(importer), _python_room(imported))
            for importer in graph.modules
            for imported in graph.find_modules_directly_imported_by(importer)
        )
    )


def typescript_arrows() -> set[Arrow]:
    """Return the imports between the folders of ``src``."""
    source = ROOT / "src"
    files = [
        file
        for pattern in ("*.ts", "*.tsx")
        for file in source.rglob(pattern)
        if "__tests__" not in file.parts
    ]
    return set(
        _between(
            (_folder(file.relative_to(source)), _folder(_target(file, imported).relative_to(source)))
            for file in files
            for imported in _imports(file.read_text(encoding="utf-8"))
        )
    )


def drawn(text: str) -> str:
    """Return the document with its graphs as the code is now."""
    arrows = {"python": python_arrows, "typescript": typescript_arrows}
    return _GRAPHS.sub(lambda match: match[1] + _mermaid(arrows[match[2]]()) + match[3], text)


def _python_room(module: str) -> str:
    parts = module.split(".")[1:]
    return "/".join(parts[: 2 if parts and parts[0] in DIVIDED else 1])


def _folder(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else "src"


def _target(file: Path, imported: str) -> Path:
    return (file.parent / imported).resolve()


def _imports(text: str) -> Iterator[str]:
    for match in _IMPORT.finditer(text):
        if not _TYPE_IMPORT.match(match[0]):
            yield match[1]


def _between(arrows: Iterable[Arrow]) -> Iterator[Arrow]:
    return ((one, other) for one, other in arrows if one and other and one != other and other != "protocol")


def _mermaid(arrows: set[Arrow]) -> str:
    lines = [f'  {_node(one)}["{one}"] --> {_node(other)}["{other}"]' for one, other in sorted(arrows)]
    return "\n".join(["```mermaid", "graph TD", *lines, "```", ""])


def _node(name: str) -> str:
    return re.sub(r"\W", "_", name)


if __name__ == "__main__":
    DOCUMENT.write_text(drawn(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
