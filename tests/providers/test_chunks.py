"""Reading LangChain messages and chunks."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from jupyter_stream_chat.protocol import Usage
from jupyter_stream_chat.providers.finish_reasons import meaning_of
from jupyter_stream_chat.providers.openai.chunks import end_word_of, pieces_of, text_of, usage_of
from jupyter_stream_chat.providers.openai.payload_fixes import sound_usage


def test_text_and_reasoning_are_kept_apart() -> None:
    chunk = AIMessageChunk(content="yes", additional_kwargs={"reasoning_content": "hm"})
    assert pieces_of(chunk) == [("reasoning", "hm"), ("text", "yes")]
    assert text_of(chunk) == "yes"


def test_blocks_are_read_by_their_type() -> None:
    message = AIMessage(
        content=[
            {"type": "reasoning", "reasoning": "one "},
            {"type": "thinking", "thinking": "two"},
            {"type": "text", "text": "yes"},
            " no",
            {"type": "image_url", "image_url": "data:,"},
        ]
    )
    assert text_of(message) == "yes no"
    assert pieces_of(message) == [
        ("reasoning", "one "),
        ("reasoning", "two"),
        ("text", "yes"),
        ("text", " no"),
    ]


def test_blocks_stay_in_their_order() -> None:
    turns = [("reasoning", "a"), ("text", "b"), ("reasoning", "c"), ("text", "d")]
    message = AIMessage(content=[{"type": kind, kind: text} for kind, text in turns])
    assert pieces_of(message) == turns


def test_reasoning_that_is_there_twice_is_read_once() -> None:
    content = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "yes"}]
    message = AIMessage(content=content, additional_kwargs={"reasoning_content": "hm"})
    assert pieces_of(message) == [("reasoning", "hm"), ("text", "yes")]
    empty = AIMessage(content=content, additional_kwargs={"reasoning_content": ""})
    assert pieces_of(empty) == [("reasoning", "hm"), ("text", "yes")]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "content_filter"}, "content_filter"),
        ({"stop_reason": "max_tokens"}, "length"),
        ({"stop_reason": "end_turn"}, "stop"),
        ({"finish_reason": "something new"}, None),
        ({"finish_reason": "MAX_TOKENS"}, "length"),
        ({}, None),
    ],
)
def test_finish_reasons_are_mapped(said: dict[str, str], meant: str | None) -> None:
    word = end_word_of(AIMessage(content="", response_metadata=said))
    assert (meaning_of(word) if word else None) == meant


def test_usage_is_read_where_there_is_one() -> None:
    usage = UsageMetadata(
        input_tokens=3, output_tokens=5, total_tokens=8, output_token_details={"reasoning": 2}
    )
    assert usage_of(AIMessage(content="", usage_metadata=usage)) == Usage(
        input_tokens=3, output_tokens=5, reasoning_tokens=2
    )
    assert usage_of(AIMessage(content="")) is None


@pytest.mark.parametrize("count", [None, -1, 10**30, "7", 1.5, True])
def test_nonsense_is_no_usage(count: object) -> None:
    message = AIMessage(content="")
    message.usage_metadata = UsageMetadata(input_tokens=3, output_tokens=5, total_tokens=8)
    message.usage_metadata["output_tokens"] = count  # type: ignore[typeddict-item]
    assert usage_of(message) is None
    assert sound_usage({"prompt_tokens": count, "completion_tokens": 1, "total_tokens": 1}) is None


@pytest.mark.parametrize("cost", [-1, "0.1", True, None, float("nan"), float("inf"), [1]])
def test_nonsense_is_no_cost(cost: object) -> None:
    counted = {"prompt_tokens": 1, "completion_tokens": 1}
    assert sound_usage(counted | {"cost": cost}) == sound_usage(counted)
    usage = UsageMetadata(input_tokens=1, output_tokens=1, total_tokens=2)
    message = AIMessage(content="", usage_metadata=usage, additional_kwargs={"cost": cost})
    found = usage_of(message)
    assert found is not None
    assert found.cost == (1 if cost == [1] else None)
