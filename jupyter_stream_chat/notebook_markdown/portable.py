r"""Markdown as every reader of notebooks shows it: what models write, in the words that all readers have.

Models write ``\( \)`` and ``\[ \]``, which JupyterLab, nbconvert and VS Code take for brackets, and prices,
which they take for formulas; headings without a space, lines that are to stay lines, words in angle
brackets. Owns the rewriting of the saved output; the panel reads the original (``src/markdown/`` has the same
rules). One pass over fences, one over paragraphs, linear in the text. Rewritten again, a text stays as it is.
"""

from __future__ import annotations

import re
from itertools import pairwise

from .addresses import ADDRESS, in_brackets
from .fences import Fence, opening
from .modest_tex import is_modest
from .signs import show_controls
from .tables import rewrite_tables
from .text import break_lines, rewrite_words

_PARAGRAPH = re.compile(r"\n[ \t>]*\n")
_CODE = r"(?P<code>(?<!`)(?P<run>`{1,99})(?!`)(?:(?!\n[ \t>]*\n)[\s\S])*?(?<!`)(?P=run)(?!`))"
_INLINE = r"\\\((?P<inline>(?:[^\\`]|\\[^()\[\]])*?)\\\)"
_DISPLAY = r"\\\[(?P<display>(?:[^\\`]|\\[^\[\]])*?)\\\]"
_DOUBLE = r"\$\$(?P<double>(?:[^$\\`]|\\.)+?)\$\$"
_SINGLE = (
    r"(?<![A-Za-z0-9\\$])\$(?P<single>(?:[^\s$\\`]|\\.)(?:(?:[^$\\`]|\\.)*?(?:[^\s$\\`]|\\.))?)\$(?![\d$])"
)
_ENVIRONMENT = r"(?P<environment>\\begin\{(?P<name>[A-Za-z]+\*?)\}[^`]{0,20000}?\\end\{(?P=name)\})"
_PATH = r"(?<![A-Za-z])(?P<path>[A-Za-z]:(?:\\[\w.$%~-]+)+(?:\\(?!\\))?)"
_SIGN = re.compile(
    "|".join(
        [_CODE, ADDRESS, _ENVIRONMENT, _INLINE, _DISPLAY, _DOUBLE, _SINGLE, _PATH, r"\\[\s\S]", r"\$_?"]
    ),
    re.DOTALL,
)
_QUOTE = re.compile(r"\n[ \t]*(?:>[ \t]?)+")
_BLOCK = re.compile(r"\n[ \t>]*(?:[-+*][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|\|)")
_WITH_BLANK = re.compile(
    r"^(?P<before>[ \t>]*)(?P<open>\$\$|\\\[)[ \t]*(?P<body>\n[^`]{1,3000}?)\n[ \t>]*(?:\$\$|\\\])",
    re.MULTILINE,
)

_DISPLAYS = frozenset(["equation", "align", "alignat", "gather", "multline", "eqnarray"])
"""Environments that stand by themselves; readers other than JupyterLab want dollar signs around them."""

_FORMULAS = ("inline", "display", "double", "single", "environment")

_TEX_SIGN = re.compile(r"[\\^_={}]")
_TEXT_IN_TEX = re.compile(r"\\\$|\\(?:text|mbox)\w*\{[^{}]*\}")
_REGULAR_EXPRESSION = re.compile(r"\\[dwDWsbB](?![a-zA-Z])")
_NEXT_VARIABLE = re.compile(r"[=:/,;(\[{'|&+~\-\u2013\u2014]$")
_TYPED_VARIABLE = re.compile(r"[({](?:[A-Za-z]{2,}|_)\w*[)}:]|(?:[A-Za-z]{2,}|_)\w*:")
_VARIABLE = re.compile(r"[({]?(?:[A-Za-z]{2}|_)")
_PROSE = re.compile(
    r"[A-Za-z]{2,}\s+[A-Za-z]{2,}|[\u3001\u3002\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff0c]"
    r"|^\d[\d.,]*[KMBkmb]?(?:[\s/-]+[A-Za-z]{2,}|[,;)](?!\d)|\*\*)"
)
_SENTENCE = re.compile(r"[A-Za-z]{3,}[,;]?\s+[A-Za-z]{3,}")
_LONGEST = 100_000
"""Characters of a paragraph. A longer one is saved as it is: an answer is not made of such."""


def portable(text: str) -> str:
    """Return Markdown that looks the same wherever a notebook is opened."""
    parts: list[str] = []
    outside: list[str] = []
    fence: Fence | None = None
    lines = show_controls(text).splitlines(keepends=True)
    for line, following in pairwise([*lines, ""]):
        if fence is not None:
            if fence.add(line, following):
                parts.append(fence.text())
                fence = None
        elif (fence := opening(line)) is not None:
            parts.append(_rewrite("".join(outside)))
            outside = []
        else:
            outside.append(line)
    return "".join([*parts, _rewrite("".join(outside)), fence.text() if fence else ""])


