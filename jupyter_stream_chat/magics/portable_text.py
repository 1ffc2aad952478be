"""Words of Markdown that is saved: as models mean them, and so that every reader shows them.

Owns what stands between formulas, code and addresses in one paragraph: headings without a space, lines that
stay lines, tildes and angle brackets that are signs, bold text beside CJK punctuation.
"""

from __future__ import annotations

import re
import unicodedata

_TIGHT_HEADING = re.compile(r"^( {0,3}#{2,6})(?=[^\s#])", re.MULTILINE)
_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_TAG = re.compile(r"(?<!\\)<(?P<slash>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<attributes>[^<>\n]*)>")
_ATTRIBUTES = re.compile(
    r"""(?:\s+[\w:@.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)|\s+(?:open|checked))*\s*/?"""
)
_BOLD = re.compile(r"(?<!\*)\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*(?!\*)")
_ELEMENT = re.compile(
    r"a|abbr|b|blockquote|br|center|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|"
    r"samp|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|var"
)
_EMPTY = frozenset(["br", "hr", "img"])
_NO_TEXT = re.compile(
    r"[ \t>]*(?:$|#|\||\$\$|<|[-+*][ \t]|\d{1,9}[.)][ \t]|\[\^?[^\]]*\]:|(?:[-*_=][ \t]*){2,}$|[^|]*\|)"
)
_BLOCK = re.compile(r"[ \t>]*(?:#|\||\$\$|<|\[\^?[^\]]*\]:|(?:[-*_=][ \t]*){2,}$|[^|]*\|)")


def rewrite_words(text: str) -> str:
    """Return the words of a paragraph in the form that every reader of Markdown shows alike."""
    text = _TIGHT_HEADING.sub(r"\1 ", text)
    text = _TILDE.sub(r"\\~", text)
    text = _BOLD.sub(_bold, text)
    return _escape_words(text)


def _escape_words(text: str) -> str:
    """Escape the angle brackets of words that are no HTML: a reader must see them."""
    matches = list(_TAG.finditer(text))
    closed = {match["name"].lower() for match in matches if match["slash"]}
    opened = {match["name"].lower() for match in matches if not match["slash"]}

    def escape(match: re.Match[str]) -> str:
        name = match["name"].lower()
        is_element = _ELEMENT.fullmatch(name) and not re.match(r"[A-Z][a-z]", match["name"])
        is_tag = is_element and _ATTRIBUTES.fullmatch(match["attributes"])
        is_bare = match["attributes"].strip(" /") == ""
        # An element may begin in one paragraph and end in another: those that hold blocks do.
        is_whole = name in _EMPTY or not is_bare or name in (opened if match["slash"] else closed)
        stands_alone = not match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()].strip(
            " >"
        )
        return match[0] if is_tag and (is_whole or stands_alone) else "\\" + match[0]

    return _TAG.sub(escape, text) if matches else text


def _bold(match: re.Match[str]) -> str:
    """Mark bold text by an element where CommonMark sees no mark: beside punctuation without a space."""
    body, text = match[1], match.string
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    opens = not _is_punctuation(body[0]) or _is_boundary(before)
    closes = not _is_punctuation(body[-1]) or _is_boundary(after)
    return match[0] if opens and closes else f"<strong>{body}</strong>"


def _is_boundary(character: str) -> bool:
    return character.isspace() or _is_punctuation(character)


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def break_lines(text: str) -> str:
    """End lines with two spaces where another line of the same text follows: models mean lines as lines."""
    lines = text.split("\n")
    for index, following in enumerate(lines[1:]):
        line = lines[index]
        is_text = line.strip(" >\t") and not _BLOCK.match(line) and not _NO_TEXT.match(following)
        if is_text and not line.endswith(("  ", "\\", "\r")):
            lines[index] = line.rstrip() + "  "
    return "\n".join(lines)
