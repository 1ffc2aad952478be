"""The channels of gpt-oss, wherever the text is cut."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.providers.local.harmony import HarmonySplitter

ANALYSIS = "<|channel|>analysis<|message|>Let me < see.<|end|>"
FINAL = "<|start|>assistant<|channel|>final<|message|>It is 4."


def split(*pieces: str) -> tuple[str, str]:
    """Return reasoning and answer."""
    splitter = HarmonySplitter()
    parts = [part for piece in pieces for part in splitter.add(piece)] + splitter.close()
    return tuple("".join(text for each, text in parts if each == name) for name in ("reasoning", "text"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ANALYSIS + FINAL, ("Let me < see.", "It is 4.")),
        (ANALYSIS + FINAL + "<|return|>", ("Let me < see.", "It is 4.")),
        ("<|channel|>final<|message|>It is 4.", ("", "It is 4.")),
        ("<|channel|>analysis<|message|>So far", ("So far", "")),
        (ANALYSIS + "<|start|>assistant<|chan", ("Let me < see.", "")),
        (
            "<|channel|>commentary<|message|>I will look.<|end|>" + FINAL,
            ("", "I will look.It is 4."),
        ),
        (
            ANALYSIS
            + '<|start|>assistant<|channel|>commentary to=f <|constrain|>json<|message|>{"a": 1}<|call|>',
            ('Let me < see.{"a": 1}', ""),
        ),
        (
            ' to=functions.f<|channel|>commentary<|message|>{"a": 1}<|call|>',
            ('{"a": 1}', ""),
        ),
        ("It is 4, and <|this|> is no mark.", ("", "It is 4, and <|this|> is no mark.")),
        ("", ("", "")),
    ],
)
def test_channels_are_told_apart(text: str, expected: tuple[str, str]) -> None:
    assert split(text) == expected
    assert split(*text) == expected
    for cut in range(len(text)):
        assert split(text[:cut], text[cut:]) == expected
