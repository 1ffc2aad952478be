"""The conversation as the model is sent it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from jupyter_stream_chat.chats.tree import Turn
from jupyter_stream_chat.protocol import ReasoningPart, Role, TextPart
from jupyter_stream_chat.runs.prompt import prompt_messages


def turn(role: Role, text: str) -> Turn:
    """Make a turn of one text."""
    return Turn(role, [TextPart(text=text)])


def test_turns_become_messages_after_the_system_prompt() -> None:
    turns = [turn("user", "hi"), turn("assistant", "hello"), turn("user", "why?")]
    assert prompt_messages(turns, "Be brief.") == [
        SystemMessage(content="Be brief."),
        HumanMessage(content="hi"),
        AIMessage(content="hello"),
        HumanMessage(content="why?"),
    ]


def test_without_a_system_prompt_there_is_none() -> None:
    assert prompt_messages([turn("user", "hi")], None) == [HumanMessage(content="hi")]


def test_text_is_sent_and_reasoning_is_not() -> None:
    first, second = ReasoningPart(text="First "), ReasoningPart(text="then ")
    parts = [first, TextPart(text="One, "), second, TextPart(text="two.")]
    turns = [turn("user", "count"), Turn("assistant", parts), Turn("assistant", [first])]
    question, answer = prompt_messages(turns, None)
    assert question == HumanMessage(content="count")
    # LangChain sends nothing of the metadata; a deployment that asks for the reasoning is sent it from there.
    assert answer == AIMessage(content="One, two.", response_metadata={"reasoning_content": "First then "})


def test_two_questions_in_a_row_become_one() -> None:
    turns = [turn("user", "one"), turn("assistant", " \n"), turn("user", "two"), turn("assistant", "2")]
    assert prompt_messages(turns, None) == [HumanMessage(content="one\n\ntwo"), AIMessage(content="2")]


def test_the_first_is_the_users_and_none_is_blank() -> None:
    turns = [turn("assistant", "hello"), turn("user", "  "), turn("user", "why?")]
    assert prompt_messages(turns, " ") == [HumanMessage(content="why?")]


@given(
    st.lists(st.builds(turn, st.sampled_from(["user", "assistant"]), st.sampled_from(["", " ", "a", "b\n"])))
)
def test_what_is_sent_alternates(turns: list[Turn]) -> None:
    roles = [message.type for message in prompt_messages([*turns, turn("user", "now")], "Be brief.")]
    assert roles[0] == "system"
    assert roles[1::2] == ["human"] * len(roles[1::2])
    assert roles[2::2] == ["ai"] * len(roles[2::2])
    assert roles[-1] == "human"
