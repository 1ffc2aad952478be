"""Reasoning is told apart wherever the text is cut; what only mentions a tag stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.engine.reasoning import REASONING_MARKS
from jupyter_stream_chat.providers.reasoning import TAGS, ReasoningSplitter, Tags


def split(*pieces: str, opened: bool = False) -> tuple[str, str]:
    """Return reasoning and answer, what a late closing tag says taken into account."""
    splitter = ReasoningSplitter(opened=opened)
    parts = [part for piece in pieces for part in splitter.add(piece)] + splitter.close()
    reasoning = "".join(text for channel, text in parts if channel == "reasoning")
    content = "".join(text for channel, text in parts if channel == "text")
    if splitter.unopened is not None:
        reasoning, content = content[: splitter.unopened].rstrip() + reasoning, content[splitter.unopened :]
    return reasoning, content


@pytest.mark.parametrize("tags", TAGS, ids=lambda tags: tags.open)
def test_each_familys_tags_are_known(tags: Tags) -> None:
    text = f"\n{tags.open}Let me see.\n\n1. a\n{tags.close}\n\nIt is 4."
    for cut in range(len(text) + 1):
        assert split(text[:cut], text[cut:]) == ("Let me see.\n\n1. a", "It is 4.")
    assert split(*text) == ("Let me see.\n\n1. a", "It is 4.")


@pytest.mark.parametrize("tags", [each for each in TAGS if each.closes_alone], ids=lambda tags: tags.close)
@pytest.mark.parametrize("end", ["\n\n4", "4"])
def test_a_closing_tag_alone_ends_what_the_template_had_opened(tags: Tags, end: str) -> None:
    text = f"First, 2+2...{tags.close}{end}"
    assert split(text) == split(*text) == ("First, 2+2...", "4")
    assert split(*text, opened=True) == ("First, 2+2...", "4")


@pytest.mark.parametrize(
    "text",
    [
        "The tag `<think>` opens it, and `</think>` closes it.",
        "It ends with </think> in most models.",
        'They write "</think>" there.',
        "Use <think> and </think>.\nDone.",
        "```\n<think>\na\n</think>\n```\nSo it looks.",
        "1 < 2, [a](b) and [T] <thin ice>",
        "analysis of the data",
        "Analysis: it is 4.",
        "  indented",
        "<thi",
        "An <answer> tag </answer>",
        "<answer> is a tag.",
        "",
    ],
)
def test_what_only_mentions_a_tag_stays(text: str) -> None:
    assert split(text) == split(*text) == ("", text)


def test_a_quoted_tag_does_not_end_the_reasoning() -> None:
    text = "<think>The tag `</think>` ends it.\n</think>\nYes."
    assert split(*text) == ("The tag `</think>` ends it.", "Yes.")


def test_reasoning_between_two_parts_of_an_answer() -> None:
    text = "<think>\na\n</think>\nOne.\n<think>\nb\n</think>\n\nTwo."
    assert split(*text) == ("ab", "One.\nTwo.")


def test_an_answers_wrapper_is_dropped() -> None:
    assert split(*"<think>\na</think>\n<answer>\nIt is 4.</answer>") == ("a", "It is 4.")
    assert split(*"<|channel|>final<|message|>It is 4.<|return|>") == ("", "It is 4.")


def test_reasoning_that_is_not_closed() -> None:
    assert split(*"<think>So far ") == ("So far ", "")
    assert split(*"So far", opened=True) == ("So far", "")


def test_an_opening_tag_after_the_templates() -> None:
    assert split(*"<think>\nSo</think>4", opened=True) == ("So", "4")


def test_a_tag_that_closes_nothing_at_the_beginning() -> None:
    assert split(*"\n</think>\n\nIt is 4.") == ("", "It is 4.")


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "[THINK]", "a", " ", "\n", "`", "```\n", "<", "B"])),
    st.data(),
)
def test_how_a_text_is_cut_makes_no_difference(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(*pieces) == split(text)


@given(st.text(alphabet="ab <>/[]`\n1"))
def test_a_text_without_tags_is_the_answer(text: str) -> None:
    assert split(*text) == ("", text)


def test_the_engine_and_the_server_know_the_same_families() -> None:
    told = {
        each.open.strip(): each.close for each in TAGS if each.open in REASONING_MARKS or each.closes_alone
    }
    assert told.items() <= REASONING_MARKS.items()
    # The server also knows words that only texts have: Granite's, and harmony's channels.
    only_words = {each.open for each in TAGS} - {*REASONING_MARKS, *(f"{mark}\n" for mark in REASONING_MARKS)}
    assert only_words == {"Here is my thought process:", "<|channel|>analysis<|message|>", "analysis"}
    assert set(REASONING_MARKS) <= {each.open.strip() for each in TAGS}


def test_a_quote_of_an_earlier_block_quotes_no_tag() -> None:
    text = "<think>`</think><think></think>`"
    assert split(text) == split(text[:8], text[8:]) == ("`", "`")


TOLD_APART = [
    ("<think>\nabc\n</think>\n\nHi", [("reasoning", "abc"), ("text", "Hi")]),
    ("abc\n</think>\n\nHi", [("reasoning", "abc\n"), ("text", "Hi")]),
    (" \n <think>abc</think>Hi", [("reasoning", "abc"), ("text", "Hi")]),
    (" a \n b\n", [("reasoning", " a \n b\n")]),
    ("abc</think>", [("reasoning", "abc")]),
    ("it ends in </think> they say", [("reasoning", "it ends in </think> they say")]),
    ("it ends in `</think>` they say", [("reasoning", "it ends in `</think>` they say")]),
    ("plain", [("reasoning", "plain")]),
]


@pytest.mark.parametrize(("said", "pieces"), TOLD_APART)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_tags_in_what_the_provider_calls_reasoning(
    said: str, pieces: list[tuple[str, str]], size: int
) -> None:
    splitter = ReasoningSplitter(opened=True, told_apart=True)
    found: list[tuple[str, str]] = []
    for at in range(0, len(said), size):
        found += splitter.add(said[at : at + size])
    found += splitter.close()
    joined: dict[str, str] = {}
    for kind, text in found:
        joined[kind] = joined.get(kind, "") + text
    assert list(joined.items()) == pieces


@pytest.mark.parametrize("before", ["", "<think>", "<think>a</think>", "<think>a", "a"])
def test_white_space_without_end_is_not_held_back(before: str) -> None:
    """It would count for no limit, and be read anew with each token."""
    splitter = ReasoningSplitter()
    splitter.add(before)
    for _ in range(100_000):
        splitter.add("\n \t")
        assert len(splitter._held) <= 1010
