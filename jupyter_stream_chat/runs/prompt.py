"""The conversation as LangChain messages, in the form that the strictest server accepts. Pure.

Owns what a model is sent of each kind of part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ..attachments.envelope import Enclosed, enclosed, estimated_tokens, nonce_for
from ..attachments.pictures import ESTIMATED_TOKENS, Picture, is_picture
from ..chats.tree import Turn
from ..protocol import AttachmentPart, Part, ReasoningPart, TextPart
from ..providers.openai.chunks import REASONING

_NOT_STORED: Final = "The content of this attachment is not on the server any more."
_NOT_SENT: Final = "[The attachments of this question are not sent to this model.]\n\n"
_NO_PICTURES: Final = "The picture is not sent: this model takes no pictures."
_NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})
_ANSWER_SHARE: Final = 4
"""One part in so many of a context is kept free for the answer, where its length is not set."""
_MESSAGE = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


def prompt_messages(
    turns: Iterable[Turn],
    system_prompt: str | None,
    attached: Mapping[str, str] = _NO_TEXTS,
    *,
    takes_pictures: bool = True,
) -> list[BaseMessage]:
    """Return what the model is sent: the system prompt, if any, and the turns, oldest first.

    ``attached``: the contents of attachments by their hash. ``takes_pictures``: the model can be sent
    pictures; otherwise a sentence stands in the place of each.

    The roles alternate, the first is the user's, and no message is blank: after a Stop or an error two
    questions follow each other, or an answer is empty, and many servers and templates refuse that.
    """
    opening = [_Said("system", system_prompt)] if system_prompt and system_prompt.strip() else []
    sent: list[_Said] = []
    for said in [*opening, *(_said(turn, attached, takes_pictures) for turn in turns)]:
        if not said.text.strip():
            continue
        if said.role == "assistant" and not any(each.role == "user" for each in sent):
            continue
        if sent and sent[-1].role == said.role:
            sent[-1] = sent[-1].followed_by(said)
        else:
            sent.append(said)
    return [said.message() for said in sent]


@dataclass(frozen=True)
class _Said:
    """What one message says, with the pictures that its text refers to."""

    role: str
    text: str
    pictures: Sequence[Picture] = ()
    reasoning: str = ""

    def followed_by(self, other: _Said) -> _Said:
        return _Said(
            self.role,
            f"{self.text}\n\n{other.text}",
            [*self.pictures, *other.pictures],
            self.reasoning + other.reasoning,
        )

    def message(self) -> BaseMessage:
        message: BaseMessage = _MESSAGE[self.role](content=self._content())
        if self.reasoning:  # where LangChain sends nothing of it
            message.response_metadata[REASONING] = self.reasoning
        return message

    def _content(self) -> str | list[str | dict[Any, Any]]:
        if not self.pictures:
            return self.text
        return [{"type": "text", "text": self.text}, *(picture.as_block() for picture in self.pictures)]


def has_pictures(messages: Iterable[BaseMessage]) -> bool:
    """Tell whether a prompt holds a picture."""
    return any(_pictures_in(message) for message in messages)


def _pictures_in(message: BaseMessage) -> int:
    return 0 if isinstance(message.content, str) else len(message.content) - 1


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
    sizes = [estimated_tokens(str(each.text)) + ESTIMATED_TOKENS * _pictures_in(each) for each in messages]
    for start in questions:
        if sum(sizes[:first]) + sum(sizes[start:]) <= room or start == questions[-1]:
            return [*messages[:first], *messages[start:]], start - first
    return list(messages), 0


def _reasoning_of(turn: Turn) -> str:
    return "".join(part.text for part in turn.parts if isinstance(part, ReasoningPart))


def _said(turn: Turn, attached: Mapping[str, str], takes_pictures: bool) -> _Said:
    text = "".join(part.text for part in turn.parts if isinstance(part, TextPart))
    envelopes: list[Enclosed] = []
    pictures: list[Picture] = []
    for part in turn.parts:
        if isinstance(part, AttachmentPart):
            is_sent = is_picture(part.media_type) and takes_pictures and part.sha256 in attached
            if is_sent:
                pictures.append(Picture(part.media_type, attached[part.sha256]))
            envelopes.append(_enclosed(part, attached, len(pictures) if is_sent else None))
    said = enclosed(text, envelopes, nonce_for(turn.message_id, envelopes))
    return _Said(turn.role, said, pictures, _reasoning_of(turn))


def _enclosed(part: AttachmentPart, attached: Mapping[str, str], picture: int | None) -> Enclosed:
    """Return a part as text. ``picture``: its number among the pictures of its question."""
    if picture is not None:
        return Enclosed(part.kind, part.title, f"[picture {picture}, sent as an image]", part.omitted)
    if part.sha256 not in attached:
        return Enclosed(part.kind, part.title, "", [*part.omitted, _NOT_STORED])
    if is_picture(part.media_type):
        return Enclosed(part.kind, part.title, "", [*part.omitted, _NO_PICTURES])
    return Enclosed(part.kind, part.title, attached[part.sha256], part.omitted)
