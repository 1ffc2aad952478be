"""Words of Markdown that is saved: as models mean them, and so that every reader shows them.

Owns what stands between formulas, code and addresses in one paragraph: headings without a space, lines that
stay lines, footnotes, tildes, asterisks and angle brackets that are signs, emphasis beside CJK punctuation.
"""

from __future__ import annotations

import re
import unicodedata

_TIGHT_HEADING = re.compile(r"^( {0,3}#{2,6})(?=[^\s#])", re.MULTILINE)
_HASHTAG = re.compile(r"^([ \t>]*)(#)(?=[^\s#])", re.MULTILINE)
_ALERT = re.compile(
    r"^(?P<before>[ \t]*>[ \t>]*)\[!(?P<name>note|tip|important|warning|caution)\][+-]?"
    r"[ \t]*(?P<title>[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"(?<!\\)(?P<start>^ {0,3})?\[\^(?:(?P<number>\d{1,3})\^?|(?P<name>[A-Za-z]{4,}[\w-]*|(?:fn|ref)\w*))\]"
    r"(?(start):?|(?![(:]))",
    re.MULTILINE,
)
_OPERATOR = re.compile(r"(?<=[A-Za-z0-9)\]])(?:\*(?=[A-Za-z0-9(\[])|\*\*(?=\d))")
_NAME = re.compile(
    r"(?<![\w\\])__(?=[A-Za-z]\w*__(?!\w))(?:(?!__)\w)+__"
    r"|(?<![\w*\\])\*{1,2}(?=(?:k?w?args|\.\w+)(?![\w*]))"
    r"|(?<=[\^<>@;=~-])_(?=[\^<>@;=~-])|(?<=\))_(?=/)"
    r"|(?<=\()\*{1,3}(?=\))|(?<=/)\*{1,2}(?=/)|(?<![\w*\\])\*\*(?=/\*)",
    re.ASCII,
)
_ADJACENT = re.compile(r"(?<!\*)\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*(?=\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*)")
_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_TAG = re.compile(r"(?<!\\)<(?P<slash>/?)(?P<name>[A-Za-z][\w:.-]*)(?:(?P<attributes>[^<>\n]*)>)?")
_DECLARATION = re.compile(r"(?<!\\)<(?=\?|!(?!--))")
_MAIL = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
_ATTRIBUTES = re.compile(
    r"""(?:\s+[\w:@.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)|\s+(?:open|checked))*\s*/?"""
)
_EMPHASIS = re.compile(r"(?<![*\\])(?P<marks>\*{1,3})(?=[^\s*])(?P<body>[^*\n]*[^\s*\\])(?P=marks)(?!\*)")
_ELEMENTS = {1: ("<em>", "</em>"), 2: ("<strong>", "</strong>"), 3: ("<strong><em>", "</em></strong>")}
_ELEMENT = re.compile(
    r"a|abbr|b|blockquote|br|center|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|"
    r"samp|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|var"
)
_HOLDING = frozenset(
    ["blockquote", "center", "div", "dl", "li", "ol", "p", "pre", "table", "td", "th", "tr", "ul"]
)
_SENTENCE = re.compile(
    r"[ \t]+[-\u2013\u2014\w`]|[ \t]*[,.;:!?)\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f]"
)
_WORD = re.compile(r"[,.;:!?)](?=\s)|[\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f](?!<)")
_EMPTY = frozenset(["br", "hr", "img"])
_NO_TEXT = re.compile(
    r"[ \t>]*(?:$|#|\||\$\$|<|[-+*][ \t]|\d{1,9}[.)][ \t]|\[\^?[^\]]*\]:|(?:[-*_=][ \t]*){2,}$|[^|]*\|)"
)
_BLOCK = re.compile(r"[ \t>]*(?:#|\||\$\$|<|\[\^?[^\]]*\]:|(?:[-*_=][ \t]*){2,}$|[^|]*\|)")


