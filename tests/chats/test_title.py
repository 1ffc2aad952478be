"""What a chat is called after its first question."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.chats.title import title_from


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why is it slow? I have tried everything.", "Why is it slow?"),
        ("Hi. How do I plot this? Thanks.", "Hi. How do I plot this?"),
        ("Install version 3.5 of it. Then run it.", "Install version 3.5 of it."),
        ("怎么删除聊天？还有别的办法吗？", "怎么删除聊天？"),
        ("画一条线。然后保存。", "画一条线"),
        ("字" * 80, "字" * 59 + "…"),
        ("word " * 11 + "longword and more", "word " * 10 + "word…"),
        ("w" * 80, "w" * 59 + "…"),
        ("one\ttwo   three", "one two three"),
        ("e" * 60, "e" * 60),
    ],
)
def test_a_title_is_the_first_sentence_cut_between_words(text: str, title: str) -> None:
    assert title_from(text) == title
