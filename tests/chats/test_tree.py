"""Messages and parts: prompts, titles, the active branch."""

from __future__ import annotations

from jupyter_stream_chat.chats.tree import Turn, conversation, edited, follow, text_of, title_of, written
from jupyter_stream_chat.protocol import ReasoningPart, TextLengths, TextPart

from .made import answer, question, run


def test_a_prompt_has_what_was_kept_and_no_reasoning() -> None:
    stopped = run(1).model_copy(update={"kept": TextLengths(content=9)})
    partial = written(answer(1), stopped, {"reasoning": "Let me see.", "content": "Paris is the capital."})
    empty = written(answer(2), run(2), {"reasoning": "Hm.", "content": ""})
    turns = conversation([question(1, text="France?"), partial, question(2, text="Why?"), empty])
    assert turns == [Turn("user", "France?"), Turn("assistant", "Paris is "), Turn("user", "Why?")]


def test_kept_cuts_only_the_run_that_it_belongs_to() -> None:
    first = run(1).model_copy(update={"kept": TextLengths(content=4)})
    second = run(2).model_copy(update={"message_id": first.message_id})
    message = written(answer(1), first, {"content": "One, two", "reasoning": ""})
    message = written(message, second, {"content": "and three.", "reasoning": ""})
    assert text_of(message) == "One,and three."


def test_a_text_of_the_reader_s_own_stands_for_what_was_written_before_it() -> None:
    stopped = run(1).model_copy(update={"kept": TextLengths(content=4)})
    message = written(answer(1), stopped, {"content": "One, two", "reasoning": "Hm."})
    message = edited(message, "Uno")
    assert text_of(message) == "Uno"
    message = written(message, run(2), {"content": ", due.", "reasoning": ""})
    assert text_of(message) == "Uno, due."
    assert text_of(edited(message, "")) == ""
    assert text_of(edited(message, None)) == "One,, due."


def test_a_question_of_several_parts_is_all_of_them() -> None:
    parts = [TextPart(text="What is "), TextPart(text="this?")]
    assert text_of(question(1).model_copy(update={"content": parts})) == "What is this?"


def test_kept_nothing_is_nothing() -> None:
    stopped = run(1).model_copy(update={"kept": TextLengths(content=0)})
    assert text_of(written(answer(1), stopped, {"content": "unseen", "reasoning": ""})) == ""


def test_written_replaces_what_the_run_had_written() -> None:
    message = written(answer(1), run(1), {"content": "So", "reasoning": ""})
    done = run(1).model_copy(update={"status": "finished"})
    message = written(message, done, {"content": "So far.", "reasoning": "Hm."})
    assert message.runs == [done]
    assert message.content == [
        ReasoningPart(text="Hm.", run_id=done.run_id),
        TextPart(text="So far.", run_id=done.run_id),
    ]


def test_a_title_is_the_first_line_shortened() -> None:
    assert title_of(question(1, text="\n  What is this?  \nmore")) == "What is this?"
    assert title_of(question(1, text="字" * 80)) == "字" * 60
    assert title_of(question(1, text=" \n ")) == ""


def test_a_message_cuts_the_branch_behind_its_parent() -> None:
    branch = [question(1), answer(1), question(2, "answer-0001"), answer(2)]
    other = question(3, "answer-0001")
    assert follow(branch, other) == [question(1), answer(1), other]
    assert follow(branch, question(3, "answer-0002")) == [*branch, question(3, "answer-0002")]
    assert follow(branch, question(3)) == [question(3)]
    assert follow(branch, question(3, "not-held")) is None
