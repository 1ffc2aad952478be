"""A chat as its own JSON file has it, made ready to be stored beside the one that it was. Pure.

Owns the new ids: whatever was exported, also twice, becomes a chat of its own. What a file says is not
trusted: parents come before children, a run has ended, and a part belongs to a run of its message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from ..protocol import AttachmentPart, ChatInfo, ErrorInfo, Message, Part, RunInfo
from .command_error import CommandError


def renamed(
    chat: ChatInfo,
    messages: Sequence[Message],
    attachments: Mapping[str, str],
    new_id: Callable[[], str],
) -> tuple[ChatInfo, list[Message]]:
    """Return the chat and its messages under new ids. Raises CommandError for what does not fit together."""
    for sha256, text in attachments.items():
        if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() != sha256:
            raise _wrong("attachments", f"The attachment {sha256[:12]} is not what its hash says.")
    chat_id = new_id()
    ids: dict[str, str] = {}
    made: list[Message] = []
    for message in messages:
        if message.message_id in ids:
            raise _wrong("messages", f"Two messages have the id {message.message_id}.")
        if message.parent_id is not None and message.parent_id not in ids:
            raise _wrong("messages", f"The message {message.message_id} comes before its parent.")
        ids[message.message_id] = new_id()
        runs = {run.run_id: new_id() for run in message.runs}
        made.append(
            message.model_copy(
                update={
                    "message_id": ids[message.message_id],
                    "chat_id": chat_id,
                    "parent_id": ids.get(message.parent_id or ""),
                    "content": [_part(part, runs, attachments) for part in message.content],
                    "runs": [_run(run, runs, chat_id, ids[message.message_id]) for run in message.runs],
                    "siblings": None,
                }
            )
        )
    return chat.model_copy(update={"chat_id": chat_id, "running": False}), made


def _part(part: Part, runs: Mapping[str, str], attachments: Mapping[str, str]) -> Part:
    if isinstance(part, AttachmentPart):
        if part.sha256 not in attachments:
            raise _wrong("attachments", f"The attachment {part.title} is missing.")
        return part
    if part.run_id is None:
        return part
    if part.run_id not in runs:
        raise _wrong("messages", f"The run {part.run_id} of a part is missing.")
    return part.model_copy(update={"run_id": runs[part.run_id]})


def _run(run: RunInfo, ids: Mapping[str, str], chat_id: str, message_id: str) -> RunInfo:
    changes: dict[str, object] = {"run_id": ids[run.run_id], "chat_id": chat_id, "message_id": message_id}
    if run.status != "finished":
        changes |= {"status": "finished", "finish_reason": "lost", "progress": None, "pause": None}
    return run.model_copy(update=changes)


def _wrong(field: str, message: str) -> CommandError:
    return CommandError(
        ErrorInfo(
            code="import_damaged",
            message=message,
            hint="Import a file as it was exported, in the format JSON.",
            field=field,
        )
    )
