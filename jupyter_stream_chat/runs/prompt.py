"""The conversation as LangChain messages. Pure. Owns what a model is sent of each kind of part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ..chats.tree import Turn
from ..protocol import Part, PartKind

_IN_PROMPT: Mapping[PartKind, Callable[[Part], str]] = {
    "text": lambda part: part.text,
    "reasoning": lambda part: "",
}
_MESSAGE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def prompt_messages(turns: Iterable[Turn], system_prompt: str | None) -> list[BaseMessage]:
    """Return what the model is sent: the system prompt, if any, and the turns, oldest first.

    A turn of which nothing is sent is left out.
    """
    opening: list[BaseMessage] = [SystemMessage(content=system_prompt)] if system_prompt else []
    sent = ((turn.role, "".join(_IN_PROMPT[part.type](part) for part in turn.parts)) for turn in turns)
    return opening + [_MESSAGE[role](content=text) for role, text in sent if text]
