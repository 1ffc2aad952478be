"""The conversation as the model is sent it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from jupyter_stream_chat.chats.tree import Turn
from jupyter_stream_chat.runs.prompt import prompt_messages


def test_turns_become_messages_after_the_system_prompt() -> None:
    turns = [Turn("user", "hi"), Turn("assistant", "hello"), Turn("user", "why?")]
    assert prompt_messages(turns, "Be brief.") == [
        SystemMessage(content="Be brief."),
        HumanMessage(content="hi"),
        AIMessage(content="hello"),
        HumanMessage(content="why?"),
    ]


def test_without_a_system_prompt_there_is_none() -> None:
    assert prompt_messages([Turn("user", "hi")], None) == [HumanMessage(content="hi")]


def test_two_questions_in_a_row_become_one() -> None:
    turns = [Turn("user", "one"), Turn("assistant", " \n"), Turn("user", "two"), Turn("assistant", "2")]
    assert prompt_messages(turns, None) == [HumanMessage(content="one\n\ntwo"), AIMessage(content="2")]


def test_the_first_is_the_users_and_none_is_blank() -> None:
    turns = [Turn("assistant", "hello"), Turn("user", "  "), Turn("user", "why?")]
    assert prompt_messages(turns, " ") == [HumanMessage(content="why?")]


@given(
    st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), st.sampled_from(["", " ", "a", "b\n"])))
)
def test_what_is_sent_alternates(turns: list[Turn]) -> None:
    roles = [message.type for message in prompt_messages([*turns, Turn("user", "now")], "Be brief.")]
    assert roles[0] == "system"
    assert roles[1::2] == ["human"] * len(roles[1::2])
    assert roles[2::2] == ["ai"] * len(roles[2::2])
    assert roles[-1] == "human"
