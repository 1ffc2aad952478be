"""The conversation as LangChain messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ..chats.tree import Turn

_MESSAGE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def prompt_messages(turns: Iterable[Turn], system_prompt: str | None) -> list[BaseMessage]:
    """Return what the model is sent: the system prompt, if any, and the turns, oldest first."""
    opening: list[BaseMessage] = [SystemMessage(content=system_prompt)] if system_prompt else []
    return opening + [_MESSAGE[turn.role](content=turn.text) for turn in turns]
