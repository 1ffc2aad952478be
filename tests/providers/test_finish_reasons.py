"""The words with which providers end an answer, and what they mean."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.providers.finish_reasons import decisive, graver, meaning_of, word_of


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        *(
            (word, "stop")
            for word in ("stop", "STOP", "end_turn", "eos", "eos_token", "COMPLETE", "tool_calls")
        ),
        *((word, "stop") for word in ("FinishReason.STOP", "FINISH_REASON_STOP", "stop_sequence", "<|eos|>")),
        *(
            (word, "length")
            for word in ("length", "max_tokens", "MAX_TOKENS", "model_length", "max-output-tokens")
        ),
        *(
            (word, "content_filter")
            for word in ("content_filter", "SAFETY", "RECITATION", "refusal", "sensitive")
        ),
        *(
            (word, None)
            for word in ("error", "abort", "insufficient_system_resource", "OTHER", "something new")
        ),
    ],
)
def test_what_a_word_means(word: str, meaning: str | None) -> None:
    assert meaning_of(word) == meaning


@pytest.mark.parametrize(
    ("reason", "native", "word"),
    [
        ("stop", "network_error", "network_error"),
        ("stop", "STOP", "stop"),
        ("stop", "completed", "stop"),
        ("stop", "something new", "stop"),
        ("stop", "SAFETY", "SAFETY"),
        ("error", "network_error", "error (network_error)"),
        ("", "stop", None),
        (None, None, None),
        ("length", None, "length"),
    ],
)
def test_an_upstreams_own_word(reason: object, native: object, word: str | None) -> None:
    assert decisive(reason, native) == word


@pytest.mark.parametrize("nothing", [None, "", " ", "null", "None", {}, []])
def test_no_reason(nothing: object) -> None:
    assert word_of(nothing) is None


@pytest.mark.parametrize("word", ["abort: The queue is full.", "failed at 10.", "stop."])
def test_a_word_may_end_in_a_full_stop(word: str) -> None:
    assert word_of(word) == word
    assert meaning_of(word) == ("stop" if word == "stop." else None)


@pytest.mark.parametrize(
    ("reason", "word", "meaning"),
    [
        ({"type": "abort", "message": "Out of\nmemory"}, "abort: Out of memory", None),
        ({"type": "stop", "message": "See the docs. Bye."}, "stop: See the docs. Bye.", "stop"),
        ({"code": 7}, "{'code': 7}", None),
        (["length"], "length", "length"),
    ],
)
def test_reasons_that_are_no_words(reason: object, word: str, meaning: str | None) -> None:
    assert word_of(reason) == word
    assert meaning_of(word) == meaning


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (["stop", "error"], "error"),
        (["error", "stop"], "error"),
        (["length", "stop"], "length"),
        (["content_filter", "length"], "content_filter"),
        (["in_progress", "in_progress", "stop"], "stop"),
        (["stop", "something new"], "something new"),
    ],
)
def test_of_two_ends_the_graver_counts(words: list[str], counts: str) -> None:
    ended: str | None = None
    for word in words:
        ended = graver(ended, word)
    assert ended == counts
