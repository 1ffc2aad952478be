"""``%chat fix``: the last error as a question. IPython keeps the error; its hooks stay as they are."""

from __future__ import annotations

import linecache
import sys
import traceback
from types import TracebackType

from .errors import ChatError
from .values import VALUE_CHARACTERS

_ASKED = (
    "Explain in one or two sentences why this Python code fails. "
    "Then give the whole corrected code in one fenced block."
)


def fix_question() -> str:
    """Return the question about the last error. Raises ChatError where there was none."""
    error = getattr(sys, "last_value", None)
    if not isinstance(error, BaseException) or isinstance(error, ChatError):
        raise ChatError("There is no error to fix.", "Run the cell that fails first.", code="usage")
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    code = _code_of(error)
    parts = [_ASKED]
    if code:
        parts.append(f"The code:\n\n```python\n{code.rstrip()}\n```")
    # The end says most: the error itself, and where it was raised.
    parts.append(f"The error:\n\n```text\n{trace[-VALUE_CHARACTERS:].rstrip()}\n```")
    return "\n\n".join(parts)


def _code_of(error: BaseException) -> str:
    """Return the cell that failed: the innermost frame of the trace whose source is a cell."""
    if isinstance(error, SyntaxError) and error.filename:
        return _cell(error.filename)
    code, frame = "", error.__traceback__
    while isinstance(frame, TracebackType):
        code = _cell(frame.tb_frame.f_code.co_filename) or code
        frame = frame.tb_next
    return code


def _cell(filename: str) -> str:
    """Return the source of a cell; "" for a file. IPython keeps cells in linecache, without a time."""
    entry = linecache.cache.get(filename)
    return "".join(linecache.getlines(filename)) if entry and len(entry) == 4 and entry[1] is None else ""
