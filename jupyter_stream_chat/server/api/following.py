"""The operations that only a connected page has: what it follows, and whether it is still there."""

from __future__ import annotations

from ... import protocol as wire
from .operation import Call, Done, Opening, Operation


def ping(call: Call, command: wire.Ping) -> Done:
    """Show that the connection lives."""
    return Done()


async def open_chat(call: Call, command: wire.OpenChat) -> Opening:
    """Follow a chat."""
    return await call.sender.open_chat(command)


async def close_chat(call: Call, command: wire.CloseChat) -> Done:
    """Stop following a chat."""
    call.sender.close_chat(command.chat_id)
    return Done()


async def load_messages(call: Call, command: wire.LoadMessages) -> Done:
    """Send older messages."""
    messages, has_more = await call.services.chat_service.messages_before(
        command.chat_id, command.before, command.limit
    )
    call.sender.reply(
        wire.MessagesLoaded(
            command_id=command.command_id,
            chat_id=command.chat_id,
            before=command.before,
            messages=messages,
            has_more=has_more,
        )
    )
    return Done()


OPERATIONS = (
    Operation(wire.Ping, "read", "nothing", ping, is_immediate=True),
    Operation(wire.OpenChat, "read", "chat", open_chat),
    Operation(wire.CloseChat, "read", "nothing", close_chat),
    Operation(wire.LoadMessages, "read", "chat", load_messages),
)
