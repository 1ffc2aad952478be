"""A chat as a file."""

from __future__ import annotations

import json

from jupyter_stream_chat.chats.export import file_name, to_json_bytes, to_markdown
from jupyter_stream_chat.chats.tree import edited
from jupyter_stream_chat.protocol import Message

from .made import answer, answered, chat, question, run


def stopped() -> Message:
    """Return an answer of which a part was shown."""
    info = run(1).model_copy(update={"kept": [3, 8]})
    return answered(answer(1), info, "Paris is big.", "Hm.")


def test_markdown_has_what_counts_of_the_branch() -> None:
    text = to_markdown(chat(title="Capitals"), [question(1, text="France?"), stopped()])
    assert text == (
        "# Capitals\n\n## Ada, 1970-01-01 00:00 UTC\n\nFrance?\n\n"
        "## Test model, 1970-01-01 00:00 UTC\n\nParis is\n"
    )


def test_an_answer_that_was_dropped_leaves_its_heading() -> None:
    text = to_markdown(chat(), [question(1, text="France?"), edited(stopped(), "")])
    assert text.endswith("## Test model, 1970-01-01 00:00 UTC\n")
    assert text.startswith("# Chat\n")


def test_json_has_everything_that_was_written() -> None:
    exported = json.loads(to_json_bytes(chat(title="Capitals"), [stopped()]))
    assert exported["chat"]["title"] == "Capitals"
    assert Message.model_validate(exported["messages"][0]) == stopped()


def test_a_file_is_named_after_its_chat() -> None:
    assert file_name(chat(title="../What is 这个? \n"), ".md") == "What-is-这个.md"
    assert file_name(chat(title="/?"), ".json") == "chat.json"
    assert len(file_name(chat(title="x" * 200), ".md")) == 63
