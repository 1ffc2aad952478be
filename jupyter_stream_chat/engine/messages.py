"""The engine's wire: requests and events, one JSON object per line.

Owns every shape that crosses the pipe between the server and the engine process, and their coding.
Imports the standard library alone, because the server imports it too. ``Generate`` is answered by any
number of ``Progress`` and ``Queued``, then ``Started`` and ``Text``, and in the end by exactly one of
``Finished`` and ``Failed``. Fractions are 0..1, sizes are in tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypedDict, TypeVar

Stage = Literal["importing", "downloading", "waiting_for_hub", "loading"]
FinishReason = Literal["stop", "length", "interrupted"]


class ChatMessage(TypedDict):
    """One message of the conversation, as chat templates take it."""

    role: str
    content: str


@dataclass(frozen=True)
class Parameters:
    """How to generate. What is None is the model's own default (its generation config)."""

    temperature: float | None = None
    """0 is greedy."""
    top_k: int | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Most tokens of the answer; None: as many as the context holds."""
    repetition_penalty: float | None = None
    seed: int | None = None
    """None: another answer each time."""
    stop: list[str] | None = None
    """Texts that end the answer; not shown themselves."""
    prompt_lookup: int | None = None
    """Most tokens to guess per call from the conversation so far; None: none. The answer stays the same, and
    comes faster where it repeats text."""


@dataclass(frozen=True)
class LoadOptions:
    """How to load a model. Another value of any field is another loaded model."""

    device: str = "auto"
    """auto (a GPU if there is one), cpu, cuda, cuda:1, mps ..."""
    dtype: str = "auto"
    """auto (as the weights are stored), float32, bfloat16, float16."""
    revision: str | None = None
    """Branch, tag or commit on the hub."""
    quantization: str = "none"
    """none, 4bit or 8bit: how the weights are held."""
    draft_model: str | None = None
    """Hub id or folder of a smaller model of the same vocabulary, which guesses the next tokens."""


@dataclass(frozen=True)
class Generate:
    """Answer a conversation."""

    request_id: str
    model: str
    """Hub id or folder."""
    messages: list[ChatMessage]
    parameters: Parameters = field(default_factory=Parameters)
    load: LoadOptions = field(default_factory=LoadOptions)
    continue_final: bool = False
    """Go on with the last message's text instead of answering it."""


@dataclass(frozen=True)
class Cancel:
    """Stop a request, wherever it is. One that is unknown or over is ignored."""

    request_id: str


@dataclass(frozen=True)
class Pause:
    """Let a request stand still, wherever it is: nothing is computed for it, and it holds up no other."""

    request_id: str


@dataclass(frozen=True)
class Resume:
    """Let a paused request go on, when its turn comes."""

    request_id: str


@dataclass(frozen=True)
class Unload:
    """Give the memory of a model back, unless an answer of it is being written."""

    model: str


@dataclass(frozen=True)
class ReleaseMemory:
    """Give back what is idle: another program needs the memory."""


@dataclass(frozen=True)
class Shutdown:
    """End the process at once."""


@dataclass(frozen=True)
class Progress:
    """What the request waits for. ``fraction`` is None where it cannot be known."""

    request_id: str
    stage: Stage
    fraction: float | None = None


@dataclass(frozen=True)
class Queued:
    """Place in the queue; 1 is next."""

    request_id: str
    position: int


@dataclass(frozen=True)
class Started:
    """The model begins to read the prompt."""

    request_id: str
    prompt_tokens: int
    reused_tokens: int
    """How much of the prompt need not be read again."""
    opening: str = ""
    """Marks that the prompt left open: the answer begins inside of them (``<think>``)."""
    harmony: bool = False
    """Whether the answer comes in the channels of gpt-oss."""


@dataclass(frozen=True)
class Text:
    """Text of the answer to append."""

    request_id: str
    text: str


