"""How people really type: politeness around a question, typos, missing words, odd punctuation.

Pure functions on strings; all randomness comes from the generator passed in.
"""

import random
import string

from .topics import expand, language_of

_MARKS = {
    "en": ("", "", "?", "?", ".", "!", "??", " ?", "..."),
    "zh": ("", "", "？", "？", "?", "。", "！", "？？", "吗？"),
}
_CLEAN_SHARE = 0.25
"""Questions that are typed as they are written here, but for the last mark."""
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def dirty(question: str, rng: random.Random) -> str:
    """Return the question as a hurried person might type it."""
    if rng.random() < _CLEAN_SHARE:
        return repunctuate(question, rng)
    language = language_of(question)
    gap = " " if language == "en" else ""
    if rng.random() < 0.2:
        question = expand(f"{{before_{language}}}", rng) + rng.choice((gap, ", " if gap else "，")) + question
    if rng.random() < 0.2:
        question += gap + expand(f"{{after_{language}}}", rng)
    question = _reword(question, gap, rng)
    if rng.random() < 0.25:
        question = _typo(question, rng) if gap else question.replace(" ", "")
    return repunctuate(question, rng)


def repunctuate(question: str, rng: random.Random) -> str:
    """End the question in some mark or none, and leave out apostrophes now and then."""
    if rng.random() < 0.3:
        question = question.replace("'", "")
    bare = question.rstrip("?!.？！。 ")
    return bare + rng.choice(_MARKS[language_of(bare)]) if bare else question


def _reword(question: str, gap: str, rng: random.Random) -> str:
    """Leave out some words (English) or characters (Chinese), and now and then slip in some that say nothing.

    Without this the model would learn whole sentences instead of the words that matter in them.
    """
    parts = question.split(gap) if gap else list(question)
    rate = rng.uniform(0, 0.2)
    if len(parts) > 3:
        parts = [part for part in parts if rng.random() >= rate] or parts
    if rng.random() < 0.2:
        for _ in range(rng.randint(1, 4)):
            parts.insert(rng.randint(0, len(parts)), expand(f"{{filler_{'en' if gap else 'zh'}}}", rng))
    return gap.join(parts)


def _typo(question: str, rng: random.Random) -> str:
    """Change one letter: swapped, left out, doubled, or its neighbour on the keyboard."""
    letters = [i for i, char in enumerate(question) if char in string.ascii_letters]
    if len(letters) < 5:
        return question
    i = rng.choice(letters)
    before, char, after = question[:i], question[i], question[i + 1 :]
    match rng.randrange(4):
        case 0 if after:
            return before + after[0] + char + after[1:]
        case 1:
            return before + after
        case 2:
            return before + char + char + after
        case _:
            return before + _neighbour(char.lower(), rng) + after


def _neighbour(char: str, rng: random.Random) -> str:
    row = next(row for row in _KEYBOARD if char in row)
    return row[max(0, min(len(row) - 1, row.index(char) + rng.choice((-1, 1))))]


def pasted(rng: random.Random) -> str:
    """Return what is no question: a key held down, or strange characters."""
    keys = [chr(rng.choice((rng.randrange(33, 127), rng.randrange(0x3400, 0x9FFF)))) for _ in range(3)]
    return "".join(rng.choices(keys, k=160)) if rng.random() < 0.5 else keys[0] * 160
