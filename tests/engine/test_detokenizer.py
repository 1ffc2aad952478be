"""Detokenising: exact for every script, at once, and nothing special shown."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.engine.detokenizer import (
    ByteFallbackDetokenizer,
    Detokenizer,
    FastDetokenizer,
    WindowDetokenizer,
    detokenizer,
)
from tests.tiny_model import make_byte_fallback_tokenizer, make_tokenizer

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


# --- vocabularies with a token for each byte --------------------------------------------------------

BYTES = make_byte_fallback_tokenizer()


def byte_ids(data: bytes) -> list[int]:
    ids: list[int] = BYTES.convert_tokens_to_ids([f"<0x{byte:02X}>" for byte in data])
    return ids


def shown(ids: list[int]) -> str:
    return "".join(streamed(detokenizer(BYTES), ids))


@pytest.mark.parametrize("text", [*TEXTS, "a b  今天 » \u00a0»", " a", "\n", "😀 a", "\ufffd😀\ufffd"])
def test_rare_characters_in_bytes_arrive_whole(text: str) -> None:
    assert isinstance(detokenizer(BYTES), ByteFallbackDetokenizer)
    assert shown(BYTES.encode(text, add_special_tokens=False)) == text


def test_a_stray_byte_after_a_shown_character_is_replaced_and_the_answer_goes_on() -> None:
    pieces = streamed(
        detokenizer(BYTES), [*byte_ids(b"\xc2\xa0\xc2"), *BYTES.convert_tokens_to_ids(["»", "▁a"])]
    )
    assert pieces == ["", "\u00a0", "", "\ufffd»", " a", ""]


def test_a_stray_byte_at_the_end_is_replaced() -> None:
    assert shown([*BYTES.convert_tokens_to_ids(["今"]), *byte_ids(b"\xe4\xbb")]) == "今\ufffd"


@given(st.binary(max_size=40))
def test_any_bytes_give_what_utf8_gives(data: bytes) -> None:
    begin = BYTES.convert_tokens_to_ids(["b"])
    assert shown([*begin, *byte_ids(data)]) == "b" + data.decode("utf-8", "replace")


@given(st.lists(st.integers(0, len(BYTES) - 1), max_size=40))
def test_any_ids_give_what_decoding_them_all_gives_and_never_less(ids: list[int]) -> None:
    text = shown(ids)
    whole = BYTES.decode(ids, skip_special_tokens=True)
    if "\ufffd" not in whole:
        assert text == whole
    kept = [token_id for token_id in ids if token_id > 2]
    letters = "".join(token for token in BYTES.convert_ids_to_tokens(kept) if not token.startswith("<0x"))
    assert [each for each in text if each in "今天»"] == [each for each in letters if each in "今天»"]


class DecodesAnew:
    """A tokenizer whose decoder changes what it said before; written in Python."""

    is_fast = False

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return "?" * len(ids) if 0 in ids else "".join(map(str, ids))


def test_a_decoder_that_changes_what_was_shown_loses_nothing() -> None:
    assert "".join(streamed(WindowDetokenizer(DecodesAnew()), [1, 2, 0, 3])) == "12??"  # type: ignore[arg-type]