@dataclass(frozen=True)
class Usage:
    """Tokens read and written."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Finished:
    """The answer is over."""

    request_id: str
    finish_reason: FinishReason
    usage: Usage
    forward_calls: int = 0
    """Calls of the model: chunks of the prompt and steps."""
    forward_calls_after_stop: int = 0
    """Of these, how many were running at the stop or began after it."""
    guessed_tokens: int = 0
    """Tokens guessed by prompt lookup or by the draft model."""
    accepted_tokens: int = 0
    """Of these, how many were right."""


@dataclass(frozen=True)
class ModelStatus:
    """A model in memory, and what was done with it since it was loaded. Sizes are in bytes."""

    model: str
    """Hub id or folder."""
    device: str
    quantization: str
    draft_model: str | None
    nbytes: int
    """Of its weights, the draft model's included."""
    cache_nbytes: int
    """Of what its chats take."""
    idle_cache_nbytes: int
    """Of these, what finished chats take."""
    cache_budget: int
    running: int
    """Answers that are being written."""
    steps: int
    """Calls of the model."""
    step_answers: int
    """Answers that took part in these calls, summed."""
    output_tokens: int
    guessed_tokens: int
    """By prompt lookup or by the draft model."""
    accepted_tokens: int
    """Of these, how many were right."""


@dataclass(frozen=True)
class Status:
    """The models in memory: sent when it changes, about once a second. Belongs to no request."""

    models: list[ModelStatus]
    free_nbytes: int | None
    """Memory that is free where models are loaded."""


@dataclass(frozen=True)
class Freed:
    """Memory was given back because another program needed it. Belongs to no request."""

    what: Literal["caches", "model"]
    """What finished chats had taken, or a whole model that nobody asked."""
    model: str
    nbytes: int


@dataclass(frozen=True)
class Failed:
    """The request ended with an error: a stable code, one plain sentence, a hint, the trace."""

    request_id: str
    code: str
    message: str
    hint: str | None = None
    detail: str | None = None


Request = Generate | Cancel | Pause | Resume | Unload | ReleaseMemory | Shutdown
Event = Progress | Queued | Started | Text | Finished | Failed
"""What a request is told."""
Report = Status | Freed
"""What belongs to no request."""

_REQUESTS: dict[str, type[Request]] = {
    "generate": Generate,
    "cancel": Cancel,
    "pause": Pause,
    "resume": Resume,
    "unload": Unload,
    "release_memory": ReleaseMemory,
    "shutdown": Shutdown,
}
_EVENTS: dict[str, type[Event] | type[Report]] = {
    "progress": Progress,
    "queued": Queued,
    "started": Started,
    "text": Text,
    "finished": Finished,
    "failed": Failed,
    "status": Status,
    "freed": Freed,
}
_NAMES: dict[type[Request] | type[Event] | type[Report], str] = {
    cls: name for table in (_REQUESTS, _EVENTS) for name, cls in table.items()
}
_NESTED: dict[str, type[Parameters | LoadOptions | Usage]] = {
    "parameters": Parameters,
    "load": LoadOptions,
    "usage": Usage,
}


M = TypeVar("M")


def encode(message: Request | Event | Report) -> bytes:
    """Write one line, newline included."""
    fields = {"type": _NAMES[type(message)], **vars(message)}
    return json.dumps(fields, default=asdict, separators=(",", ":")).encode() + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a line from the server. Raises ValueError or TypeError for what is no request."""
    return _decode(line, _REQUESTS)


def decode_event(line: bytes) -> Event | Report:
    """Read a line from the engine. Raises ValueError or TypeError for what is no event."""
    return _decode(line, _EVENTS)


def _decode(line: bytes, classes: Mapping[str, type[M]]) -> M:
    """Read a line of one direction. A message of the other one is refused like any other nonsense."""
    try:
        fields = json.loads(line)
    except RecursionError as error:
        raise ValueError("a message of the engine that is nested too deeply") from error
    name = fields.pop("type", None) if isinstance(fields, dict) else None
    if not isinstance(name, str) or name not in classes:
        raise ValueError(f"no message of this direction: {line[:200]!r}")
    if not isinstance(fields.get("request_id", ""), str):
        raise ValueError(f"no request has this id: {line[:200]!r}")
    for key, cls in _NESTED.items():
        if key in fields:
            fields[key] = cls(**fields[key])
    if "models" in fields:
        fields["models"] = [ModelStatus(**each) for each in fields["models"]]
    return classes[name](**fields)
