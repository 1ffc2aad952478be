"""What lines of ``%chat`` say."""

from __future__ import annotations

import pytest

from jupyter_stream_chat.magics.errors import ChatError
from jupyter_stream_chat.magics.options import Options, option_names, read_line, usage


@pytest.mark.parametrize(
    ("line", "options", "question"),
    [
        ("What is it?", {}, "What is it?"),
        ("-t0.5 --top-p=0.9 hi", {"temperature": 0.5, "top_p": 0.9}, "hi"),
        ("-f json -q list -q them", {"format": "json", "quiet": True}, "list -q them"),
        ("--system 'Be \"very\" brief' hi", {"system": 'Be "very" brief'}, "hi"),
        ('--stop "a b" --stop c hi', {"stop": ["a b", "c"]}, "hi"),
        ("-- -p is an option?", {}, "-p is an option?"),
        ("- one\n- two", {}, "- one\n- two"),
        ("-5 + 3", {}, "-5 + 3"),
        ("--chat 'my plots' -v x  it's  fine ", {"chat": "my plots", "var": "x"}, "it's  fine"),
        ("--continue", {"continue_last": True}, ""),
        ("--seed -1 hi", {"seed": -1}, "hi"),
    ],
)
def test_options_come_first_and_the_question_is_kept(
    line: str, options: dict[str, object], question: str
) -> None:
    read = read_line(line)
    assert read.options == Options(**options)  # type: ignore[arg-type]
    assert (read.command, read.question) == (None, question)


def test_a_cell_is_the_question_and_follows_the_line() -> None:
    assert read_line("-q", "help\n").question == "help"
    assert read_line("explain:", "x = {1}\n").question == "explain:\n\nx = {1}"
    assert read_line("profiles", "all\n").command is None


@pytest.mark.parametrize("command", ["profiles", "history", "reset", "status", "fix", "trace", "help"])
def test_commands_stand_alone(command: str) -> None:
    assert read_line(command).command == command
    assert read_line(f"--chat x {command}").command == command
    assert read_line(f"{command} of Rome").command is None
    assert read_line(f"-- {command}").question == command


def test_use_takes_one_word() -> None:
    assert (read_line("use gpt").command, read_line("use gpt").argument) == ("use", "gpt")
    assert read_line("use gpt for it").command is None
    assert read_line("use").question == "use"
    assert read_line("-- use gpt").question == "use gpt"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--bogus hi", "no option --bogus"),
        ("-x hi", "no option -x"),
        ("-t warm hi", "invalid float"),
        ("-f xml hi", "invalid choice"),
        ("-p", "-p needs a value"),
        ("-v 1x hi", "no name of a variable"),
    ],
)
def test_what_is_wrong_is_said(line: str, said: str) -> None:
    with pytest.raises(ChatError, match=said):
        read_line(line)


def test_parameters_are_those_that_were_given() -> None:
    assert read_line("-t 0 --system s hi").options.parameters() == {"temperature": 0, "system_prompt": "s"}
    assert read_line("hi").options.parameters() is None


def test_the_help_lists_everything() -> None:
    assert all(name in usage() for name in option_names())
