"""A chat as a file."""

from __future__ import annotations

import json

import nbformat

from jupyter_stream_chat.chats.export import file_name, to_json_bytes, to_markdown, to_notebook
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


def test_headings_of_a_message_are_below_its_own() -> None:
    text = """# One
Two
===
- item
---
```python
# no heading
```
~~~
# nor this
~~~
    # indented code
###### Six
#not one"""
    shown = to_markdown(chat(), [question(1, text=text)])
    assert shown.split("UTC\n\n")[1] == (
        """### One
### Two
- item
---
```python
# no heading
```
~~~
# nor this
~~~
    # indented code
###### Six
#not one
"""
    )


def test_markdown_has_the_branches_that_are_not_shown() -> None:
    first, other = question(1, text="First?"), question(2, text="Other?")
    reply = answer(2)
    shown = to_markdown(chat(), [first], {}, [first, other, reply])
    assert shown.index("First?") < shown.index("## Branch 1, from the beginning") < shown.index("Other?")
    assert "### Test model" in shown
    assert shown.count("First?") == 1
    later = question(3, parent_id=first.message_id, text="Later?")
    assert "## Branch 1, after “First?”" in to_markdown(chat(), [first], {}, [first, later])


def test_a_notebook_has_code_in_cells_of_code() -> None:
    text = "Do this:\n\n```python\nx = 1\n\nx\n```\n\nand\n\n```sh\nls\n```\n\n# End"
    notebook = json.loads(to_notebook(chat(title="Capitals"), [question(1, text=text)]))
    assert notebook["nbformat"] == 4
    assert [(cell["cell_type"], cell["source"]) for cell in notebook["cells"]] == [
        ("markdown", "# Capitals"),
        ("markdown", "## Ada, 1970-01-01 00:00 UTC"),
        ("markdown", "Do this:"),
        ("code", "x = 1\n\nx"),
        ("markdown", "and\n\n```sh\nls\n```\n\n### End"),
    ]
    nbformat.validate(notebook)


def test_a_notebook_has_formulas_and_prices_as_its_readers_show_them() -> None:
    text = "It is \\(a^2\\) for $5 or $10.\n\n```python\nx = r'\\(a\\)'\n```"
    notebook = json.loads(to_notebook(chat(), [question(1, text=text)]))
    assert [cell["source"] for cell in notebook["cells"]][2:] == [
        r"It is $a^2$ for \$5 or \$10.",
        r"x = r'\(a\)'",
    ]
