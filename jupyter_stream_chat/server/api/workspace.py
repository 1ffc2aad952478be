"""The chat list and the profiles, as a page is sent them when it connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import protocol as wire
from ..access import Access

if TYPE_CHECKING:
    from ..services import Services


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


def hello(services: Services, access: Access) -> wire.Hello:
    """Return the first frame of a connection."""
    settings = services.settings
    limits = wire.Limits(
        frame_bytes=settings.max_frame_bytes,
        message_characters=settings.max_message_characters,
        open_chats=settings.max_open_chats,
        live_runs=settings.max_live_runs,
        queued_runs=settings.max_queued_runs,
        attachments=0 if settings.attachments == "off" else settings.max_attachments,
        attachment_bytes=settings.max_attachment_bytes,
        pending_commands=settings.max_pending_commands,
    )
    return wire.Hello(
        protocol=wire.PROTOCOL_VERSION,
        epoch=services.chat_service.epoch,
        user=access.author,
        user_id=access.user_id,
        limits=limits,
    )
