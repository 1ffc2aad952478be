"""Where new text joins the kept one: however it is cut, nothing is said twice and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage

from jupyter_stream_chat.runs.continuation import CONTINUE_INSTRUCTION, WINDOW, OverlapTrimmer, continuation

ASKED = HumanMessage(content="?")


def joined(kept: str, pieces: Iterable[str], *, exact: bool = False) -> str:
    """Return what a page shows in the end."""
    trimmer = OverlapTrimmer(kept, exact=exact)
    return kept + "".join(trimmer.add(piece) for piece in pieces) + trimmer.close()


def cut(text: str, marks: Iterable[int]) -> list[str]:
    """Cut a text at some places."""
    places = sorted({mark % (len(text) + 1) for mark in marks})
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


VOCABULARY = [
    "an",
    "apple",
    "12",
    "grew",
    "in",
    "(x)",
    "我们",
    "去公园",
    "散步",
    "🌳",
    "x",
    "=",
    "y;",
    "}",
    "})",
]
WORDS = st.lists(st.sampled_from([*VOCABULARY, "\n"]))
TEXT = st.one_of(st.text(max_size=60), WORDS.map(" ".join))
MARKS = st.lists(st.integers(0, 200), max_size=12)


@given(kept=TEXT, text=TEXT, marks=MARKS, exact=st.booleans())
def test_how_the_text_is_cut_makes_no_difference(kept: str, text: str, marks: list[int], exact: bool) -> None:
    assert joined(kept, cut(text, marks), exact=exact) == joined(kept, [text], exact=exact)


@given(kept=TEXT, text=TEXT, marks=MARKS)
def test_a_model_that_goes_on_exactly_is_believed_but_for_the_white_space(
    kept: str, text: str, marks: list[int]
) -> None:
    whole = kept.rstrip() + text
    if whole.startswith(kept):
        assert joined(kept, cut(text, marks), exact=True) == whole
    else:
        shown = joined(kept, cut(text, marks), exact=True)
        assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", whole)


WHOLE = (
    "The quick brown fox jumps over the lazy dog, then it rests.\n\n"
    "```python\nfor i in range(3):\n    print(i)\n```\n\n我们去公园散步。今天天气很好，花开了。"
)


@given(at=st.integers(12, len(WHOLE)), back=st.integers(0, 40), marks=MARKS)
def test_words_that_are_said_again_are_taken_out(at: int, back: int, marks: list[int]) -> None:
    kept, start = WHOLE[:at], max(0, at - back)
    overlap = kept[start:].strip()
    begins = start == 0 or not (WHOLE[start - 1].isalnum() and WHOLE[start : start + 1].isalnum())
    ideographs = WHOLE[start : start + 1] >= "\u2e80"
    enough = sum(character.isalnum() for character in overlap) >= 3 and len(set(overlap)) > 3
    if enough and (begins or ideographs):
        assert joined(kept, cut(WHOLE[start:], marks)) == WHOLE


@pytest.mark.parametrize(
    ("kept", "text", "shown"),
    [
        ("The quick bro", "brown fox", "The quick brown fox"),
        ("The quick bro", "wn fox", "The quick brown fox"),
        ("One, two, ", "two, three", "One, two, three"),
        ("One, two, ", " three", "One, two, three"),
        ("One, two, ", "\n\nOne, two, three", "One, two, three"),
        ("f(1);\n    });\n", "    });\n});\n", "f(1);\n    });\n    });\n});\n"),
        ("It costs 1", "100", "It costs 1100"),
        ("0, 0, 0, ", "0, 0, 0", "0, 0, 0, 0, 0, 0"),
        ("banana", "anas are", "bananaanas are"),
        ("今天天气很", "天气很好。", "今天天气很好。"),
        ("", "new", "new"),
    ],
)
def test_what_is_said_again_and_what_only_looks_so(kept: str, text: str, shown: str) -> None:
    assert joined(kept, text) == shown


def test_text_is_held_back_only_while_it_may_be_a_repetition() -> None:
    trimmer = OverlapTrimmer("The quick brown ", exact=False)
    assert [trimmer.add(piece) for piece in ("bro", "ught", " it", " brown")] == [
        "",
        "brought",
        " it",
        " brown",
    ]
    trimmer = OverlapTrimmer("The quick brown ", exact=False)
    assert [trimmer.add(piece) for piece in ("bro", "wn", " fox", " brown")] == ["", "", "fox", " brown"]


def test_an_answer_that_begins_anew_is_gone_on_with() -> None:
    kept = "".join(f"t{n} " for n in range(400))
    assert len(kept) < WINDOW
    assert joined(kept, kept + "t400 ") == kept + "t400 "


def test_an_exact_model_is_given_the_answer_and_another_is_asked() -> None:
    conversation = [ASKED, AIMessage(content="One, two, ")]
    exact = continuation(conversation, {"continue_final": True})
    assert ([message.content for message in exact.messages], exact.kept) == (["?", "One, two,"], "One, two, ")
    assert exact.options == {"continue_final": True}
    asked = continuation(conversation, None)
    assert [(m.type, m.content) for m in asked.messages[1:]] == [
        ("ai", "One, two,"),
        ("human", CONTINUE_INSTRUCTION),
    ]
