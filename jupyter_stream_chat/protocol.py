"""The wire between a page and the server, once: commands, events and the values they carry.

Owns every shape that crosses the WebSocket, the REST API and the event streams. Imports nothing of
ours, does no I/O. The JSON Schema and the TypeScript types in ``src/protocol`` are generated from
this module (``make codegen``), attribute docstrings included.

Two things travel. *Structure* (messages, runs, how they ended) is carried by events that have their
chat's ``seq``, without gaps. *Text* is carried by deltas, which have a ``part`` and an ``offset`` instead.

A run writes parts, numbered from 0 without gaps; each has a kind, and only the last one grows. The text
itself is the log: a delta continues what is held if ``part == last and offset == length``, or if
``part == last + 1 and offset == 0``; replay is ``text[offset:]`` of each part, merging is concatenation. A
run's part n is the n-th part of its message's ``content`` that has its ``run_id``. All lengths and offsets
of text are in Unicode code points.

A frame from a page is one command. A frame to a page is one event or several, one per line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

PROTOCOL_VERSION = 2

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""An identifier made by the client (a UUID, usually). It is the primary key, so sending twice is harmless."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal digits."""

Role = Literal["user", "assistant", "system"]
PartKind = Literal["text", "reasoning"]
"""What a part of an answer is. A reader keeps a part of an unknown kind, and does not show it."""
PartLengths = list[Annotated[int, Field(ge=0)]]
"""A length in code points for each part of a run, in the order of the parts; missing at the end: 0."""
StreamingMode = Literal["auto", "on", "off"]
"""``auto`` streams where the deployment can, and else asks without; ``on`` does not ask without."""
RunStatus = Literal["queued", "starting", "waiting", "streaming", "paused", "finished"]
FinishReason = Literal[
    "stop", "length", "content_filter", "interrupted", "error", "timeout", "repetition", "lost"
]
PauseReason = Literal["asked", "repetition"]
"""``repetition``: the answer repeats itself, and the reader is asked whether it is to go on."""
LimitKind = Literal["first_token", "next_token", "end", "resume"]
"""What a time limit is on. ``resume``: how long a run may stay paused."""
ProgressStage = Literal["queued", "importing", "downloading", "waiting_for_hub", "loading", "retrying"]
Limitation = Literal[
    "refuses_streaming",
    "fails_streaming",
    "refuses_stream_options",
    "streams_only",
    "wants_reasoning",
    "opens_reasoning",
    "refuses_pictures",
]
"""What a deployment was found to need. ``fails_streaming``: without a reason, so perhaps by chance;
``streams_only``: does not answer in one piece; ``wants_reasoning``: refuses a conversation whose answers come
without their reasoning; ``opens_reasoning``: its template opens the reasoning, so answers begin inside it."""
FieldKind = Literal["text", "url", "model", "key", "variable"]
"""``key`` is written and never read; ``variable`` names an environment variable of the server."""
OnRepetition = Literal["off", "ask", "stop"]
"""What happens when an answer repeats itself: nothing, the run is paused and the user asked, or it ends."""
DoctorOutcome = Literal["pass", "warn", "fail", "skip"]
"""``warn``: it works, but not as well as it could. ``skip``: not looked at, the message says why."""
OpenReason = Literal["opened", "reconnected", "gap", "digest_mismatch"]


class Wire(BaseModel):
    """Base of all that travels: immutable, no unknown fields, no numbers that JSON cannot hold."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


# --- values -------------------------------------------------------------------------------------


class ErrorInfo(Wire):
    """An error as a person reads it: one sentence, a hint, the trace on demand."""

    code: str
    """Stable name, snake_case, for programs and tests."""
    message: str
    """One plain sentence."""
    hint: str | None = None
    """What the reader can do about it."""
    field: str | None = None
    """The field of the command or profile that is wrong, as a dotted path."""
    detail: str | None = None
    """The trace or the provider's own words, without keys."""
    values: dict[str, str] | None = None
    """Names and numbers of the sentence, for translations of it."""


class Notice(Wire):
    """What a reader should know of an answer that is no error."""

    code: str
    """Stable name, snake_case, for programs and tests."""
    message: str
    """One plain sentence."""


