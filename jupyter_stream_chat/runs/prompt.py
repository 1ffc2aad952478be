"""The conversation as LangChain messages, in the form that the strictest server accepts. Pure.

Owns what a model is sent of each kind of part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ..attachments.envelope import Enclosed, enclosed, estimated_tokens, nonce_for
from ..chats.tree import Turn
from ..protocol import AttachmentPart, Part, ReasoningPart, TextPart
from ..providers.openai.chunks import REASONING

_NOT_STORED: Final = "The content of this attachment is not on the server any more."
_NOT_SENT: Final = "[The attachments of this question are not sent to this model.]\n\n"
_NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})
_ANSWER_SHARE: Final = 4
"""One part in so many of a context is kept free for the answer, where its length is not set."""
_MESSAGE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def prompt_messages(
    turns: Iterable[Turn], system_prompt: str | None, attached: Mapping[str, str] = _NO_TEXTS
) -> list[BaseMessage]:
    """Return what the model is sent: the system prompt, if any, and the turns, oldest first.

    ``attached``: the contents of attachments by their hash.

    The roles alternate, the first is the user's, and no message is blank: after a Stop or an error two
    questions follow each other, or an answer is empty, and many servers and templates refuse that.
    """
    opening = [("system", system_prompt)] if system_prompt and system_prompt.strip() else []
    said = ((turn.role, _text_of(turn, attached), _reasoning_of(turn)) for turn in turns)
    sent: list[tuple[str, str, str]] = []
    has_question = False
    for role, text, reasoning in [*((role, text, "") for role, text in opening), *said]:
        if not text.strip():
            continue
        has_question = has_question or role == "user"
        if role == "assistant" and not has_question:
            continue
        if sent and sent[-1][0] == role:
            sent[-1] = (role, f"{sent[-1][1]}\n\n{text}", sent[-1][2] + reasoning)
        else:
            sent.append((role, text, reasoning))
    return [_message(*each) for each in sent]


def _message(role: str, text: str, reasoning: str) -> BaseMessage:
    message: BaseMessage = _MESSAGE[role](content=text)
    if reasoning:  # where LangChain sends nothing of it
        message.response_metadata[REASONING] = reasoning
    return message


def without_attachments(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns with a sentence in the place of each question's attachments."""
    return [replace(turn, parts=_without_attachments(turn.parts)) for turn in turns]


def _without_attachments(parts: Sequence[Part]) -> list[Part]:
    others: list[Part] = [part for part in parts if not isinstance(part, AttachmentPart)]
    return others if len(others) == len(parts) else [TextPart(text=_NOT_SENT), *others]


def within(
    messages: Sequence[BaseMessage], context_length: int, answer_tokens: int | None = None
) -> tuple[list[BaseMessage], int]:
    """Leave out the oldest turns until the rest fits a context, as estimated; the last question stays.

    Lengths are in tokens. Returns the messages and how many of them were left out.
    """
    room = context_length - (answer_tokens or context_length // _ANSWER_SHARE)
    first = next((at for at, each in enumerate(messages) if isinstance(each, HumanMessage)), 0)
    questions = [at for at, each in enumerate(messages) if at >= first and isinstance(each, HumanMessage)]
    sizes = [estimated_tokens(str(each.text)) for each in messages]
    for start in questions:
        if sum(sizes[:first]) + sum(sizes[start:]) <= room or start == questions[-1]:
            return [*messages[:first], *messages[start:]], start - first
    return list(messages), 0


def _reasoning_of(turn: Turn) -> str:
    return "".join(part.text for part in turn.parts if isinstance(part, ReasoningPart))


def _text_of(turn: Turn, attached: Mapping[str, str]) -> str:
    text = "".join(part.text for part in turn.parts if isinstance(part, TextPart))
    envelopes = [_enclosed(part, attached) for part in turn.parts if isinstance(part, AttachmentPart)]
    return enclosed(text, envelopes, nonce_for(turn.message_id, envelopes))


def _enclosed(part: AttachmentPart, attached: Mapping[str, str]) -> Enclosed:
    known = part.sha256 in attached
    omitted = part.omitted if known else [*part.omitted, _NOT_STORED]
    return Enclosed(part.kind, part.title, attached.get(part.sha256, ""), omitted)
