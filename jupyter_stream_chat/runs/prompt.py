"""The conversation as LangChain messages, in the form that the strictest server accepts. Pure.

Owns what a model is sent of each kind of part.
"""

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

    The roles alternate, the first is the user's, and no message is blank: after a Stop or an error two
    questions follow each other, or an answer is empty, and many servers and templates refuse that.
    """
    opening = [("system", system_prompt)] if system_prompt and system_prompt.strip() else []
    sent: list[tuple[str, str]] = []
    for role, text in [*opening, *((turn.role, _text_of(turn)) for turn in turns)]:
        if not text.strip():
            continue
        if role == "assistant" and not any(each == "user" for each, _ in sent):
            continue
        if sent and sent[-1][0] == role:
            sent[-1] = (role, f"{sent[-1][1]}\n\n{text}")
        else:
            sent.append((role, text))
    return [_MESSAGE[role](content=text) for role, text in sent]


def _text_of(turn: Turn) -> str:
    return "".join(_IN_PROMPT[part.type](part) for part in turn.parts)