def _rewrite(text: str) -> str:
    """Rewrite what stands between fenced code, paragraph by paragraph: no formula goes beyond one."""
    text = _WITH_BLANK.sub(_without_blank, text)
    parts, position = [], 0
    for match in [*_PARAGRAPH.finditer(text), None]:
        end = match.start() if match else len(text)
        paragraph = text[position:end]
        if len(paragraph) <= _LONGEST and not paragraph.startswith(("    ", "\t")):
            paragraph = _rewrite_paragraph(paragraph)
        parts.append(paragraph)
        if match:
            parts.append(match[0])
            position = match.end()
    return "".join(parts)


def _rewrite_paragraph(text: str) -> str:
    """Rewrite the formulas, and the words between formulas, code and addresses."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(_replace(match))
        return f"\ufdd0{chr(0xE000 + len(kept) - 1)}"

    marks = sum(text.count(mark) for mark in ("$", "\\", "`", "://"))
    if marks > _MOST_KEPT:
        return _SIGN.sub(_replace, text)
    words = rewrite_words(_SIGN.sub(keep, text.replace("\ufdd0", "\ufffd")))
    whole = re.sub("\ufdd0([\ue000-\uf8ff])", lambda match: kept[ord(match[1]) - 0xE000], words)
    return break_lines(rewrite_tables(whole))


_MOST_KEPT = 6400
"""Formulas, code and addresses of a paragraph: as many as there are private characters to stand for them."""


def _without_blank(match: re.Match[str]) -> str:
    """Return a display formula with empty lines in it on one line."""
    body = match["body"]
    pieces = re.split(r"\n[ \t>]*(?=\n)", body)
    is_formula = len(pieces) > 1 and all(
        _TEX_SIGN.search(piece) and not _is_sentence(piece) for piece in pieces
    )
    return f"{match['before']}$${_tex(body)}$$" if is_formula else match[0]


def _replace(match: re.Match[str]) -> str:
    formula = next(filter(None, map(match.group, _FORMULAS)), None)
    if formula is not None and not is_modest(formula):
        return f"`{' '.join(match[0].split())}`"
    if (body := match["inline"]) is not None:
        return match[0] if _REGULAR_EXPRESSION.search(body) or not body.strip() else f"${_tex(body)}$"
    if (body := match["environment"]) is not None:
        is_display = match["name"].rstrip("*") in _DISPLAYS and "$" not in body
        return f"$${_tex(body)}$$" if is_display else body
    if (body := match["display"]) is not None:
        return _display(match, body)
    if (body := match["single"]) is not None:
        following = match.string[match.end() : match.end() + 1]
        is_text = _BLOCK.search(body) or _is_text(body, following)
        return match[0].replace("$", r"\$") if is_text else match[0]
    if match["address"] is not None:
        return in_brackets(match)
    if match["path"] is not None:
        return _path(match["path"])
    return {"$": r"\$", "$_": r"\$\_"}.get(match[0], match[0])


def _path(path: str) -> str:
    """Return a path of Windows in which no backslash escapes the sign behind it."""
    return re.sub(r"[$~]", r"\\\g<0>", re.sub(r"\\(?=[^\w\s]|$)", r"\\\\", path))


def _display(match: re.Match[str], body: str) -> str:
    r"""Return a display formula; ``\[1\]`` in a line of text stays a pair of brackets."""
    is_formula = _TEX_SIGN.search(body) or (body[:1].isspace() and body[-1:].isspace())
    return f"$${_tex(body)}$$" if is_formula and body.strip() else match[0]


def _tex(body: str) -> str:
    """Return a formula on one line: no line of it can be taken for a list or a quote."""
    return " ".join(_QUOTE.sub("\n", body).split())


def _is_text(body: str, following: str) -> bool:
    """Return whether what stands between two dollar signs is a price, a variable or prose."""
    if _NEXT_VARIABLE.search(body) and re.match(r"[A-Za-z_({@?]", following):
        return True
    if re.fullmatch(r"[({][^\\^]*[)}]", body) and re.match(r"[({]", following):
        return True
    is_plain = not re.search(r"[\\^=]", body)
    if is_plain and re.match(r"[({\w]", following) and _VARIABLE.match(body):
        return True
    if is_plain and _TYPED_VARIABLE.match(body):
        return True
    if re.search(r'[A-Za-z]\(\)|"', _TEXT_IN_TEX.sub("", body)):
        return True
    return _is_sentence(body) if _TEX_SIGN.search(body) else _PROSE.search(body) is not None


def _is_sentence(tex: str) -> bool:
    """Return whether words stand in a formula as they do in a sentence."""
    bare = re.sub(r"\\[A-Za-z]+(?:\{[A-Za-z*]+\})?", "", _TEXT_IN_TEX.sub("", tex))
    return _SENTENCE.search(bare) is not None
