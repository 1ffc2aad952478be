"""How much of the prompts a call reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.engine.scheduler.chunks import ChunkSize, may_delay, shares


@pytest.mark.parametrize(
    ("unread", "tokens", "given_tokens"),
    [
        ([], 128, []),
        ([500], 128, [128]),
        ([5], 128, [5]),
        ([4000, 30], 128, [98, 30]),
        ([4000, 30, 500], 128, [32, 30, 66]),
        ([30, 30, 30, 30, 30], 128, [30, 30, 30, 30, 8]),
        ([4000, 3000, 2000], 100, [25, 0, 75]),
    ],
)
def test_the_shortest_come_first_and_the_oldest_always_gets_a_part(
    unread: list[int], tokens: int, given_tokens: list[int]
) -> None:
    assert shares(unread, tokens) == given_tokens


@given(st.lists(st.integers(2, 5000), min_size=1, max_size=40), st.integers(16, 128))
def test_a_call_is_filled_and_never_overfilled(unread: list[int], tokens: int) -> None:
    found = shares(unread, tokens)
    assert sum(found) == min(tokens, sum(unread))
    assert all(0 <= one <= most for one, most in zip(found, unread, strict=True))
    assert found[0] >= min(unread[0], tokens // 4)


def test_a_call_takes_no_longer_than_answers_can_wait() -> None:
    size = ChunkSize(128)
    assert size.tokens(among_answers=True) == 128, "nothing is known yet"
    for _ in range(8):
        size.measured(100, 0.2)
    assert size.tokens(among_answers=True) * 0.002 <= 0.15
    assert size.tokens(among_answers=False) > size.tokens(among_answers=True)


def test_a_slow_machine_still_reads_and_a_fast_one_reads_no_more_than_a_chunk() -> None:
    size = ChunkSize(128)
    size.measured(100, 100)
    assert size.tokens(among_answers=True) == 32
    for _ in range(40):
        size.measured(100, 1e-6)
    assert size.tokens(among_answers=True) == 128


def test_a_call_of_few_tokens_teaches_nothing() -> None:
    size = ChunkSize(128)
    size.measured(1, 5.0)
    assert size.tokens(among_answers=True) == 128


@pytest.mark.parametrize(
    ("answers", "unread", "can_wait"),
    [
        (0, [4000], True),
        (1, [4000], False),
        (3, [4000] * 9, False),
        (3, [20] * 9, True),
        (9, [20] * 3, False),
    ],
)
def test_answers_wait_for_a_crowd_of_short_questions_and_for_nothing_else(
    answers: int, unread: list[int], can_wait: bool
) -> None:
    assert may_delay(answers, unread) is can_wait