def rewrite_words(text: str) -> str:
    """Return the words of a paragraph in the form that every reader of Markdown shows alike."""
    text = _TIGHT_HEADING.sub(r"\1 ", text)
    text = _HASHTAG.sub(r"\1\\\2", text)
    text = _ALERT.sub(_alert, text)
    text = _TILDE.sub(r"\\~", text)
    text = _FOOTNOTE.sub(_footnote, text)
    text = _NAME.sub(lambda match: match[0].replace("_", r"\_").replace("*", r"\*"), text)
    text = _OPERATOR.sub(lambda match: match[0].replace("*", r"\*"), text)
    text = _ADJACENT.sub(r"<strong>\1</strong>", text)
    text = _EMPHASIS.sub(_emphasis, text)
    return _escape_words(_DECLARATION.sub(r"\\<", text))


def _escape_words(text: str) -> str:
    """Escape the angle brackets of words that are no HTML: a reader must see them."""
    matches = list(_TAG.finditer(text))
    closed = {match["name"].lower() for match in matches if match["slash"]}
    opened: set[str] = set()

    def escape(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if match["attributes"] is None:
            return "\\" + match[0]
        if _MAIL.fullmatch(match["attributes"]):
            return match[0]
        is_element = _ELEMENT.fullmatch(name) and not re.match(r"[A-Z][a-z]", match["name"])
        is_tag = is_element and _ATTRIBUTES.fullmatch(match["attributes"])
        is_bare = match["attributes"].strip(" /") == ""
        # An element may begin in one paragraph and end in another: those that hold blocks do.
        is_whole = name in _EMPTY or not is_bare or name in (opened if match["slash"] else closed)
        stands_alone = not match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()].strip(
            " >"
        )
        is_word = not match["slash"] and (
            (
                name in _HOLDING
                and _SENTENCE.match(match.string, match.end())
                and (is_bare or name not in closed)
            )
            or (is_bare and name not in _EMPTY and _WORD.match(match.string, match.end()))
            or (is_bare and name == "img")
        )
        if is_tag and (is_whole or stands_alone) and not (is_word and not stands_alone):
            opened.add(name)
            return match[0]
        # Behind an address a backslash would become a part of it.
        is_kept = match.string[max(0, match.start() - 2) : match.start()][:1] == "\ufdd0"
        return "&lt;" + match[0][1:] if is_kept else "\\" + match[0]

    return _TAG.sub(escape, text) if matches else text


def _emphasis(match: re.Match[str]) -> str:
    """Mark emphasis by an element where CommonMark sees no mark: beside punctuation without a space."""
    body, text = match["body"], match.string
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    opens = not _is_punctuation(body[0]) or _is_boundary(before)
    closes = not _is_punctuation(body[-1]) or _is_boundary(after)
    begin, end = _ELEMENTS[len(match["marks"])]
    return match[0] if opens and closes else f"{begin}{body}{end}"


def _alert(match: re.Match[str]) -> str:
    """Return the first line of a note as a line in bold: not every reader draws notes."""
    name = match["title"].strip() or match["name"].capitalize()
    return f"{match['before']}**{name}**"


def _footnote(match: re.Match[str]) -> str:
    """Return the sign of a footnote as a raised number: few readers have footnotes."""
    return f"{match['start'] or ''}<sup>\\[{match['number'] or match['name']}\\]</sup>"


def _is_boundary(character: str) -> bool:
    return character.isspace() or _is_punctuation(character)


def _is_punctuation(character: str) -> bool:
    # Formulas and code begin and end with punctuation; what stands for them is no character.
    return unicodedata.category(character) in ("Cn", "Co") or unicodedata.category(character)[0] in "PS"


def break_lines(text: str) -> str:
    """End lines with two spaces where another line of the same text follows: models mean lines as lines."""
    lines = text.split("\n")
    for index, following in enumerate(lines[1:]):
        line = lines[index]
        is_text = line.strip(" >\t") and not _BLOCK.match(line) and not _NO_TEXT.match(following)
        if is_text and not line.endswith(("  ", "\\", "\r")):
            lines[index] = line.rstrip() + "  "
    return "\n".join(lines)