class Digest(Wire):
    """Check value of the whole text of one part, kept on both sides as the text grows."""

    length: int
    """Code points."""
    crc32: int
    """CRC-32 (IEEE 802.3, as zlib) of the UTF-8 bytes, unsigned."""


class TextPart(Wire):
    """Text of a message. For an answer, ``run_id`` names the run that wrote it.

    A text of an answer without ``run_id`` is the reader's own (``edit_answer``): it stands for all text
    before it, which stays where it is.
    """

    type: Literal["text"] = "text"
    text: str
    run_id: Id | None = None


class ReasoningPart(Wire):
    """Reasoning that a model showed before its answer. Never copied, never part of the next prompt."""

    type: Literal["reasoning"] = "reasoning"
    text: str
    run_id: Id | None = None


class AttachmentSource(Wire):
    """Where an attachment was taken from, so that a reader can be led there."""

    path: Annotated[str, StringConstraints(max_length=4096)] | None = None
    """Of a notebook or file, as Jupyter's contents manager has it."""
    cell_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    lines: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)] | None = None
    """The first and the last line, from 1."""
    variable: Annotated[str, StringConstraints(max_length=200)] | None = None
    output: Annotated[int, Field(ge=0)] | None = None
    """Which output of the cell, from 0; absent: the cell, or all its outputs."""


class AttachmentPart(Wire):
    """What a question carries beside its text. The content itself is in the store, by its hash."""

    type: Literal["attachment"] = "attachment"
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,31}$")]
    """What it is: ``cell``, ``notebook``, ``file``, ``variable`` and others; extensions may add their own."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    source: AttachmentSource = AttachmentSource()
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")] = (
        "text/plain"
    )
    sha256: Sha256
    """Of the content's UTF-8 bytes. The content of a picture is its bytes in base64."""
    characters: Annotated[int, Field(ge=0)]
    """Code points of the content."""
    omitted: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=300)]], Field(max_length=20)
    ] = []
    """Sentences: what was left out of the source, and why."""


WrittenPart = TextPart | ReasoningPart
"""A part that a run writes: its ``text`` grows, and ``run_id`` names the run. Its kind is a ``PartKind``."""

WRITTEN_PARTS: Mapping[PartKind, type[WrittenPart]] = {
    model.model_fields["type"].default: model for model in get_args(WrittenPart)
}

Part = Annotated[WrittenPart | AttachmentPart, Field(discriminator="type")]
"""A part of a message; its ``type`` is its kind. A new kind is a new member, here or of ``WrittenPart``."""


class UserText(Wire):
    """Text of a question."""

    type: Literal["text"] = "text"
    text: str


UserPart = Annotated[UserText | AttachmentPart, Field(discriminator="type")]
"""A part of a question: only what a user can write, and never in the name of a run."""


class Progress(Wire):
    """What a run that shows no text yet is doing. Ephemeral: the latest wins."""

    stage: ProgressStage
    fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    """Part done, where it is known."""
    position: Annotated[int, Field(ge=1)] | None = None
    """Place in the queue; 1 is next."""
    seconds: Annotated[int, Field(ge=0)] | None = None
    """Until the provider is asked again (it said when)."""


@dataclass(frozen=True)
class ParameterRow:
    """What a parameter is called: by people, by LangChain's OpenAI classes, by the engine.

    Its type and its range are those of the field.
    """

    label: str
    """The panel translates it, as it does ``note``."""
    openai: str | None
    """None: it is no field of a request. ``extra_body.NAME``: OpenAI's own servers do not have it."""
    engine: str | None
    """None: the engine does not have it."""
    note: str | None = None
    """What the form says of it beside its range."""


