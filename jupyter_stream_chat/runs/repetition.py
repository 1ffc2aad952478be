"""Answers that go round in circles: the same words, lines or paragraphs again and again, to the text's end.

Pure. Precision comes first: a pattern must have come so often, and be so long in all, that a person would not
write it; code, tables and patterns without words (numbers, rules, base64, drawings) must be longer by far. A
look at the end of the text costs the same however long the text is, and there is one every few characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LONGEST_PERIOD: Final = 1500
"""Code points."""
_WINDOW: Final = 6 * LONGEST_PERIOD
_STRIDE: Final = 32
"""Code points between two looks."""
_PROBE: Final = 24
"""Code points at the end whose last occurrence tells the period."""
_LEAST_LENGTH: Final = 240
"""Of a repeated pattern of words; an ideograph counts twice."""
_WORDLESS_LENGTH: Final = 4000
_LONGEST_WORD: Final = 30
_STRUCTURED: Final = 4
"""So many times longer a pattern in code or in a table must be."""
_IDEOGRAPHS: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")
_WORDS: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|\\w+")
_MOST_WORDS: Final = 300
_WANTED: Final = re.compile(
    r"\b(\d+|ten|twelve|twenty|thirty|forty|fifty|sixty|eighty|ninety|hundred|thousand|many|several)\s*"
    r"(times|x\b(?!\s*\d)|×(?!\s*\d)|lines|rows|copies|mal\b|fois|veces|vezes|volte|раз)"
    r"|[\d一二三四五六七八九十百千万两几多]+\s*(次|遍|回|行|份|번|회)"
    r"|\brepeat(?!edly fail)|\bover and over|\bagain and again"
    r"|\b(identical|same|like|equal) (rows|lines|items|entries|sentence)"
    r"|\bwiederhol|\brépét|\brepite|\brepita|重复|反复|繰り返|반복"
)
"""Words of a question that asks for a repetition."""
_ROWS: Final = re.compile(
    r"\b(tables?|lists?|rows?|csv|checklist|tabelle|liste|tableau|tabla)\b|表|列表|清单|行"
)
_LIST_ITEM: Final = re.compile(r"(?m)^ {0,8}(?:[-*+•]|\d{1,4}[.)]) ")


@dataclass(frozen=True)
class Repeat:
    """A text that ends in a pattern, again and again."""

    pattern: str
    times: int


class Repetition:
    """Looks for a loop at the end of a text that grows."""

    def __init__(self) -> None:
        self._text = ""
        self._unseen = 0
        self._line = ""
        self._in_code = False

    def add(self, text: str) -> Repeat | None:
        """Take text; return the loop in which it ends, if it does."""
        self._text += text
        self._read_lines(text)
        self._unseen += len(text)
        if self._unseen < _STRIDE:
            return None
        self._unseen = 0
        if len(self._text) > 2 * _WINDOW:  # cut now and then: cutting at every token would cost the window
            self._text = self._text[-_WINDOW:]
        loop = find_repeat(self._text)
        return loop if loop and self._is_beyond_doubt(loop) else None

    def _read_lines(self, text: str) -> None:
        """Keep track of whether the end of the text is fenced code."""
        *ended, rest = text.split("\n")
        for line in ended:
            self._in_code ^= bool(_FENCE.match(self._line + line))
            self._line = ""
        self._line = (self._line + rest)[:_PROBE]

    def _is_beyond_doubt(self, loop: Repeat) -> bool:
        length = len(loop.pattern) * loop.times
        if not _has_words(loop.pattern):
            return length >= _WORDLESS_LENGTH
        factor = _STRUCTURED if self._in_code or "|" in loop.pattern else 1
        length += len(_IDEOGRAPHS.findall(loop.pattern)) * loop.times
        return length >= _LEAST_LENGTH * factor and loop.times >= _least_times(len(loop.pattern)) * factor


def is_asked_for(question: str, loop: Repeat) -> bool:
    """Tell whether a repetition may be what the question wants: it says so, or holds what is repeated."""
    if _WANTED.search(question.casefold()):
        return True
    if _ROWS.search(question.casefold()) and ("|" in loop.pattern or _LIST_ITEM.search(loop.pattern)):
        return True
    words = _WORDS.findall(loop.pattern.casefold())
    asked = f" {' '.join(_WORDS.findall(question.casefold()))} "
    if not words or len(words) > _MOST_WORDS:
        return False
    # A pattern is found with its beginning anywhere.
    return any(f" {' '.join(words[at:] + words[:at])} " in asked for at in range(len(words)))


def find_repeat(text: str) -> Repeat | None:
    """Return the shortest pattern that the end of a text repeats, at least twice."""
    start = max(0, len(text) - _WINDOW)
    probe = text[-_PROBE:]
    at = text.rfind(probe, start, len(text) - 1)
    period = len(text) - len(probe) - at
    if at < 0 or period > LONGEST_PERIOD:
        return None
    pattern = text[-period:]
    times = 1
    while text.endswith(pattern, start, len(text) - times * period):
        times += 1
    return Repeat(pattern, times) if times > 1 else None


def _least_times(period: int) -> int:
    if period < 40:
        return 8
    return 6 if period < 200 else 4


def _has_words(pattern: str) -> bool:
    """Tell words from numbers, rules, drawings and unbroken strings such as base64."""
    if _IDEOGRAPHS.search(pattern):
        return True
    inner = (pattern * 2).split()[1:-1]  # what a pattern begins and ends with may be the halves of one string
    return any(_is_word(each) for each in inner)


def _is_word(text: str) -> bool:
    letters = {character for character in text if character.isalpha()}
    return len(letters) > 1 and len(text) <= _LONGEST_WORD
