"""The commands of a page: for each its authorisation and the function that carries it out.

Owns the two tables. ``IMMEDIATE`` commands run inside ``on_message``, before any queue; ``QUEUED`` ones in
the order in which they came, per chat. A function returns when its command has taken effect, or raises
``CommandError``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from ... import protocol as wire
from ..access import Action
from ..api import actions

if TYPE_CHECKING:
    from .session import Session

Note: TypeAlias = Literal["not_running"] | None
C = TypeVar("C", bound=wire.Command)


@dataclass(frozen=True)
class Immediate:
    """A command that is done at once."""

    action: Action
    run: Callable[[Session, Any], Note]


@dataclass(frozen=True)
class Queued:
    """A command that waits for those before it in its chat."""

    action: Action
    run: Callable[[Session, Any], Awaitable[None]]


IMMEDIATE: dict[type[wire.Command], Immediate] = {}
QUEUED: dict[type[wire.Command], Queued] = {}


def _immediate(
    kind: type[C], action: Action
) -> Callable[[Callable[[Session, C], Note]], Callable[[Session, C], Note]]:
    def enter(run: Callable[[Session, C], Note]) -> Callable[[Session, C], Note]:
        IMMEDIATE[kind] = Immediate(action, run)
        return run

    return enter


def _queued(
    kind: type[C], action: Action
) -> Callable[[Callable[[Session, C], Awaitable[None]]], Callable[[Session, C], Awaitable[None]]]:
    def enter(run: Callable[[Session, C], Awaitable[None]]) -> Callable[[Session, C], Awaitable[None]]:
        QUEUED[kind] = Queued(action, run)
        return run

    return enter


@_immediate(wire.Ping, "read")
def ping(session: Session, command: wire.Ping) -> Note:
    """Show that the connection lives."""
    return None


@_immediate(wire.InterruptRun, "execute")
def interrupt_run(session: Session, command: wire.InterruptRun) -> Note:
    """Stop a run now."""
    return actions.interrupt(session.services, session.access, command.run_id, command.shown)


@_immediate(wire.PauseRun, "execute")
def pause_run(session: Session, command: wire.PauseRun) -> Note:
    """Pause a run now."""
    return actions.pause(session.services, session.access, command.run_id, command.shown)


@_immediate(wire.ResumeRun, "execute")
def resume_run(session: Session, command: wire.ResumeRun) -> Note:
    """Let a paused run go on."""
    return actions.resume(session.services, session.access, command.run_id)


@_queued(wire.OpenChat, "read")
async def open_chat(session: Session, command: wire.OpenChat) -> None:
    """Follow a chat."""
    await session.open_chat(command)


@_queued(wire.CloseChat, "read")
async def close_chat(session: Session, command: wire.CloseChat) -> None:
    """Follow a chat no longer."""
    session.close_chat(command.chat_id)


@_queued(wire.LoadMessages, "read")
async def load_messages(session: Session, command: wire.LoadMessages) -> None:
    """Send older messages."""
    messages, has_more = await actions.older_messages(
        session.services, session.access, command.chat_id, command.before, command.limit
    )
    loaded = wire.MessagesLoaded(
        command_id=command.command_id,
        chat_id=command.chat_id,
        before=command.before,
        messages=messages,
        has_more=has_more,
    )
    session.outbox.reply(loaded)


@_queued(wire.CreateChat, "write")
async def create_chat(session: Session, command: wire.CreateChat) -> None:
    """Make a chat."""
    await actions.create_chat(
        session.services,
        session.access,
        command.chat_id,
        title=command.title,
        profile_id=command.profile_id,
        streaming=command.streaming,
        parameters=command.parameters,
    )


@_queued(wire.UpdateChat, "write")
async def update_chat(session: Session, command: wire.UpdateChat) -> None:
    """Change the fields of a chat that the command has."""
    present = command.model_fields_set & {"title", "profile_id", "streaming", "parameters"}
    changes = {name: getattr(command, name) for name in present}
    await actions.update_chat(session.services, session.access, command.chat_id, changes)


@_queued(wire.DeleteChat, "write")
async def delete_chat(session: Session, command: wire.DeleteChat) -> None:
    """Delete a chat; its runs are interrupted."""
    await actions.delete_chat(session.services, session.access, command.chat_id)


@_queued(wire.SendMessage, "execute")
async def send_message(session: Session, command: wire.SendMessage) -> None:
    """Ask a question."""
    await actions.send_message(session.services, session.access, command)


@_queued(wire.RegenerateAnswer, "execute")
async def regenerate_answer(session: Session, command: wire.RegenerateAnswer) -> None:
    """Answer a question once more."""
    await actions.regenerate_answer(session.services, session.access, command)


@_queued(wire.EditAnswer, "write")
async def edit_answer(session: Session, command: wire.EditAnswer) -> None:
    """Say what counts of an answer."""
    await actions.edit_answer(session.services, session.access, command)


@_queued(wire.SelectBranch, "write")
async def select_branch(session: Session, command: wire.SelectBranch) -> None:
    """Make a message part of the active branch."""
    await actions.select_branch(session.services, session.access, command)


@_queued(wire.ContinueAnswer, "execute")
async def continue_answer(session: Session, command: wire.ContinueAnswer) -> None:
    """Go on with an answer."""
    await actions.continue_answer(session.services, session.access, command)
