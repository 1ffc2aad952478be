"""The conversation as LangChain messages, in the form that the strictest server accepts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ..chats.tree import Turn

_MESSAGE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def prompt_messages(turns: Iterable[Turn], system_prompt: str | None) -> list[BaseMessage]:
    """Return what the model is sent: the system prompt, if any, and the turns, oldest first.

    The roles alternate, the first is the user's, and no message is blank: after a Stop or an error two
    questions follow each other, or an answer is empty, and many servers and templates refuse that.
    """
    opening = [Turn(role="system", text=system_prompt)] if system_prompt and system_prompt.strip() else []
    said: list[Turn] = []
    for turn in [*opening, *turns]:
        if not turn.text.strip():
            continue
        if turn.role == "assistant" and not any(each.role == "user" for each in said):
            continue
        if said and said[-1].role == turn.role:
            said[-1] = Turn(role=turn.role, text=f"{said[-1].text}\n\n{turn.text}")
        else:
            said.append(turn)
    return [_MESSAGE[turn.role](content=turn.text) for turn in said]
