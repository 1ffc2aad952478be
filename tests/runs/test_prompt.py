"""The conversation as the model is sent it."""

from __future__ import annotations

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
