"""What Tab offers behind ``%chat``, as IPython's completer gives it in a kernel."""

from __future__ import annotations

import pytest

from .kernel import Kernel


def complete(kernel: Kernel, line: str) -> set[str]:
    """Return what a notebook is offered at the end of a line."""
    reply = kernel.complete(line)
    begin = line[: reply["cursor_start"]]
    return {begin + match for match in reply["matches"]}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%chat --max", "%chat --max-tokens"),
        ("%chat -p sc", "%chat -p scripted"),
        ("%%chat -t 0 --profile oth", "%%chat -t 0 --profile other"),
        ("%chat use oth", "%chat use other"),
        ("%chat prof", "%chat profiles"),
        ("%chat -f js", "%chat -f json"),
        ("%chat --chat tab", "%chat --chat tab-chat"),
        ("%chat what is {table_o", "%chat what is {table_of_towns"),
    ],
)
def test_options_commands_profiles_chats_and_names(kernel: Kernel, line: str, offered: str) -> None:
    kernel.run("table_of_towns = 1")
    kernel.run("%chat --chat tab-chat tokens=1")
    assert offered in complete(kernel, line)
