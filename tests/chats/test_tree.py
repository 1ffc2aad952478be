"""Messages and parts: prompts, titles, the active branch."""

from __future__ import annotations

from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.chats.tree import (
    conversation,
    edited,
    effective_parts,
    follow,
    parts_of,
    text_of,
    title_of,
    written,
)
from jupyter_stream_chat.protocol import ReasoningPart, TextPart
from jupyter_stream_chat.runs.prompt import prompt_messages

from .made import answer, answered, question, run


def test_a_prompt_has_what_was_kept_and_no_reasoning() -> None:
    stopped = run(1).model_copy(update={"kept": [11, 9]})
    partial = answered(answer(1), stopped, "Paris is the capital.", "Let me see.")
    empty = answered(answer(2), run(2), "", "Hm.")
    turns = conversation([question(1, text="France?"), partial, question(2, text="Why?"), empty])
    sent = [(message.type, message.content) for message in prompt_messages(turns, None)]
    assert sent == [("human", "France?"), ("ai", "Paris is "), ("human", "Why?")]


def test_kept_counts_for_each_part_of_a_run() -> None:
    parts = RunText([("reasoning", "First."), ("text", "One, "), ("reasoning", "Then."), ("text", "two.")])
    info = run(1).model_copy(update={"kept": [6, 5, 2]})
    message = written(answer(1), info, parts_of(info.run_id, parts))
    assert [part.text for part in effective_parts(message)] == ["First.", "One, ", "Th", ""]
    assert text_of(message) == "One, "
    assert text_of(written(answer(1), run(1), parts_of(info.run_id, parts))) == "One, two."


def test_kept_cuts_only_the_run_that_it_belongs_to() -> None:
    first = run(1).model_copy(update={"kept": [4]})
    second = run(2).model_copy(update={"message_id": first.message_id})
    message = answered(answer(1), first, "One, two")
    message = answered(message, second, "and three.")
    assert text_of(message) == "One,and three."


def test_a_text_of_the_reader_s_own_stands_for_what_was_written_before_it() -> None:
    stopped = run(1).model_copy(update={"kept": [3, 4]})
    message = answered(answer(1), stopped, "One, two", "Hm.")
    message = edited(message, "Uno")
    assert text_of(message) == "Uno"
    message = answered(message, run(2), ", due.")
    assert text_of(message) == "Uno, due."
    assert text_of(edited(message, "")) == ""
    assert text_of(edited(message, None)) == "One,, due."


def test_a_question_of_several_parts_is_all_of_them() -> None:
    parts = [TextPart(text="What is "), TextPart(text="this?")]
    assert text_of(question(1).model_copy(update={"content": parts})) == "What is this?"


def test_kept_nothing_is_nothing() -> None:
    stopped = run(1).model_copy(update={"kept": [0]})
    assert text_of(answered(answer(1), stopped, "unseen")) == ""


def test_written_replaces_what_the_run_had_written() -> None:
    message = answered(answer(1), run(1), "So")
    done = run(1).model_copy(update={"status": "finished"})
    message = answered(message, done, "So far.", "Hm.")
    assert message.runs == [done]
    assert message.content == [
        ReasoningPart(text="Hm.", run_id=done.run_id),
        TextPart(text="So far.", run_id=done.run_id),
    ]


def test_a_title_is_the_first_line_shortened() -> None:
    assert title_of(question(1, text="\n  What is this?  \nmore")) == "What is this?"
    assert title_of(question(1, text=" \n ")) == ""


def test_a_message_cuts_the_branch_behind_its_parent() -> None:
    branch = [question(1), answer(1), question(2, "answer-0001"), answer(2)]
    other = question(3, "answer-0001")
    assert follow(branch, other) == [question(1), answer(1), other]
    assert follow(branch, question(3, "answer-0002")) == [*branch, question(3, "answer-0002")]
    assert follow(branch, question(3)) == [question(3)]
    assert follow(branch, question(3, "not-held")) is None
