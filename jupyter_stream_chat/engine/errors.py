"""How the engine says what went wrong: one exception, and the faults that several parts may meet."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable


class EngineFailure(Exception):
    """A request cannot be answered: a stable code, one plain sentence and a hint."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        """``code`` is snake_case, for programs and tests."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Interrupted(Exception):
    """The request was cancelled while it waited for something other than the model."""


_OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|alloc_cpu|not enough memory", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out: torch says so by class on a GPU and only by its text on a CPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and _OUT_OF_MEMORY.search(str(error)) is not None


def out_of_memory(doing: str) -> EngineFailure:
    """Say that memory ran out while ``doing`` something."""
    return EngineFailure(
        "out_of_memory",
        f"The memory ran out while {doing}.",
        "Start a shorter chat, lower max_tokens, or choose a smaller model; memory has been released.",
    )


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return names for a sentence, the first few of them."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
