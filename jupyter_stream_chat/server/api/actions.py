"""What a user can do with chats: the functions behind the socket's commands and the REST routes.

Owns the checks of ownership and of names. Each returns when the thing is done, or raises ``CommandError``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from ... import protocol as wire
from ...chats.chat_store import ChatChanges
from ...chats.command_error import CommandError, UnknownChat
from ..access import Access

if TYPE_CHECKING:
    from ..services import Services


async def check_owner(services: Services, access: Access, chat_id: str) -> None:
    """Refuse a chat that does not exist, or is another user's: the two must look the same."""
    if await services.chat_service.owner_of(chat_id) != access.owner:
        raise UnknownChat(chat_id)


async def workspace_loaded(services: Services, access: Access) -> wire.WorkspaceLoaded:
    """Return the chat list and the profiles, as of the step in which this returns."""
    chat_service = services.chat_service
    damaged = await chat_service.damaged()
    chats = await chat_service.chats(access.owner)
    return wire.WorkspaceLoaded(
        seq=chat_service.workspace(access.owner).seq,
        chats=chats,
        profiles=services.registry.infos(access.owner),
        default_profile_id=services.registry.default_id_for(access.owner),
        profiles_locked=services.settings.profiles_locked,
        streaming=services.settings.streaming,
        streaming_locked=services.settings.streaming_locked,
        not_saved=chat_service.not_saved,
        store_damaged=damaged,
        tracing=services.settings.tracing,
    )


async def create_chat(
    services: Services,
    access: Access,
    chat_id: str,
    *,
    title: str = "",
    profile_id: str | None = None,
    streaming: wire.StreamingMode | None = None,
    parameters: wire.Parameters | None = None,
) -> None:
    """Make a chat; the same id again is the same chat."""
    check_profile(services, access, profile_id)
    now = time.time()
    chat = wire.ChatInfo(
        chat_id=chat_id,
        title=title,
        created_at=now,
        updated_at=now,
        profile_id=profile_id,
        streaming=streaming,
        parameters=parameters,
    )
    await services.chat_service.create_chat(access.owner, chat)


async def update_chat(services: Services, access: Access, chat_id: str, changes: ChatChanges) -> None:
    """Change the given fields: title, profile_id, streaming, parameters."""
    await check_owner(services, access, chat_id)
    if changes.get("title", "") is None:
        raise CommandError(invalid("title", "A chat's title cannot be null."))
    profile_id = changes.get("profile_id")
    check_profile(services, access, profile_id if isinstance(profile_id, str) else None)
    await services.chat_service.update_chat(chat_id, changes)


async def delete_chat(services: Services, access: Access, chat_id: str) -> None:
    """Delete a chat; its live runs are interrupted and waited for."""
    await check_owner(services, access, chat_id)
    for run_id in list(services.chat_service.feed(chat_id).live):
        if (run := services.runs.live(run_id)) is not None:
            run.interrupt(None)
            await run.wait()
    await services.chat_service.delete_chat(chat_id)


async def older_messages(
    services: Services, access: Access, chat_id: str, before: str, limit: int
) -> tuple[list[wire.Message], bool]:
    """Return up to ``limit`` messages before ``before``, oldest first, and whether there are more."""
    await check_owner(services, access, chat_id)
    return await services.chat_service.messages_before(chat_id, before, limit)


async def send_message(services: Services, access: Access, command: wire.SendMessage) -> None:
    """Ask a question; returns when question and run are saved and published."""
    await check_owner(services, access, command.chat_id)
    with services.claim_run(command.run_id, access.owner):
        await services.runs.send_message(access.owner, access.author, command)


async def regenerate_answer(services: Services, access: Access, command: wire.RegenerateAnswer) -> None:
    """Answer a question once more; returns when the run is saved and published."""
    await check_owner(services, access, command.chat_id)
    with services.claim_run(command.run_id, access.owner):
        await services.runs.regenerate_answer(command)


async def edit_answer(services: Services, access: Access, command: wire.EditAnswer) -> None:
    """Say what counts of an answer."""
    await check_owner(services, access, command.chat_id)
    limit = services.settings.max_message_characters
    if command.text is not None and len(command.text) > limit:
        raise CommandError(invalid("text", f"An answer may have {limit} characters."))
    await services.chat_service.edit_answer(command.chat_id, command.message_id, command.text)


async def select_branch(services: Services, access: Access, command: wire.SelectBranch) -> None:
    """Make a message part of the active branch."""
    await check_owner(services, access, command.chat_id)
    await services.chat_service.select_branch(command.chat_id, command.message_id)


async def continue_answer(services: Services, access: Access, command: wire.ContinueAnswer) -> None:
    """Go on with an answer; returns when its run is saved and published."""
    await check_owner(services, access, command.chat_id)
    with services.claim_run(command.run_id, access.owner):
        await services.runs.continue_answer(command)


def interrupt(
    services: Services, access: Access, run_id: str, shown: wire.TextLengths | None
) -> Literal["already_finished"] | None:
    """Stop a run, in this very step."""
    _check_run(services, access, run_id)
    outcome = services.runs.interrupt(run_id, shown)
    return "already_finished" if outcome == "already_finished" else None


def pause(
    services: Services, access: Access, run_id: str, shown: wire.TextLengths | None
) -> Literal["already_finished"] | None:
    """Pause a run, in this very step."""
    _check_run(services, access, run_id)
    return None if services.runs.pause(run_id, shown) else "already_finished"


def resume(services: Services, access: Access, run_id: str) -> Literal["already_finished"] | None:
    """Let a paused run go on."""
    _check_run(services, access, run_id)
    return None if services.runs.resume(run_id) else "already_finished"


def _check_run(services: Services, access: Access, run_id: str) -> None:
    if services.run_owners.get(run_id, access.owner) != access.owner:
        raise CommandError(unknown("run", run_id, "It may have been deleted with its chat."))


def check_profile(services: Services, access: Access, profile_id: str | None) -> None:
    """Refuse a profile that does not exist. One that cannot be used just now may be chosen."""
    if profile_id is not None and all(
        p.profile_id != profile_id for p in services.registry.infos(access.owner)
    ):
        raise CommandError(unknown("profile", profile_id, "Choose another profile."))


def unknown(what: Literal["chat", "message", "run", "profile"], name: str, cure: str) -> wire.ErrorInfo:
    """Say that there is no such thing."""
    return wire.ErrorInfo(
        code=f"unknown_{what}", message=f"There is no {what} {name[:64]}.", cure=cure, field=f"{what}_id"
    )


def invalid(field: str, message: str) -> wire.ErrorInfo:
    """Say that a field is wrong."""
    return wire.ErrorInfo(code="invalid_command", message=message, field=field)
