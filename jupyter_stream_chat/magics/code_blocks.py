"""Code in an answer: what goes into a new cell. Pure."""

from __future__ import annotations

import re

_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(.*?)(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)


def code_of(text: str) -> str:
    """Return the fenced code of an answer, blocks one below the other; "" where there is none."""
    return "\n\n".join(match[2].rstrip("\n") for match in _FENCE.finditer(text) if match[2].strip())


def bare_code_of(text: str) -> str:
    """Return the code of an answer that was asked for code alone: a model may leave the fence out."""
    return code_of(text) or text.strip()