class Parameters(Wire):
    """How to generate. What is absent is the provider's own default; not every provider has all of them."""

    system_prompt: Annotated[str | None, ParameterRow("System prompt", None, None)] = None
    temperature: Annotated[
        Annotated[float, Field(ge=0, le=2)] | None,
        ParameterRow("Temperature", "temperature", "temperature", note="0 is the least random"),
    ] = None
    """0 is greedy."""
    top_p: Annotated[Annotated[float, Field(gt=0, le=1)] | None, ParameterRow("Top-p", "top_p", "top_p")] = (
        None
    )
    top_k: Annotated[
        Annotated[int, Field(ge=1)] | None, ParameterRow("Top-k", "extra_body.top_k", "top_k")
    ] = None
    max_tokens: Annotated[
        Annotated[int, Field(ge=1)] | None,
        ParameterRow("Longest answer, in tokens", "max_tokens", "max_tokens"),
    ] = None
    repetition_penalty: Annotated[
        Annotated[float, Field(gt=0, le=5)] | None,
        ParameterRow(
            "Repetition penalty",
            "extra_body.repetition_penalty",
            "repetition_penalty",
            note="1 is no penalty",
        ),
    ] = None
    seed: Annotated[int | None, ParameterRow("Seed", "seed", "seed")] = None
    stop: Annotated[
        list[str] | None,
        ParameterRow("Stop strings", "stop", "stop", note="the answer ends before any of them"),
    ] = None


PARAMETER_ROWS: Mapping[str, ParameterRow] = {
    name: next(each for each in field.metadata if isinstance(each, ParameterRow))
    for name, field in Parameters.model_fields.items()
}
"""The row of each parameter, by its name on the wire."""


class Pause(Wire):
    """Why a run is paused, and what becomes of it unless it is resumed."""

    reason: PauseReason
    auto_end_seconds: float | None = None
    """Seconds from the pause until the run ends at what was shown, unless it is resumed."""


class TimeLimit(Wire):
    """The time limit that ended a run."""

    limit_kind: LimitKind
    seconds: float


class Price(Wire):
    """What a million tokens cost."""

    input: Annotated[float, Field(ge=0)]
    """Of those that the model is sent."""
    output: Annotated[float, Field(ge=0)]
    """Of those that it writes, its reasoning included."""
    currency: Annotated[str, Field(min_length=1, max_length=8)] = "USD"


