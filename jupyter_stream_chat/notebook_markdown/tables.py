"""Tables in Markdown that is saved: rows that every reader reads alike.

Models leave cells out, and write pipes in code and formulas, where other readers end a cell; some take such a
table for no table at all. Owns the rows of the tables of one paragraph.
"""

from __future__ import annotations

import re

_DASHES = re.compile(
    r"[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\r?$"
)
_PIPE = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`+)(?!`)[^\n]*?[^`]\1(?!`)")
_FORMULA = re.compile(r"(?<![\\$])(\$\$?)(?![\s$])((?:[^$\\`]|\\.)+?)\1(?!\d)")
_MARKUP = re.compile(r"[|*_\\`<>&$~\[\]]")
_MATH_PIPE = re.compile(r"\\\||(?<!\\)\|")


def rewrite_tables(text: str) -> str:
    """Return a paragraph with the rows of its tables made as long as their heads."""
    if "|" not in text:
        return text
    lines = text.split("\n")
    columns = 0
    for index, line in enumerate(lines):
        if columns > 0 and "|" in line:
            lines[index] = _row(line, columns)
        elif index > 0 and "|" in lines[index - 1] and _DASHES.fullmatch(line):
            head = _without_pipes(lines[index - 1])
            lines[index - 1] = head
            columns = _cells(head) if _cells(head) == _cells(line) else 0
        else:
            columns = 0
    return "\n".join(lines)


def _row(line: str, columns: int) -> str:
    """Return a row with as many cells as there are columns."""
    formulas = _FORMULA.sub(_name_pipes, line)
    is_whole = _cells(formulas) == columns
    row = _CODE.sub(_as_element_if_escaped if is_whole else _as_element, formulas)
    missing = columns - _cells(row)
    end = len(row.rstrip())
    if missing > 0 and row[:end].endswith("|"):
        return row[:end] + " |" * missing + row[end:]
    return row if missing >= 0 else _shortened(row, columns)


def _shortened(row: str, columns: int) -> str:
    """Leave out the cells that no column is there for: no reader shows them."""
    pipes = [match.start() for match in _PIPE.finditer(row)]
    first = 0 if row.lstrip(" \t>").startswith("|") else -1
    return row[: pipes[first + columns] + 1]


def _without_pipes(line: str) -> str:
    return _CODE.sub(_as_element, _FORMULA.sub(_name_pipes, line))


def _cells(row: str) -> int:
    inner = re.sub(r"(?<!\\)\|\s*$", "", row.strip(" \t>\r").removeprefix("|"))
    return len(_PIPE.findall(inner)) + 1


def _as_element(match: re.Match[str]) -> str:
    """Return code with pipes as an element: a backslash before a pipe is shown by some readers."""
    marks = len(match[1])
    body = match[0][marks:-marks].replace(r"\|", "|")
    if "|" not in body:
        return match[0]
    return f"<code>{_MARKUP.sub(lambda sign: f'&#{ord(sign[0])};', body.strip())}</code>"


def _as_element_if_escaped(match: re.Match[str]) -> str:
    return match[0] if _PIPE.search(match[0]) else _as_element(match)


def _name_pipes(match: re.Match[str]) -> str:
    """Return a formula with the names of its bars."""
    return _MATH_PIPE.sub(lambda bar: r"\Vert{}" if bar[0] == r"\|" else r"\vert{}", match[0])
