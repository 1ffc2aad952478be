"""Fenced code in Markdown that is saved: a document that holds fences gets longer marks than theirs.

Models close the fences in a document with the marks of the document's own fence; other readers end it there.
``src/markdown/fenceline.ts`` has the same rules. Owns the lines of one fence.
"""

from __future__ import annotations

import re

_OPENING = re.compile(
    r"(?P<before>[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*)(?P<marks>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)",
    re.DOTALL,
)
_DOCUMENT = re.compile(r"(?:markdown|md|mdx|rmd|qmd)\b", re.IGNORECASE)
_BLANK = re.compile(r"[ \t>]*\r?\n?$")
_MARKS = re.compile(r"^[ \t>]*(`{3,}|~{3,})", re.MULTILINE)


class Fence:
    """The lines of a fence, to be added until it is closed."""

    def __init__(self, before: str, marks: str, info: str) -> None:
        """Begin with the line ``before + marks + info``."""
        self._before, self._marks, self._info = before, marks, info
        self._lines: list[str] = []
        self._inner = 0
        self._after_blank = False
        self._last = ""
        self._closing = re.compile(rf"[ \t>]*{marks}{marks[0]}*[ \t]*\r?\n?$")
        self._inner_opening = (
            re.compile(rf"[ \t>]*{marks}[ \t]*[A-Za-z][^`\n]*\r?\n?$")
            if _DOCUMENT.match(info.strip())
            else None
        )

    def add(self, line: str, following: str) -> bool:
        """Add a line; return whether it closes the fence. ``following``: the line after it, or ''."""
        if self._closes(line, following):
            self._last = line
            return True
        self._lines.append(line)
        return False

    def text(self) -> str:
        """Return all lines, closed or not."""
        body, marks = "".join(self._lines), self._marks
        longest = max((len(inner) for inner in _MARKS.findall(body) if inner[0] == marks[0]), default=0)
        longer = marks[0] * (longest + 1)
        if self._inner_opening is None or longest < len(marks):
            longer = marks
        return f"{self._before}{longer}{self._info}{body}{self._last.replace(marks, longer, 1)}"

    def _closes(self, line: str, following: str) -> bool:
        is_closing = self._closing.match(line) is not None
        if self._inner_opening is None:
            return is_closing
        opens = self._inner_opening.match(line) or (
            is_closing and self._inner == 0 and self._after_blank and not _BLANK.match(following)
        )
        self._after_blank = _BLANK.match(line) is not None
        if opens:
            self._inner += 1
        elif is_closing and self._inner > 0:
            self._inner -= 1
        else:
            return is_closing
        return False


def opening(line: str) -> Fence | None:
    """Return the fence that a line opens, in whatever list or quote; None if it opens none."""
    match = _OPENING.match(line)
    return Fence(match["before"], match["marks"], match["info"]) if match else None
