"""Loops are noticed within a few periods, and what a person would write is left alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.runs.repetition import LONGEST_PERIOD, Repeat, Repetition, find_repeat, is_asked_for

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))
OPENING = "Here is what you asked for. It begins well, and then it goes on:\n\n"
SENTENCE = "The answer to this question depends on the context in which it is asked. "
PARAGRAPH = (
    "To begin with, install the package and start the server. Then open the panel and ask a question.\n"
    "If nothing happens, look at the server's log; it says what is missing, and how to mend it.\n\n"
)


def tokens(text: str, seed: int = 0) -> Iterator[str]:
    """Cut a text as a model might."""
    lengths = random.Random(seed)
    while text:
        length = lengths.randint(1, 7)
        yield text[:length]
        text = text[length:]


def noticed(text: str, seed: int = 0) -> tuple[int, Repeat] | None:
    """Return after how many characters a loop is noticed, and which."""
    repetition, length = Repetition(), 0
    for token in tokens(text, seed):
        length += len(token)
        if loop := repetition.add(token):
            return length, loop
    return None


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
@pytest.mark.parametrize("seed", range(3))
def test_what_people_write_is_left_alone(file: Path, seed: int) -> None:
    assert noticed(file.read_text("utf-8"), seed) is None


def test_all_of_it_together_is_left_alone() -> None:
    texts = [file.read_text("utf-8") for file in CORPUS]
    assert len(texts) >= 12
    assert noticed("\n\n".join(texts)) is None


@pytest.mark.parametrize(
    ("pattern", "periods"),
    [
        ("I don't know. ", 22),
        ("and then ", 32),
        (SENTENCE, 8),
        ("- Check the settings of the panel.\n", 10),
        ("Sorry, I cannot help with that.\nPlease ask again.\n", 9),
        (PARAGRAPH, 7),
        (PARAGRAPH + SENTENCE * 2 + "\n\n", 6),
        ("我不知道。", 31),
        ("对不起，我无法回答这个问题。", 12),
        ("首先打开面板，然后提出问题，最后等待回答。\n", 10),
        ("1. Open the panel.\n2. Ask.\n3. Wait.\n", 10),
    ],
)
def test_a_loop_is_noticed_within_a_few_periods(pattern: str, periods: int) -> None:
    for seed in range(5):
        found = noticed(OPENING + pattern * 400, seed)
        assert found is not None
        length, loop = found
        assert (length - len(OPENING)) / len(pattern) <= periods
        assert len(loop.pattern) == len(pattern)


@pytest.mark.parametrize(
    "text",
    [
        OPENING + "```python\nwhile True:\n" + "    print('again')\n" * 400,
        OPENING + "| a | b |\n|---|---|\n" + "| the same | row |\n" * 400,
        OPENING + "0" * 10_000,
        OPENING + "ha" * 10_000,
    ],
    ids=["code", "table", "digits", "unbroken"],
)
def test_what_has_a_structure_must_go_on_for_longer_and_is_noticed_then(text: str) -> None:
    assert noticed(text) is not None


def test_code_that_has_ended_is_no_code() -> None:
    fence = "```\nx = 1\n```\n"
    found = noticed(OPENING + fence + SENTENCE * 40)
    assert found is not None
    assert found[0] <= len(OPENING + fence) + 8 * len(SENTENCE)


@given(before=st.text(max_size=50), pattern=st.text(min_size=1, max_size=60), times=st.integers(2, 30))
def test_the_loop_that_is_found_is_the_texts_end(before: str, pattern: str, times: int) -> None:
    loop = find_repeat(before + pattern * times)
    if len(pattern) * times >= 24 + len(pattern):
        assert loop is not None
        assert (before + pattern * times).endswith(loop.pattern * loop.times)
        assert len(pattern) % len(loop.pattern) == 0 or len(loop.pattern) < len(pattern)


def test_a_period_beyond_the_longest_is_no_loop() -> None:
    words = random.Random(1)
    long = " ".join(f"w{words.randint(0, 10**6)}" for _ in range(400))
    assert len(long) > LONGEST_PERIOD
    assert noticed(long * 6) is None


def test_the_cost_does_not_grow_with_the_text() -> None:
    words = random.Random(1)
    repetition = Repetition()
    for number in range(40_000):
        repetition.add(f"w{words.randint(0, 10**6)} " if number % 2 else "and ")
    assert len(repetition._text) <= 12 * LONGEST_PERIOD + 20


PUNISHMENT = "I must not talk in class. "


@pytest.mark.parametrize(
    ("question", "pattern"),
    [
        ("Write 'I must not talk in class' a hundred times.", PUNISHMENT),
        ("Say over and over: I must not talk in class.", "must not talk in class. I "),
        ("My text says: I must not talk in class. Say it.", "in class. I must not talk "),
        ("把“我爱你”写50遍", "我爱你 "),
        ("Give me a table of like rows", "| a | b |\n"),
        ("A list of placeholders, please", "- to be done\n"),
    ],
)
def test_a_repetition_that_was_asked_for(question: str, pattern: str) -> None:
    assert is_asked_for(question, Repeat(pattern, 20))


@pytest.mark.parametrize("question", ["", "hello", "What does the teacher say in class?", "Explain 3 x 4."])
def test_a_repetition_that_was_not(question: str) -> None:
    assert not is_asked_for(question, Repeat(PUNISHMENT, 20))
