"""Checks that several operations share, and the refusals that they raise.

Owns the rule that another user's chat or run looks exactly like one that does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ... import protocol as wire
from ...chats.command_error import ChatReadOnly, CommandError, UnknownChat
from ..access import Access

if TYPE_CHECKING:
    from ..services import Services


async def check_chat(services: Services, access: Access, chat_id: str) -> None:
    """Refuse a chat that does not exist or is another user's."""
    if await services.chat_service.owner_of(chat_id) != access.owner:
        raise UnknownChat(chat_id)


async def check_run(services: Services, access: Access, run_id: str) -> None:
    """Refuse a run that does not exist or is of another user's chat."""
    run = services.runs.live(run_id)
    message = None if run else await services.chat_service.message_of_run(run_id)
    chat_id = run.info.chat_id if run else message.chat_id if message else None
    try:
        if chat_id is not None and await services.chat_service.owner_of(chat_id) == access.owner:
            return
    except UnknownChat:
        pass
    raise unknown_run(run_id)


def is_own_run(services: Services, access: Access, run_id: str) -> bool:
    """Return whether a command may touch the run, without waiting for the store.

    False for a run of another user: it is answered like a run that this server does not know. Raises
    ChatReadOnly for a run of the user's own that another Jupyter server writes.
    """
    remote = services.chat_service.remote_run(run_id)
    if remote is not None and remote.owner == access.owner:
        raise ChatReadOnly(run_id, remote.server)
    return services.run_owners.get(run_id, access.owner) == access.owner


def check_profile(services: Services, access: Access, profile_id: str | None) -> None:
    """Refuse a profile that does not exist. One that cannot be used at present may be chosen."""
    known = services.registry.infos(access.owner)
    if profile_id is not None and all(profile.profile_id != profile_id for profile in known):
        raise CommandError(unknown("profile", profile_id, "Choose another profile."))


def unknown_run(run_id: str) -> CommandError:
    """Return the refusal of a run that does not exist."""
    return CommandError(unknown("run", run_id, "It may have been deleted with its chat."))


def unknown(what: Literal["chat", "message", "run", "profile"], name: str, hint: str) -> wire.ErrorInfo:
    """Say that there is no such thing."""
    return wire.ErrorInfo(
        code=f"unknown_{what}", message=f"There is no {what} {name[:64]}.", hint=hint, field=f"{what}_id"
    )


def invalid(field: str, message: str) -> wire.ErrorInfo:
    """Say that a field is wrong."""
    return wire.ErrorInfo(code="invalid_command", message=message, field=field)


def forbidden(action: str) -> wire.ErrorInfo:
    """Say that the server's authoriser refuses."""
    return wire.ErrorInfo(
        code="forbidden",
        message=f"You may not {action} chats on this server.",
        hint="Ask the server's administrator.",
    )
