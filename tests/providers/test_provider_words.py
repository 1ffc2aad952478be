"""A provider's words are found wherever it puts them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream_chat.providers.errors.provider_words import (
    is_error,
    page_title,
    said_in,
    status_in,
    words_in,
)


@pytest.mark.parametrize(
    ("body", "words", "status"),
    [
        ({"error": "the model needs 7.5 GiB"}, ["the model needs 7.5 GiB"], None),
        ({"error": {"message": "no", "code": 400}}, ["no"], 400),
        ({"object": "error", "message": "no", "code": "422"}, ["no"], 422),
        ({"detail": [{"msg": "field required"}]}, ["field required"], None),
        ({"detail": "Not Found"}, ["Not Found"], None),
        (
            {"error": {"message": "P", "code": 429, "metadata": {"raw": '{"error":{"message":"slow"}}'}}},
            ["P", "slow"],
            429,
        ),
        ({"errors": ["a", "b"]}, ["a", "b"], None),
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, ["login fail"], None),
        ([{"error": {"message": "Gemini's", "code": 503}}], ["Gemini's"], 503),
        ("<html><head><title>Sign in</title></head></html>", ["Sign in"], None),
        ("plain words", ["plain words"], None),
        (None, [], None),
    ],
)
def test_words_and_status(body: Any, words: list[str], status: int | None) -> None:
    assert words_in(body) == words
    assert status_in(body) == status


def test_what_is_no_error() -> None:
    assert not is_error({"choices": [], "usage": None})
    assert not is_error({"usage": {"prompt_tokens": 1}})
    assert not is_error({"type": "ping"})
    assert not is_error({"status": "queued"})
    assert is_error({"status": 503})
    assert not is_error({"choices": [{"message": {}}], "code": 0})
    assert page_title("no page") is None


def test_a_body_without_a_sentence_is_shown_itself() -> None:
    assert said_in({"error": {"code": "x1"}}) == ['{"error": {"code": "x1"}}']
    assert said_in({"errorMessage": "timed out"}) == ["timed out"]
    assert said_in({}) == said_in(None) == []


@pytest.mark.parametrize(
    "value",
    [
        {"code": 200, "msg": "success"},
        {"code": "0", "message": "OK"},
        {"error_code": 0, "error_msg": ""},
        {"citations": ["a"]},
        {"success": True},
        {"data": {"progress": 3}},
    ],
)
def test_what_tells_of_success_is_no_error(value: dict[str, Any]) -> None:
    assert not is_error(value)


@pytest.mark.parametrize("piece", ["\n", "\n ", "<script>", "<title>", "<!--", "<", "[{", "\ngoroutine 1 ["])
def test_a_long_body_is_read_in_part(piece: str) -> None:
    assert all(len(words) <= 20_000 for words in words_in(piece * (200_000 // len(piece))))
