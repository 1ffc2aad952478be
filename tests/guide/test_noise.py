import random

import pytest

from jupyter_stream_chat.guide.noise import dirty, repunctuate

QUESTIONS = ["how do i stop a running answer?", "怎么停止正在写的回答？", "azure", "停"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_dirty_question_still_says_something_and_comes_in_many_forms(question: str) -> None:
    typed = {dirty(question, random.Random(seed)) for seed in range(300)}
    assert "" not in typed
    assert len(typed) > 20


def test_a_good_part_of_the_questions_is_typed_as_written() -> None:
    typed = [dirty(QUESTIONS[0], random.Random(seed)).rstrip("?!. ") for seed in range(400)]
    assert 120 < typed.count(QUESTIONS[0].rstrip("?")) < 320


def test_the_same_seed_gives_the_same_question() -> None:
    assert dirty(QUESTIONS[0], random.Random(3)) == dirty(QUESTIONS[0], random.Random(3))


def test_other_punctuation_leaves_the_words_alone() -> None:
    marked = {repunctuate("what's a profile?", random.Random(seed)) for seed in range(200)}
    words = {text.rstrip("?!. ") for text in marked}
    assert words == {"what's a profile", "whats a profile"}
    assert {"what's a profile", "what's a profile!", "what's a profile ?"} <= marked


@pytest.mark.parametrize("question", ["", "?", "。"])
def test_a_question_of_no_words_survives(question: str) -> None:
    assert repunctuate(question, random.Random(0)) == question
