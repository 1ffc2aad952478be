"""Detokenising: exact for every script, at once, and nothing special shown."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jupyter_stream_chat.engine.detokenizer import Detokenizer, FastDetokenizer, WindowDetokenizer
from tests.tiny_model import make_tokenizer

TEXTS = [
    "今天天气很好，模型回答问题。生僻字：𠮷𡃁龘",
    "ひらがなカタカナ、これはテストです。",
    "😀 👩‍🚀 🇯🇵 e\u0301 한국어",
    "def f(x):\n    return {'a': \"\\n\"}\n\n\tend  ",
    "https://example.org/a/very/long/address/without/a/space?q=1&b=2",
]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer()


def streamed(detokenizer: Detokenizer, ids: list[int]) -> list[str]:
    """Return the pieces of text, the flush last."""
    return [*(detokenizer.add(each) for each in ids), detokenizer.flush()]


@pytest.mark.parametrize("kind", [FastDetokenizer, WindowDetokenizer])
@pytest.mark.parametrize("text", TEXTS)
def test_text_arrives_whole_and_never_broken(tokenizer: Any, kind: type[FastDetokenizer], text: str) -> None:
    pieces = streamed(kind(tokenizer), tokenizer.encode(text))
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)
    assert pieces[-1] == ""


def test_a_character_is_shown_with_its_last_byte(tokenizer: Any) -> None:
    ids = tokenizer.encode("𠮷")
    assert len(ids) == 4
    assert streamed(FastDetokenizer(tokenizer), ids) == ["", "", "", "𠮷", ""]


def test_random_ids_give_what_decoding_them_all_gives(tokenizer: Any) -> None:
    dice = random.Random(7)
    for _ in range(200):
        ids = [dice.randrange(len(tokenizer)) for _ in range(dice.randint(1, 60))]
        assert "".join(streamed(FastDetokenizer(tokenizer), ids)) == tokenizer.decode(
            ids, skip_special_tokens=True
        )


def test_special_tokens_give_no_text(tokenizer: Any) -> None:
    ids = tokenizer.encode("a<|im_start|>b<|endoftext|>c<|im_end|>")
    assert len(ids) == 6
    assert "".join(streamed(FastDetokenizer(tokenizer), ids)) == "abc"
