"""What a chat is called that nobody has named. Pure; a kernel imports it, so it needs no other module."""

from __future__ import annotations

import re
from typing import Final

TITLE_CODE_POINTS: Final = 60
# A full stop ends a sentence before a space only ("3.5"), and not in the first words ("Hi. How do I ...").
_SENTENCE = re.compile(r".{8,}?[.!?](?=\s)|.+?[。！？]")


def title_from(text: str) -> str:
    """Return a text's first sentence, cut between words, with an ellipsis where it is cut."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    line = next((line for line in lines if line), "")
    sentence = _SENTENCE.match(line)
    title = (sentence[0] if sentence else line).rstrip("。" if sentence else "")
    if len(title) <= TITLE_CODE_POINTS:
        return title
    cut = title[: TITLE_CODE_POINTS - 1]
    at_word, _, _ = cut.rpartition(" ")
    # Chinese has no spaces, and one long word is better cut than left out.
    if title[len(cut)] != " " and len(at_word) >= TITLE_CODE_POINTS // 2:
        cut = at_word
    return cut.rstrip(" ,;:，、；：") + "…"