class Usage(Wire):
    """Tokens as the provider counted them."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    guessed_tokens: int = 0
    """Tokens that were guessed ahead (speculative decoding)."""
    accepted_tokens: int = 0
    """Of these, how many the model accepted."""
    cost: float | None = None
    """What the provider says that the answer cost, in US dollars (OpenRouter's ``usage.cost``)."""


class Timings(Wire):
    """Milliseconds since the run was accepted; ``disconnect_ms`` since the interrupt arrived."""

    first_token_ms: float | None = None
    total_ms: float
    disconnect_ms: float | None = None
    """Time until the provider had closed the connection after an interrupt; absent when it never did."""


class Counts(Wire):
    """What went through the callback chain; unequal numbers are reported, never hidden."""

    tokens: int = 0
    """Times that the model reported a new token with text."""
    logged: int = 0
    """Tokens handed to the token log."""
    forwarded: int = 0
    """Tokens handed on to the page's text."""
    characters: int = 0
    """Code points handed on, all parts."""
    unreported: int = 0
    """Code points that the callback did not deliver and the chunk loop appended instead."""
    after_interrupt: int = 0
    """Tokens that arrived after the interrupt."""
    discarded: int = 0
    """Tokens, wholly or in part, of the text that an interrupt did not keep."""


class RunInfo(Wire):
    """One generation, as far as it has come."""

    run_id: Id
    chat_id: Id
    message_id: Id
    """The answer that this run writes."""
    profile_id: str
    model: str
    """Name to show: the model's, as the profile has it."""
    streaming: StreamingMode
    parameters: Parameters | None = None
    """The chat's and the question's own values, where there were any: Continue asks with the same."""
    price: Price | None = None
    """The profile's when the run began, where it has one."""
    created_at: float
    """Seconds since the epoch."""
    status: RunStatus = "queued"
    progress: Progress | None = None
    pause: Pause | None = None
    """While the status is ``paused``."""
    finish_reason: FinishReason | None = None
    time_limit: TimeLimit | None = None
    """Which one, where the finish reason is ``timeout``."""
    kept: PartLengths | None = None
    """After an interrupt: how much of each part counts. The rest stays in the store, not in the context."""
    digest: list[Digest] | None = None
    """One per part, once the run has finished."""
    usage: Usage | None = None
    timings: Timings | None = None
    counts: Counts | None = None
    error: ErrorInfo | None = None
    notice: Notice | None = None
    """How the answer came about, where that is not as the reader expects."""


class Message(Wire):
    """A message of the tree: its parent says what it answers or follows."""

    message_id: Id
    chat_id: Id
    parent_id: Id | None = None
    role: Role
    author: str
    """Display name of who wrote it: a person, or the profile's label."""
    content: list[Part]
    created_at: float
    runs: list[RunInfo] = []
    """The runs that wrote this answer, oldest first (more than one after Continue)."""
    siblings: list[Id] | None = None
    """The messages that follow the same one, in the order of their making, this one among them. Absent: it is
    the only one."""


class ChatInfo(Wire):
    """A conversation, as the list shows it."""

    chat_id: Id
    title: str
    """Empty until the first question names it."""
    created_at: float
    updated_at: float
    profile_id: str | None = None
    """The chat's own choice; absent: the default profile."""
    streaming: StreamingMode | None = None
    """The chat's own switch; absent: the profile's, then the global setting."""
    parameters: Parameters | None = None
    """The chat's own values; what is absent in them is the profile's."""
    archived: bool | None = None
    """Put away: the list shows it apart from the others, and search finds it. Absent: it is not."""
    local_only: bool | None = None
    """The chat's attachments go to local models only."""
    running: bool = False


class ProfileInfo(Wire):
    """A profile as a page may see it: never a key."""

    profile_id: str
    label: str
    provider: str
    model: str
    streaming: StreamingMode | None = None
    locked: bool = False
    """From Jupyter's configuration: a page cannot change it."""
    parameters: Parameters | None = None
    """What holds where a chat has no values of its own."""
    context_length: int | None = None
    """Tokens that the model's context holds, where the profile says so."""
    has_key: bool = False
    """A key that was typed in is kept for it, and for the host that it names."""
    notice: str | None = None
    """What the panel says above the composer (the guide says what it is)."""
    problem: ErrorInfo | None = None
    """Why it cannot be used as it stands."""


class ProviderField(Wire):
    """One field of a profile, as a provider's form has it."""

    name: str
    kind: FieldKind
    required: bool = False
    example: str | None = None
    label: str | None = None
    """What the form calls it; absent: the panel has a name for it."""


class PresetInfo(Wire):
    """A well-known server: choosing it fills ``values`` into the form."""

    id: str
    label: str
    values: dict[str, str]


class ProviderInfo(Wire):
    """What the profiles of one provider hold; ``GET providers`` lists those that a page may use."""

    provider: str
    label: str
    fields: list[ProviderField]
    parameters: list[str]
    """Names of ``Parameters`` that it knows."""
    timeouts: dict[str, float]
    """Seconds that an answer may take where a profile's ``timeouts`` has no value, by name; 0: no limit."""
    on_repetition: OnRepetition
    """What happens when an answer repeats itself, where a profile has no value."""
    presets: list[PresetInfo] = []
    lists_models: bool = False
    """``POST profiles/models`` can say which models there are."""


class Deployment(Wire):
    """One model at one place."""

    provider: str
    endpoint: str
    """Its address without user or key, with the API version that was asked for; empty: the provider's own."""
    model: str
    """The model's or deployment's name as the provider has it."""


class DeploymentLimitation(Deployment):
    """What a deployment does not do, as the last question found out."""

    limitation: Limitation
    until: float
    """Seconds since the epoch; from then on it is tried again."""


class DoctorStep(Wire):
    """One finding of the doctor, a line of ``POST doctor``'s answer."""

    name: str
    """Stable name, snake_case, for programs and tests."""
    title: str
    """What was looked at, for people."""
    outcome: DoctorOutcome
    ms: float
    """Milliseconds that it took."""
    message: str
    """What was found: one plain sentence."""
    hint: str | None = None
    """What to change, where something is wrong."""
    field: str | None = None
    """The profile's field to change, where it is one."""
    detail: str | None = None
    """The provider's own words, without keys."""
    code: str
    """What was found, as a stable name, snake_case."""
    error_code: str | None = None
    """The code of the error that it is about."""
    values: dict[str, str] | None = None
    """Names and numbers of the sentence (and the error's), for translations of it."""


class Limits(Wire):
    """What the server refuses beyond."""

    frame_bytes: int
    message_characters: int
    open_chats: int
    live_runs: int
    """Queued ones included."""
    queued_runs: int
    pending_commands: int
    attachments: int = 0
    """Of one question; 0: nothing can be attached."""
    attachment_bytes: int = 0
    """Of one attachment's content as UTF-8."""


# --- commands: page to server ---------------------------------------------------------------------


class Command(Wire):
    """Base of commands. Each is answered once, by ``command_accepted`` or ``command_rejected``."""

    command_id: Id


class CreateChat(Command):
    """Make a chat. A second one with the same id is the same acknowledgement."""

    type: Literal["create_chat"] = "create_chat"
    chat_id: Id
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    profile_id: str | None = None
    streaming: StreamingMode | None = None
    parameters: Parameters | None = None
    local_only: bool | None = None


class UpdateChat(Command):
    """Change the fields that are present (a present null clears the chat's own choice)."""

    type: Literal["update_chat"] = "update_chat"
    chat_id: Id
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    profile_id: str | None = None
    streaming: StreamingMode | None = None
    parameters: Parameters | None = None
    """Replaces the chat's own values as a whole."""
    archived: bool | None = None
    local_only: bool | None = None


class DeleteChat(Command):
    """Delete a chat and all that is in it; its live runs are interrupted. Idempotent."""

    type: Literal["delete_chat"] = "delete_chat"
    chat_id: Id


class OpenChat(Command):
    """Follow a chat: the server replays what is missing, or sends a snapshot (``chat_opened``)."""

    type: Literal["open_chat"] = "open_chat"
    chat_id: Id
    epoch: str | None = None
    after_seq: int | None = None
    """The last ``seq`` folded, in that epoch."""
    known_lengths: dict[Id, PartLengths] = {}
    """The text that the page has, for each run that had not finished."""
    reason: OpenReason = "opened"


class CloseChat(Command):
    """Follow a chat no longer. Its runs go on."""

    type: Literal["close_chat"] = "close_chat"
    chat_id: Id


class LoadMessages(Command):
    """Ask for older messages; the answer is ``messages_loaded``."""

    type: Literal["load_messages"] = "load_messages"
    chat_id: Id
    before: Id
    """The oldest message held."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class SendMessage(Command):
    """Ask a question: adds the message, adds an empty answer and starts a run that writes it."""

    type: Literal["send_message"] = "send_message"
    chat_id: Id
    message_id: Id
    parent_id: Id | None = None
    """The message that the question follows; absent: it opens the chat."""
    content: Annotated[list[UserPart], Field(min_length=1)]
    answer_id: Id
    run_id: Id
    profile_id: str | None = None
    """For this question alone; absent: the chat's."""
    streaming: StreamingMode | None = None
    """For this question alone; absent: the chat's."""
    parameters: Parameters | None = None
    """For this question alone; what is absent in them is the chat's."""
    instructions: str | None = None
    """The user's system prompt for all chats: holds where the question, chat and profile have none."""


class RegenerateAnswer(Command):
    """Answer a question once more: adds an empty answer beside those that it has, and starts a run."""

    type: Literal["regenerate_answer"] = "regenerate_answer"
    chat_id: Id
    message_id: Id
    """The question."""
    answer_id: Id
    run_id: Id
    profile_id: str | None = None
    """For this answer alone; absent: the chat's."""
    instructions: str | None = None
    """The user's system prompt for all chats: holds where the chat and the profile have none."""


class EditAnswer(Command):
    """Say what counts of an answer. What its runs wrote stays in the store."""

    type: Literal["edit_answer"] = "edit_answer"
    chat_id: Id
    message_id: Id
    text: str | None = None
    """Stands for all that runs wrote; empty: none of it counts; null: what was shown counts again."""


class SelectBranch(Command):
    """Make a message part of the active branch, which leads on to the newest message under it."""

    type: Literal["select_branch"] = "select_branch"
    chat_id: Id
    message_id: Id


class InterruptRun(Command):
    """Stop a run. What was shown is what is kept."""

    type: Literal["interrupt_run"] = "interrupt_run"
    run_id: Id
    shown: PartLengths | None = None
    """Text on the page at the click; absent: all that the server has."""


class ContinueAnswer(Command):
    """Go on with an answer that ended early: another run writes on in the same message.

    Where nothing of it was kept, the question is asked again.
    """

    type: Literal["continue_answer"] = "continue_answer"
    chat_id: Id
    message_id: Id
    """The answer."""
    run_id: Id
    """The new run."""


class PauseRun(Command):
    """Pause a run: nothing is added to its text until it is resumed. A local model computes nothing."""

    type: Literal["pause_run"] = "pause_run"
    run_id: Id
    shown: PartLengths | None = None
    """Text on the page at the click: what is kept if the run is not resumed."""


class ResumeRun(Command):
    """Let a paused run go on."""

    type: Literal["resume_run"] = "resume_run"
    run_id: Id


class Ping(Command):
    """Ask whether the connection lives; answered by ``command_accepted``."""

    type: Literal["ping"] = "ping"


AnyCommand = Annotated[
    CreateChat
    | UpdateChat
    | DeleteChat
    | OpenChat
    | CloseChat
    | LoadMessages
    | SendMessage
    | RegenerateAnswer
    | EditAnswer
    | SelectBranch
    | InterruptRun
    | ContinueAnswer
    | PauseRun
    | ResumeRun
    | Ping,
    Field(discriminator="type"),
]


# --- events: server to page -----------------------------------------------------------------------


class Hello(Wire):
    """The first frame. A page of another protocol version asks to be reloaded."""

    type: Literal["hello"] = "hello"
    protocol: int
    epoch: str
    """Names this start of the server; sequence numbers count within it."""
    user: str
    """Display name of the user that the server sees."""
    user_id: str = ""
    """Names the user to the browser's own storage; empty where Jupyter knows no user by name."""
    limits: Limits


class CommandAccepted(Wire):
    """A command took effect (or had already)."""

    type: Literal["command_accepted"] = "command_accepted"
    command_id: Id
    note: Literal["not_running"] | None = None
    """``not_running``: the interrupt (or pause, or resume) came when the run had ended or was not known."""


class CommandRejected(Wire):
    """A command had no effect."""

    type: Literal["command_rejected"] = "command_rejected"
    command_id: str | None = None
    """Absent when the frame was so malformed that it had none."""
    error: ErrorInfo


class WorkspaceLoaded(Wire):
    """The chat list and the profiles, whole; sent on connecting."""

    type: Literal["workspace_loaded"] = "workspace_loaded"
    seq: int
    chats: list[ChatInfo]
    profiles: list[ProfileInfo]
    default_profile_id: str | None = None
    """Absent when no profile can be used: the panel shows its set-up card."""
    profiles_locked: bool = False
    """Pages cannot add profiles."""
    streaming: StreamingMode
    """The global setting."""
    streaming_locked: bool = False
    """The global setting holds for every profile and chat: their own choices are ignored."""
    not_saved: ErrorInfo | None = None
    """Why chats live in memory only."""
    store_damaged: ErrorInfo | None = None
    """Saved chats could not be read and were put aside; ``detail`` is where."""
    tracing: bool = False
    """LangChain tracing sends every chat to a third party."""


class ChatAdded(Wire):
    """A chat was made (workspace sequence)."""

    type: Literal["chat_added"] = "chat_added"
    seq: int
    chat: ChatInfo


class ChatUpdated(Wire):
    """A chat's line in the list changed (workspace sequence)."""

    type: Literal["chat_updated"] = "chat_updated"
    seq: int
    chat: ChatInfo


class ChatDeleted(Wire):
    """A chat is gone (workspace sequence)."""

    type: Literal["chat_deleted"] = "chat_deleted"
    seq: int
    chat_id: Id


class ProfilesChanged(Wire):
    """The profiles, whole (workspace sequence)."""

    type: Literal["profiles_changed"] = "profiles_changed"
    seq: int
    profiles: list[ProfileInfo]
    default_profile_id: str | None = None


class ChatOpened(Wire):
    """A snapshot: the last messages of the active branch, live runs with their text so far."""

    type: Literal["chat_opened"] = "chat_opened"
    chat_id: Id
    seq: int
    messages: list[Message]
    has_more: bool
    """Older messages exist (``load_messages``)."""
    read_only: ErrorInfo | None = None
    """Why nothing can be sent here (a run of it lives in another server)."""


class ChatResumed(Wire):
    """What the page holds is continued: missing events and deltas follow."""

    type: Literal["chat_resumed"] = "chat_resumed"
    chat_id: Id
    seq: int
    """The ``seq`` that the page will have folded after the replay."""


class MessagesLoaded(Wire):
    """Older messages, oldest first."""

    type: Literal["messages_loaded"] = "messages_loaded"
    command_id: Id
    chat_id: Id
    before: Id
    messages: list[Message]
    has_more: bool


class MessageAdded(Wire):
    """A message was added to the chat."""

    type: Literal["message_added"] = "message_added"
    chat_id: Id
    seq: int
    message: Message


class MessageChanged(Wire):
    """A message has other content than before (``edit_answer``)."""

    type: Literal["message_changed"] = "message_changed"
    chat_id: Id
    seq: int
    message: Message


class BranchSelected(Wire):
    """The end of the branch that is active now, oldest first. It follows the parent of its first message.

    Who does not hold that parent holds these messages alone from now on.
    """

    type: Literal["branch_selected"] = "branch_selected"
    chat_id: Id
    seq: int
    messages: list[Message]
    has_more: bool
    """Messages before these exist."""


class RunStarted(Wire):
    """A run was accepted; it writes the message that it names."""

    type: Literal["run_started"] = "run_started"
    chat_id: Id
    seq: int
    run: RunInfo


class RunFinished(Wire):
    """A run ended, exactly once. ``run`` is final: reason, kept, digest, usage, timings, counts, error."""

    type: Literal["run_finished"] = "run_finished"
    chat_id: Id
    seq: int
    run: RunInfo


class RunProgressed(Wire):
    """Ephemeral: the run's status, and what it does before its first text."""

    type: Literal["run_progressed"] = "run_progressed"
    chat_id: Id
    run_id: Id
    status: RunStatus
    progress: Progress | None = None
    pause: Pause | None = None


class Delta(Wire):
    """Text to append to a part of a run at ``offset``."""

    type: Literal["delta"] = "delta"
    run_id: Id
    part: Annotated[int, Field(ge=0)]
    """The number of the part, from 0 within the run."""
    offset: Annotated[int, Field(ge=0)]
    """Code points of that part before this text."""
    text: str
    kind: PartKind | None = None
    """The part's kind, in its first delta (``offset`` 0) alone."""


ChatEvent = MessageAdded | MessageChanged | BranchSelected | RunStarted | RunFinished
"""Events that have their chat's ``seq``."""

WorkspaceEvent = ChatAdded | ChatUpdated | ChatDeleted | ProfilesChanged
"""Events that have the workspace's ``seq``."""

AnyEvent = Annotated[
    Hello
    | CommandAccepted
    | CommandRejected
    | WorkspaceLoaded
    | ChatAdded
    | ChatUpdated
    | ChatDeleted
    | ProfilesChanged
    | ChatOpened
    | ChatResumed
    | MessagesLoaded
    | MessageAdded
    | MessageChanged
    | BranchSelected
    | RunStarted
    | RunFinished
    | RunProgressed
    | Delta,
    Field(discriminator="type"),
]

REST_VALUES: tuple[type[Wire], ...] = (DoctorStep, ProviderInfo)
"""What travels by REST alone, and so is named in the schema by itself."""

COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def encode(event: Wire) -> str:
    """Write one line of a frame: compact JSON; a field that is null is left out."""
    return event.model_dump_json(exclude_none=True)


def schema() -> dict[str, Any]:
    """Return one JSON Schema with every command, event and REST value as a definition."""
    commands = COMMAND.json_schema(mode="serialization")
    events = EVENT.json_schema(mode="serialization")
    definitions = {**commands.pop("$defs"), **events.pop("$defs")}
    for value in REST_VALUES:
        described = value.model_json_schema(mode="serialization")
        definitions |= {**described.pop("$defs", {}), value.__name__: described}
    for definition in definitions.values():
        _tidy(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire",
        "description": f"Protocol version {PROTOCOL_VERSION}. Generated by `make codegen`; do not edit.",
        "$defs": {**definitions, "AnyCommand": commands, "AnyEvent": events},
    }


def _tidy(definition: dict[str, Any]) -> None:
    """Say in the schema what ``encode`` does (null fields are absent); drop titles that only repeat names."""
    properties = definition.get("properties", {})
    for prop in properties.values():
        prop.pop("title", None)
    definition["required"] = [
        name
        for name in definition.get("required", [])
        if {"type": "null"} not in properties[name].get("anyOf", [])
    ]
