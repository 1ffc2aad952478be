"""No part of a key is shown, whatever signs it has and however a text spells it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.providers.errors.redact import redact

KEYS = [
    "sk-proj-Ab12Cd34Ef56",
    "p4ss/w+rd=&%~x9!",
    "qu\"o\\te's-7f3a9c",
    "schlüssel-ÄÖ-4711",
    " k3y-with-blank9 ",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "spelled",
    [
        lambda key: key,
        lambda key: repr(key),
        lambda key: repr(f"Bearer {key}".encode()),
        lambda key: json.dumps({"key": key}),
        lambda key: quote(key, safe=""),
        lambda key: base64.b64encode(key.encode()).decode(),
        lambda key: base64.b64encode(f":{key}".encode()).decode(),
    ],
)
def test_each_spelling_is_taken_out(key: str, spelled: object) -> None:
    assert callable(spelled)
    text = redact(f"refused: {spelled(key)} (401)", [key])
    assert text.startswith("refused: ")
    assert text.endswith(" (401)")
    inner = key.strip()
    assert not any(inner[at : at + 6] in text for at in range(len(inner) - 5))


@pytest.mark.parametrize("shown", ["sk-p********Ef56", "sk-p...Ef56", "sk-proj-Ab1…", "****Ef56"])
def test_a_masked_key_is_taken_out(shown: str) -> None:
    text = redact(f"Incorrect API key provided: {shown}.", [KEYS[0]])
    assert text.rstrip(".…") == "Incorrect API key provided: [key]"


def test_words_of_the_sentence_stay() -> None:
    assert redact("scripted failure", ["sk-scripted-0123456789"]) == "scripted failure"
    assert redact("wait... what", [KEYS[0]]) == "wait... what"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40), st.data())
def test_parts_are_taken_out(key: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(key) - 8))
    end = data.draw(st.integers(start + 8, len(key)))
    part = key[start:end]
    if not part.isalpha():
        assert part not in redact(f"it was <{part}>", [key])


def test_a_token_of_the_hub_is_known_by_its_shape() -> None:
    assert redact("token hf_AbCdEfGhIjKlMnOp is refused") == "token [key] is refused"


@pytest.mark.parametrize("word", ["[", "a", "ab-", ",a", "sk-", "wire-k", "x", "*", "bearer "])
def test_a_long_text_is_read_once(word: str) -> None:
    text = word * (200_000 // len(word))
    assert KEYS[0] not in redact(f"{text} {KEYS[0]} {KEYS[0][:4]}****", [KEYS[0]])


def test_masked_keys_in_a_list_are_each_taken_out() -> None:
    assert redact("ab****yz,ab****yz;(ab....yz)", ["ab-12345-yz"]) == "[key],[key];([key])"
