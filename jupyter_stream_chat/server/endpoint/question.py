"""What a client asks: the body of ``chat/completions``, read and checked.

A field that would change the answer and is not obeyed is refused by its name; one that changes nothing is
ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...chats.tree import Turn
from ...protocol import PARAMETER_ROWS, Parameters, Role, TextPart
from ...providers.profiles.profile import Profile
from ...runs.prompt import prompt_messages
from .refusal import Refusal, refused

_ROLES: Final[dict[str, Role]] = {
    "assistant": "assistant",
    "developer": "system",
    "system": "system",
    "user": "user",
}
_TOOLS: Final = ("tools", "tool_choice", "functions", "function_call")
_NEUTRAL: Final[dict[str, Sequence[JsonValue]]] = {
    "best_of": (1,),
    "frequency_penalty": (0,),
    "function_call": ("none",),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "presence_penalty": (0,),
    "response_format": ({"type": "text"},),
    "store": (False,),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
}
"""Fields that are not obeyed, with the values that ask for nothing."""
_IGNORED: Final = frozenset(
    {
        "metadata",
        "parallel_tool_calls",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "user",
    }
)
"""Fields that change no answer."""
_OBEYED: Final = frozenset(PARAMETER_ROWS) - {"system_prompt"}


class StreamOptions(BaseModel):
    """How a stream is written."""

    model_config = ConfigDict(frozen=True)

    include_usage: bool = False
    """Whether the last chunk has the tokens that were counted."""


class TextContent(BaseModel):
    """Text in a message of several parts."""

    model_config = ConfigDict(frozen=True)

    type: Literal["text"]
    text: str


class ChatTurn(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: str
    content: str | list[dict[str, JsonValue]] | None = None


class Body(BaseModel):
    """The fields of a request that are read here; the parameters are read as those of a profile."""

    model_config = ConfigDict(frozen=True, extra="allow")

    model: str
    messages: list[ChatTurn] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None


@dataclass(frozen=True)
class Question:
    """A request as it is to be answered."""

    model: str
    """The id of a profile."""
    turns: Sequence[Turn]
    parameters: Parameters
    is_streamed: bool
    includes_usage: bool

    def profile(self, written: Profile) -> Profile:
        """Return the profile with the parameters of this request."""
        unknown = [
            name
            for name in self.parameters.model_dump(exclude_none=True)
            if name not in written.served_by.parameters
        ]
        if unknown:
            message = f"{written.id} has no parameter {unknown[0]}."
            raise refused("unsupported_parameter", message, unknown[0], "Leave it out.")
        return written.with_parameters(self.parameters)

    def prompt(self, profile: Profile) -> list[BaseMessage]:
        """Return what the model is sent. The request's system message stands for the profile's own."""
        has_own = any(turn.role == "system" for turn in self.turns)
        return prompt_messages(self.turns, None if has_own else profile.parameters.system_prompt)


def read_question(raw: bytes, most_characters: int) -> Question:
    """Read a request's body. ``most_characters``: of the last question. Raises Refusal."""
    try:
        body = Body.model_validate_json(raw)
    except ValidationError as error:
        raise _invalid(error) from None
    extra = body.model_extra or {}
    _check_fields(extra)
    turns = [_turn(message, f"messages.{at}") for at, message in enumerate(body.messages)]
    questions = [_text(turn) for turn in turns if turn.role == "user"]
    if not any(text.strip() for text in questions):
        raise refused("invalid_request", "There is no question: no message of a user has text.", "messages")
    if len(questions[-1]) > most_characters:
        message = f"The last message has {len(questions[-1])} characters; {most_characters} are allowed."
        raise refused("message_too_long", message, "messages")
    return Question(
        model=body.model,
        turns=turns,
        parameters=_parameters(body, extra),
        is_streamed=bool(body.stream),
        includes_usage=body.stream_options is not None and body.stream_options.include_usage,
    )


def _check_fields(extra: dict[str, Any]) -> None:
    for name, value in extra.items():
        if value is None or name in _OBEYED or name in _IGNORED:
            continue
        if name in _NEUTRAL and value in _NEUTRAL[name]:
            continue
        if name in _TOOLS:
            message = f"This server calls no tools: {name} is not supported."
        elif name == "n":
            message = "This server writes one answer for a request: n has to be 1."
        else:
            message = f"This server does not obey {name[:64]}."
        raise refused("unsupported_parameter", message, name, "Leave it out.")


def _turn(message: ChatTurn, where: str) -> Turn:
    extra = message.model_extra or {}
    if message.role in ("tool", "function") or extra.get("tool_calls") or extra.get("function_call"):
        raise refused("unsupported_parameter", "This server calls no tools.", where)
    role = _ROLES.get(message.role)
    if role is None:
        raise refused("invalid_request", f"There is no role {message.role[:64]}.", f"{where}.role")
    if isinstance(message.content, list):
        parts = [_part(part, f"{where}.content.{at}") for at, part in enumerate(message.content)]
    else:
        parts = [TextPart(text=message.content or "")]
    return Turn(role, parts)


def _part(part: dict[str, JsonValue], where: str) -> TextPart:
    try:
        return TextPart(text=TextContent.model_validate(part).text)
    except ValidationError:
        kind = str(part.get("type"))[:64]
        message = f"Messages have text alone here; a part of the type {kind} is not supported."
        raise refused("unsupported_parameter", message, where) from None


def _text(turn: Turn) -> str:
    return "".join(part.text for part in turn.parts if isinstance(part, TextPart))


def _parameters(body: Body, extra: dict[str, Any]) -> Parameters:
    given = {name: extra[name] for name in _OBEYED if extra.get(name) is not None}
    if body.max_completion_tokens is not None:
        given["max_tokens"] = body.max_completion_tokens
    if body.stop is not None:
        given["stop"] = [body.stop] if isinstance(body.stop, str) else body.stop
    try:
        return Parameters.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Refusal:
    """Name the first field that is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    param = ".".join(str(step) for step in first["loc"] if isinstance(step, int) or not step[:1].isupper())
    what = f"{param}: {first['msg']}" if param else first["msg"]
    return refused("invalid_request", f"The request is not valid. {what}.", param or None)
