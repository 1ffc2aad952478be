"""The one exception that reaches a reader: a command or request that is refused, with its reason.

Shared by chats, runs and server; whatever else is raised is an internal error.
"""

from __future__ import annotations

from ..protocol import ErrorInfo


class CommandError(Exception):
    """A command has no effect; ``error`` is what the page shows."""

    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(error.message)
        self.error = error


class UnknownChat(CommandError, LookupError):
    """There is no such chat, or it is somebody else's."""

    def __init__(self, chat_id: str) -> None:
        super().__init__(
            ErrorInfo(
                code="unknown_chat",
                message="This chat does not exist.",
                hint="It may have been deleted in another window: choose or make another one.",
                field="chat_id",
                detail=chat_id,
            )
        )


class UnknownMessage(CommandError, LookupError):
    """There is no such message in the chat."""

    def __init__(self, message_id: str, field: str) -> None:
        """``field`` is the command's field that names the message."""
        super().__init__(
            ErrorInfo(
                code="unknown_message",
                message="This chat has no such message.",
                hint="Reload the page.",
                field=field,
                detail=message_id,
            )
        )


class IdTaken(CommandError):
    """An id that a client made is the id of something else already."""

    def __init__(self, field: str, taken: str) -> None:
        super().__init__(
            ErrorInfo(
                code="id_taken",
                message="An id in the command belongs to something else already.",
                hint="Send the command again with a new id.",
                field=field,
                detail=taken,
            )
        )


class ChatBusy(CommandError):
    """An answer is being written in the chat, and this version writes one at a time."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(
            ErrorInfo(
                code="chat_busy",
                message="An answer is still being written in this chat.",
                hint="Wait for it to end, or stop it.",
                detail=f"run {run_id}",
            )
        )


class ChatReadOnly(CommandError):
    """A run of the chat lives in another server."""

    def __init__(self, run_id: str, owner: str) -> None:
        """``owner`` says which server, in words."""
        super().__init__(
            ErrorInfo(
                code="chat_read_only",
                message="Another Jupyter server is writing an answer in this chat.",
                hint="Wait for it to end, or stop it there.",
                detail=f"run {run_id}, {owner}",
            )
        )
