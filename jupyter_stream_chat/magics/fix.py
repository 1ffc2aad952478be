"""``%chat fix``: the last error as a question. IPython keeps the error; its hooks stay as they are.

Owns what the question carries: the cell that failed, the cells that ran before it, the variables that it
names, and the traceback. JupyterLab offers the answer as a change of the cell: `fixes` tells which it is.
"""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from .attach import Attachment
from .errors import ChatError
from .values import VALUE_CHARACTERS, outline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_ASKED = (
    "Explain in one or two sentences why this Python code fails. "
    "Then give the whole corrected code in one fenced block."
)
EARLIER_CHARACTERS = 12_000
"""Of the cells that ran before; the newest are kept."""
VARIABLES = 20
_OWN = re.compile(r"%%?chat\b|^\s*%(load|reload)_ext\b", re.MULTILINE)
_NAME = re.compile(r"\b[^\W\d]\w*")
_EXECUTION = re.compile(r"In\s*\[(\d+)\]")


@dataclass(frozen=True)
class Failure:
    """The last error, as a question."""

    question: str
    attached: Sequence[Attachment]
    """What led to it. The question can be asked without."""
    cell: int | None
    """The number of the execution that failed; None where the error is not of a cell."""


def last_failure(shell: InteractiveShell) -> Failure:
    """Return the last error. Raises ChatError where there was none."""
    error = getattr(sys, "last_value", None)
    if not isinstance(error, BaseException) or isinstance(error, ChatError):
        raise ChatError("There is no error to fix.", "Run the cell that fails first.", code="usage")
    filename = _file_of(error)
    number = _execution(shell, filename)
    code = "".join(linecache.getlines(filename)).rstrip() if filename else ""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    parts = [_ASKED]
    if code:
        parts.append(f"The code:\n\n{_fenced(code, 'python')}")
    # The end says most: the error itself, and where it was raised.
    parts.append(f"The error:\n\n{_fenced(trace[-VALUE_CHARACTERS:].rstrip(), 'text')}")
    found = [
        Attachment("cells", "Inputs that ran before", _earlier(shell, number)),
        Attachment("variable", "Variables of the code", _variables(shell, code)),
    ]
    return Failure("\n\n".join(parts), [each for each in found if each.text], number)


def _file_of(error: BaseException) -> str:
    """Return the file of the cell that failed: of the innermost frame whose source is a cell; "" for none."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename if _is_cell(error.filename) else ""
    found, frame = "", error.__traceback__
    while isinstance(frame, TracebackType):
        name = frame.tb_frame.f_code.co_filename
        found = name if _is_cell(name) else found
        frame = frame.tb_next
    return found


def _is_cell(filename: str) -> bool:
    """Return whether a source is that of a cell: IPython keeps cells in linecache, without a time."""
    entry = linecache.cache.get(filename)
    return entry is not None and len(entry) == 4 and entry[1] is None


def _execution(shell: InteractiveShell, filename: str) -> int | None:
    label = shell.compile.format_code_name(filename) if filename else None
    found = _EXECUTION.search(label[1]) if label else None
    return int(found[1]) if found else None


def _earlier(shell: InteractiveShell, number: int | None) -> str:
    """Return the inputs before an execution, each once and without this magic, as far as there is room."""
    inputs = shell.history_manager.input_hist_raw if shell.history_manager is not None else []
    kept: list[str] = []
    room = EARLIER_CHARACTERS
    for text in reversed(inputs[:number] if number is not None else []):
        source = text.strip()
        if not source or source in kept or _OWN.search(source):
            continue
        room -= len(source)
        if room < 0:
            break
        kept.append(source)
    return "\n\n".join(reversed(kept))


def _variables(shell: InteractiveShell, code: str) -> str:
    """Return a line for each variable of the user that a code names."""
    lines: list[str] = []
    for name in dict.fromkeys(_NAME.findall(code)):
        value = shell.user_ns.get(name)
        is_users = name in shell.user_ns and shell.user_ns_hidden.get(name, shell) is not value
        if is_users and (said := outline(value)) and len(lines) < VARIABLES:
            lines.append(f"{name}: {said}")
    return "\n".join(lines)


def _fenced(text: str, language: str) -> str:
    """Return a text in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
