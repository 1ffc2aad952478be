r"""Markdown as every reader of notebooks shows it: formulas in dollar signs, other dollar signs escaped.

Models write ``\( \)`` and ``\[ \]``, which JupyterLab, nbconvert and VS Code take for brackets, and prices,
which they take for formulas. Owns the rewriting of the saved output; the panel reads the original
(``src/markdown/math.ts`` has the same rules). One pass, linear in the text.
"""

from __future__ import annotations

import re

from .signs import show_controls

_OPENING = re.compile(r"[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*(?P<marks>`{3,}(?=[^`]*$)|~{3,})")
_PARAGRAPH = re.compile(r"\n[ \t>]*\n")
_CODE = r"(?P<code>(?<!`)(?P<run>`{1,99})(?!`)(?:(?!\n[ \t>]*\n)[\s\S])*?(?<!`)(?P=run)(?!`))"
_INLINE = r"\\\((?P<inline>(?:[^\\`]|\\[^()])*?)\\\)"
_DISPLAY = r"\\\[(?P<display>(?:[^\\`]|\\[^\[\]])*?)\\\]"
_DOUBLE = r"\$\$(?P<double>(?:[^$\\`]|\\.)+?)\$\$"
_SINGLE = (
    r"(?<![A-Za-z0-9\\$])\$(?P<single>(?:[^\s$\\`]|\\.)(?:(?:[^$\\`]|\\.)*?(?:[^\s$\\`]|\\.))?)\$(?![\d$])"
)
_SIGN = re.compile("|".join([_CODE, _INLINE, _DISPLAY, _DOUBLE, _SINGLE, r"\\[\s\S]", r"\$"]))
_QUOTE = re.compile(r"\n[ \t]*(?:>[ \t]?)+")

_TEX_SIGN = re.compile(r"[\\^_={}]")
_REGULAR_EXPRESSION = re.compile(r"\\[dwDWsbB](?![a-zA-Z])")
_VARIABLE = re.compile(r"[({]?[A-Za-z_][A-Za-z_]+\w*[)}:/]")
_PROSE = re.compile(
    r"[A-Za-z]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|^\d[\s\S]*[A-Za-z]{2,}|^\d[\d.,]*[KMBkmb]?[,;)]"
)
_LONGEST = 100_000
"""Characters of a paragraph. A longer one is saved as it is: an answer is not made of such."""


def portable(text: str) -> str:
    """Return Markdown that looks the same wherever a notebook is opened."""
    parts: list[str] = []
    outside: list[str] = []
    closing: re.Pattern[str] | None = None
    for line in show_controls(text).splitlines(keepends=True):
        if closing is None and (opening := _OPENING.match(line)):
            parts.append(_rewrite("".join(outside)))
            outside = []
            closing = re.compile(rf"[ \t>]*{opening['marks']}{opening['marks'][0]}*\s*$")
            parts.append(line)
        elif closing is None:
            outside.append(line)
        else:
            parts.append(line)
            closing = None if closing.match(line) else closing
    return "".join([*parts, _rewrite("".join(outside))])


def _rewrite(text: str) -> str:
    """Rewrite what stands between fenced code, paragraph by paragraph: no formula goes beyond one."""
    parts, position = [], 0
    for match in [*_PARAGRAPH.finditer(text), None]:
        end = match.start() if match else len(text)
        paragraph = text[position:end]
        signed = "$" in paragraph or "\\" in paragraph
        if signed and len(paragraph) <= _LONGEST and not paragraph.startswith(("    ", "\t")):
            paragraph = _SIGN.sub(_replace, paragraph)
        parts.append(paragraph)
        if match:
            parts.append(match[0])
            position = match.end()
    return "".join(parts)


def _replace(match: re.Match[str]) -> str:
    if (body := match["inline"]) is not None:
        return match[0] if _REGULAR_EXPRESSION.search(body) or not body.strip() else f"${_tex(body)}$"
    if (body := match["display"]) is not None:
        return _display(match, body)
    if (body := match["single"]) is not None:
        following = match.string[match.end() : match.end() + 1]
        return rf"\${body}\$" if _is_text(body, following) else match[0]
    return r"\$" if match[0] == "$" else match[0]


def _display(match: re.Match[str], body: str) -> str:
    r"""Return a display formula; ``\[1\]`` in a line of text stays a pair of brackets."""
    is_formula = _TEX_SIGN.search(body) or (body[:1].isspace() and body[-1:].isspace())
    return f"$${_tex(body)}$$" if is_formula and body.strip() else match[0]


def _tex(body: str) -> str:
    """Return a formula on one line: no line of it can be taken for a list or a quote."""
    return " ".join(_QUOTE.sub("\n", body).split())


def _is_text(body: str, following: str) -> bool:
    """Return whether what stands between two dollar signs is a price, a variable or prose."""
    if not re.search(r"[\\^=]", body) and (
        _VARIABLE.match(body) or (re.match(r"[({\w]", following) and re.match(r"[({]?[A-Za-z_]{2,}", body))
    ):
        return True
    return _TEX_SIGN.search(body) is None and _PROSE.search(body) is not None
