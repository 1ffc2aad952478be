"""Formulas that may be typeset: MathJax's work can grow much faster than its input, and crash the page.

The panel has the same rules (``src/markdown/tex.ts``); here they hold for what is saved in a notebook, which
other pages typeset without asking.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 5000
_DEEPEST: Final = 16
_MOST_SWITCHES: Final = 32
_MOST_CELLS: Final = 2500
_DEFINES: Final = re.compile(
    r"\\(?:[exg]?def|let|futurelet|(?:re)?newcommand|providecommand|(?:re)?newenvironment|require|Declare[A-Za-z]+"
    r"|definecolor|newcolumntype|(?:new|renew|use)tagform|mathtoolsset|Newextarrow|setOptions)(?![a-zA-Z])"
)
_REPEATED_COLUMN: Final = re.compile(r"\*\s*\{\s*\d{3,}|(?:\*\s*\{[^{}]*\}\s*\{\s*){2}")
_SWITCH: Final = re.compile(
    r"\\(?:(?:display|text|script|scriptscript)style|[Tt]iny|scriptsize|small|normalsize|large|Large|LARGE|huge|Huge"
    r"|color)(?![a-zA-Z])"
)
_ROW_END: Final = re.compile(r"\\\\|\\cr(?![a-zA-Z])")
_GROUP: Final = re.compile(r"\\(?:begin|end|left|right)(?![a-zA-Z])|\\[\s\S]|[{}]")
_STEPS: Final = {"{": 1, r"\begin": 1, r"\left": 1, "}": -1, r"\end": -1, r"\right": -1}


def is_modest(tex: str) -> bool:
    """Return whether a formula is small enough to be typeset, and defines nothing for formulas elsewhere."""
    if len(tex) > _LONGEST or _DEFINES.search(tex) or _REPEATED_COLUMN.search(tex):
        return False
    rows = _ROW_END.split(tex)
    cells = len(rows) * max(row.count("&") + 1 for row in rows)
    if cells > _MOST_CELLS or len(_SWITCH.findall(tex)) > _MOST_SWITCHES:
        return False
    depth = 0
    for match in _GROUP.finditer(tex):
        depth += _STEPS.get(match[0], 0)
        if depth > _DEEPEST:
            return False
    return True
