"""Code in answers."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.magics.code_blocks import bare_code_of, code_of


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Use this:\n\n```python\na = 1\n```\n\nand this:\n\n~~~\nb = 2\n\n~~~\n", "a = 1\n\nb = 2"),
        ("````md\n```python\nx\n```\n````\n", "```python\nx\n```"),
        ("```python\nunfinished = 1", "unfinished = 1"),
        ("- a list\n\n  ```\n  indented\n  ```\n", "  indented"),
        ("no code, only `x`", ""),
        ("```\n```\n", ""),
    ],
)
def test_fenced_blocks_are_taken_out(answer: str, code: str) -> None:
    assert code_of(answer) == code


def test_an_answer_without_a_fence_is_code_where_code_was_asked_for() -> None:
    assert bare_code_of("print(1)\n") == "print(1)"
    assert bare_code_of("Here:\n```\nprint(2)\n```") == "print(2)"
