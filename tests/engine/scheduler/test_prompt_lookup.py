"""What is guessed from the conversation so far."""

from __future__ import annotations

from jupyter_stream_chat.engine.scheduler.prompt_lookup import PromptLookup


def test_what_followed_the_same_tokens_is_guessed() -> None:
    ids = [1, 2, 3, 4, 5, 6, 7, 9, 1, 2, 3]
    assert PromptLookup(ids, 3).guess() == [4, 5, 6]


def test_the_last_occurrence_counts() -> None:
    assert PromptLookup([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], 1).guess() == [5]


def test_nothing_is_guessed_where_nothing_is_alike_or_nothing_is_asked_for() -> None:
    assert PromptLookup([1, 2, 3, 4, 2, 3], 3).guess() == []
    assert PromptLookup([1, 2], 3).guess() == []
    assert PromptLookup([1, 2, 3, 1, 2, 3], 0).guess() == []


def test_the_ids_may_grow() -> None:
    ids = [1, 2, 3, 4]
    lookup = PromptLookup(ids, 2)
    assert lookup.guess() == []
    ids += [8, 1, 2, 3]
    assert lookup.guess() == [4, 8]
    ids += [4, 8, 1]
    assert lookup.guess() == [2, 3]


def test_the_length_follows_the_success() -> None:
    lookup = PromptLookup([*range(50), 0, 1, 2], 10)
    assert len(lookup.guess()) == 10
    lookup.judged(10, 0)
    assert len(lookup.guess()) == 1
    lookup.judged(1, 1)
    assert len(lookup.guess()) == 3
    for _ in range(3):
        lookup.judged(3, len(lookup.guess()))
    assert len(lookup.guess()) == 10
    assert lookup.guessed == 20
