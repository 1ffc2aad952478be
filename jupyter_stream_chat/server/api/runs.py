"""The operations on runs: their functions, and a row for each.

Stop, Pause and Resume are immediate: they take effect in the step of the loop in which they arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ... import protocol as wire
from ...chats.command_error import CommandError
from ...chats.tree import run_text_of
from ...nonces import run_id_of
from ..deltas import progress_of
from . import checks
from .operation import Answer, Call, Operation, RestRequest, Route, Stream
from .run_events import RunEvents, read_event_id

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

EVENT_STREAM = "text/event-stream"


class GetRun(RestRequest):
    """Return a run as far as it has come."""

    run_id: str


class StreamRun(RestRequest):
    """Stream text and end of a run, live or finished, as server-sent events."""

    run_id: str
    after: str = ""
    """``Last-Event-ID``, where a client cannot set the header: the stream goes on after this event."""


class StreamAnswer(RestRequest):
    """The same for a notebook, which names the run by its nonce alone."""

    nonce: str
    after: str = ""


class GetRunPrompt(RestRequest):
    """Return what the model was sent for a run, exactly as it went out; the newest are kept in memory."""

    run_id: str


class SentPicture(Answer):
    """A picture of a request."""

    media_type: str
    base64: str


class SentMessage(Answer):
    """One message of a request."""

    role: wire.Role
    text: str
    pictures: list[SentPicture]


class RunPrompt(Answer):
    """A request as it went out."""

    messages: list[SentMessage]


class RunAnswer(Answer):
    """One run."""

    run: wire.RunInfo


class Noted(Answer):
    """What the sender should know of a command that had no effect."""

    note: Literal["not_running"] | None = None


def interrupt_run(call: Call, command: wire.InterruptRun) -> Noted:
    """Stop a run now."""
    if not checks.is_own_run(call.services, call.access, command.run_id):
        return _NOT_RUNNING
    outcome = call.services.runs.interrupt(command.run_id, command.shown)
    return _NOT_RUNNING if outcome == "not_running" else Noted()


def pause_run(call: Call, command: wire.PauseRun) -> Noted:
    """Pause a run now."""
    own = checks.is_own_run(call.services, call.access, command.run_id)
    return Noted() if own and call.services.runs.pause(command.run_id, command.shown) else _NOT_RUNNING


def resume_run(call: Call, command: wire.ResumeRun) -> Noted:
    """Let a paused run go on."""
    own = checks.is_own_run(call.services, call.access, command.run_id)
    return Noted() if own and call.services.runs.resume(command.run_id) else _NOT_RUNNING


_NOT_RUNNING = Noted(note="not_running")


async def get_run(call: Call, request: GetRun) -> RunAnswer:
    """Return a run as far as it has come."""
    live = call.services.runs.live(request.run_id)
    return RunAnswer(run=live.info if live else (await _stored_run(call, request.run_id))[0])


async def get_run_prompt(call: Call, request: GetRunPrompt) -> RunPrompt:
    """Return the request of a run. Raises CommandError where it is not kept any more."""
    sent = call.services.runs.sent_prompts.of(request.run_id)
    if sent is None:
        raise CommandError(
            wire.ErrorInfo(
                code="unknown_prompt",
                message="What the model was sent for this answer is not kept any more.",
                hint="The requests of the last answers are kept until the server restarts.",
                field="run_id",
            )
        )
    return RunPrompt(messages=[_sent_message(message) for message in sent])


def _sent_message(message: BaseMessage) -> SentMessage:
    blocks = [] if isinstance(message.content, str) else message.content
    pictures = [
        SentPicture(media_type=block["mime_type"], base64=block["base64"])
        for block in blocks
        if isinstance(block, dict) and block.get("type") == "image"
    ]
    return SentMessage(role=_ROLES[message.type], text=str(message.text), pictures=pictures)


_ROLES: Mapping[str, wire.Role] = {"human": "user", "ai": "assistant", "system": "system"}


async def stream_run(call: Call, request: StreamRun) -> Stream:
    """Stream a run until it has finished."""
    return Stream(EVENT_STREAM, await _run_events(call, request.run_id, request.after))


async def stream_answer(call: Call, request: StreamAnswer) -> Stream:
    """Stream the run that was asked for with this nonce."""
    return Stream(EVENT_STREAM, await _run_events(call, run_id_of(request.nonce), request.after))


async def _run_events(call: Call, run_id: str, after: str) -> RunEvents:
    lengths = read_event_id(after)
    # No await between the look and the subscription: the run may end meanwhile.
    if (live := call.services.runs.live(run_id)) is not None:
        events = RunEvents(run_id, live.text, lengths)
        events.follow(call.services.chat_service.feed(live.info.chat_id), progress_of(live))
        return events
    run, message = await _stored_run(call, run_id)
    if run.status != "finished":
        # Another server's, or lost with it: a snapshot finds out which.
        opened = await call.services.chat_service.snapshot(run.chat_id)
        if opened.read_only is not None:
            raise CommandError(opened.read_only)
        run, message = await _stored_run(call, run_id)
    events = RunEvents(run_id, run_text_of(message, run_id), lengths)
    events.finish(wire.RunFinished(chat_id=run.chat_id, seq=0, run=run))
    return events


async def _stored_run(call: Call, run_id: str) -> tuple[wire.RunInfo, wire.Message]:
    message = await call.services.chat_service.message_of_run(run_id)
    for run in message.runs if message else []:
        if run.run_id == run_id and message is not None:
            return run, message
    raise checks.unknown_run(run_id)


_RUN = "runs/{run_id}"

OPERATIONS = (
    Operation(
        wire.InterruptRun,
        "execute",
        "run",
        interrupt_run,
        Route("POST", f"{_RUN}/interrupt"),
        is_immediate=True,
    ),
    Operation(wire.PauseRun, "execute", "run", pause_run, Route("POST", f"{_RUN}/pause"), is_immediate=True),
    Operation(
        wire.ResumeRun, "execute", "run", resume_run, Route("POST", f"{_RUN}/resume"), is_immediate=True
    ),
    Operation(GetRun, "read", "run", get_run, Route("GET", _RUN)),
    Operation(GetRunPrompt, "read", "run", get_run_prompt, Route("GET", f"{_RUN}/prompt")),
    Operation(StreamRun, "read", "run", stream_run, Route("GET", f"{_RUN}/events")),
    Operation(StreamAnswer, "read", "run", stream_answer, Route("GET", "answers/{nonce}/events")),
)
