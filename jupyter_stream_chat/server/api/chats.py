"""The operations on chats and messages: their functions, and a row for each.

Owns the requests that only the REST API has, and the shapes of its answers. That a chat is the user's own is
checked before a function is called: the row says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ... import protocol as wire
from ...chats import export, imported
from ...chats.command_error import CommandError, UnknownChat
from . import checks
from .ids import new_id
from .operation import Answer, Call, Done, File, Operation, RestRequest, Route

_END_SECONDS = 1.0
"""How long a chat that is to be deleted waits for the ends of its runs."""


_IMPORT_BYTES = 64 * 2**20
"""How large a file with a chat may be."""


class ListChats(RestRequest):
    """List the user's chats, latest first."""


class GetChat(RestRequest):
    """Return a chat and its last messages, live runs with their text so far."""

    chat_id: str


class ExportChat(RestRequest):
    """Return a chat as a file."""

    chat_id: str
    format: Literal["markdown", "json", "ipynb"] = "markdown"


class ImportChat(RestRequest):
    """Make a chat of a file that ``export`` wrote as JSON; its ids are new."""

    chat: wire.ChatInfo
    messages: list[wire.Message]
    attachments: dict[wire.Sha256, str] = Field(default_factory=dict)


class ListMessages(RestRequest):
    """Return messages of a chat, oldest first."""

    chat_id: str
    before: str = ""
    """The message before which they stand; empty: the last messages of the chat."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class NewMessage(RestRequest):
    """A question: ``text``, or ``content`` as on the socket."""

    text: str | None = None
    content: list[wire.UserPart] | None = None
    parent_id: wire.Id | None = None
    """Absent: the chat's newest message."""
    message_id: wire.Id = Field(default_factory=new_id)
    answer_id: wire.Id = Field(default_factory=new_id)
    run_id: wire.Id = Field(default_factory=new_id)
    profile_id: str | None = None
    """For this question alone, as are the fields below."""
    streaming: wire.StreamingMode | None = None
    parameters: wire.Parameters | None = None


class ChatChanges(RestRequest):
    """A field that is absent stays as it is; null clears the chat's own choice."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    profile_id: str | None = None
    streaming: wire.StreamingMode | None = None
    parameters: wire.Parameters | None = None
    """Replaces the chat's own values as a whole."""
    archived: bool | None = None
    local_only: bool | None = None
    """The chat's attachments go to local models only."""


class ChatList(Answer):
    """Chats, latest first."""

    chats: list[wire.ChatInfo]


class ChatAnswer(Answer):
    """One chat."""

    chat: wire.ChatInfo


class OpenedChat(Answer):
    """A chat and its last messages."""

    chat: wire.ChatInfo
    messages: list[wire.Message]
    has_more: bool
    """Older messages exist."""
    read_only: wire.ErrorInfo | None = None
    """Why nothing can be sent here."""


class Messages(Answer):
    """Messages, oldest first."""

    messages: list[wire.Message]
    has_more: bool
    """Older messages exist."""


class AcceptedQuestion(Answer):
    """The ids of a question, its answer and its run; the text comes by ``runs/{run_id}/events``."""

    message_id: str
    answer_id: str
    run_id: str


class AcceptedRun(Answer):
    """The ids of an answer and of the run that writes it."""

    message_id: str
    run_id: str


async def list_chats(call: Call, request: ListChats) -> ChatList:
    """List the user's chats."""
    return ChatList(chats=await call.services.chat_service.chats(call.access.owner))


async def create_chat(call: Call, command: wire.CreateChat) -> ChatAnswer:
    """Make a chat; the same id again is the same chat."""
    checks.check_profile(call.services, call.access, command.profile_id)
    now = time.time()
    chat = wire.ChatInfo(
        chat_id=command.chat_id,
        title=command.title,
        created_at=now,
        updated_at=now,
        profile_id=command.profile_id,
        streaming=command.streaming,
        parameters=command.parameters,
        local_only=command.local_only,
    )
    chat_service = call.services.chat_service
    created = await chat_service.create_chat(call.access.owner, chat)
    return ChatAnswer(chat=chat if created else await chat_service.chat(command.chat_id))


async def get_chat(call: Call, request: GetChat) -> OpenedChat:
    """Return a chat and its last messages."""
    chat = await call.services.chat_service.chat(request.chat_id)
    opened = await call.services.chat_service.snapshot(request.chat_id)
    return OpenedChat(
        chat=chat, messages=opened.messages, has_more=opened.has_more, read_only=opened.read_only
    )


async def update_chat(call: Call, command: wire.UpdateChat) -> ChatAnswer:
    """Change the fields of a chat that the command has."""
    present = command.model_fields_set & {
        "title",
        "profile_id",
        "streaming",
        "parameters",
        "archived",
        "local_only",
    }
    changes = {name: getattr(command, name) for name in present}
    for name in ("title", "archived"):
        if name in changes and changes[name] is None:
            raise CommandError(checks.invalid(name, f"A chat's {name} cannot be null."))
    checks.check_profile(call.services, call.access, command.profile_id)
    return ChatAnswer(chat=await call.services.chat_service.update_chat(command.chat_id, changes))


async def delete_chat(call: Call, command: wire.DeleteChat) -> Done:
    """Delete a chat. Its live runs are interrupted; one that does not end soon ends without its chat.

    Idempotent for the user who deleted it.
    """
    services, chat_id = call.services, command.chat_id
    if services.chat_service.was_deleted(call.access.owner, chat_id):
        return Done()
    live = [services.runs.live(run_id) for run_id in services.chat_service.live_runs(chat_id)]
    try:
        async with asyncio.timeout(_END_SECONDS):
            for run in filter(None, live):
                run.interrupt()
                await run.wait()
    except TimeoutError:
        pass  # its provider is slow to close the connection: the user does not wait for that
    try:
        await services.chat_service.delete_chat(chat_id)
    except UnknownChat:
        # The same command on another connection came first.
        if not services.chat_service.was_deleted(call.access.owner, chat_id):
            raise
    return Done()


async def export_chat(call: Call, request: ExportChat) -> File:
    """Return a chat as a file."""
    chat_service = call.services.chat_service
    chat = await chat_service.chat(request.chat_id)
    messages = await chat_service.all_messages(request.chat_id)
    attached = await chat_service.attached_texts(chat.chat_id, (each.content for each in messages))
    if request.format == "json":
        content = export.to_json_bytes(chat, messages, attached)
        return File("application/json", content, export.file_name(chat, ".json"))
    branch = await chat_service.branch(request.chat_id)
    if request.format == "ipynb":
        content = export.to_notebook(chat, branch, attached, messages)
        return File("application/x-ipynb+json", content, export.file_name(chat, ".ipynb"))
    text = export.to_markdown(chat, branch, attached, messages)
    return File("text/markdown; charset=utf-8", text.encode(), export.file_name(chat, ".md"))


async def import_chat(call: Call, request: ImportChat) -> ChatAnswer:
    """Store a chat that comes from a file. Raises CommandError for what does not fit together."""
    settings = call.services.settings
    if request.attachments and settings.attachments == "off":
        raise CommandError(checks.invalid("attachments", "This server takes no attachments."))
    sizes = [len(text.encode("utf-8", "replace")) for text in request.attachments.values()]
    if max(sizes, default=0) > settings.max_attachment_bytes:
        raise CommandError(checks.invalid("attachments", "An attachment is larger than this server takes."))
    known = {profile.profile_id for profile in call.services.registry.infos(call.access.owner)}
    kept = request.chat.profile_id if request.chat.profile_id in known else None
    chat, messages = imported.renamed(request.chat, request.messages, request.attachments, new_id)
    chat = chat.model_copy(update={"profile_id": kept, "updated_at": time.time(), "archived": None})
    await call.services.chat_service.import_chat(call.access.owner, chat, messages, request.attachments)
    return ChatAnswer(chat=chat)


async def list_messages(call: Call, request: ListMessages) -> Messages:
    """Return messages of a chat."""
    chat_service, limit = call.services.chat_service, request.limit
    if request.before:
        messages, has_more = await chat_service.messages_before(request.chat_id, request.before, limit)
    else:
        opened = await chat_service.snapshot(request.chat_id)
        messages = opened.messages[-limit:]
        has_more = opened.has_more or len(opened.messages) > limit
    return Messages(messages=messages, has_more=has_more)


async def send_message(call: Call, command: wire.SendMessage) -> AcceptedQuestion:
    """Ask a question; returns when question and run are saved and published.

    Only a page shows a question of the run's while its answer is written: no script and no notebook does.
    """
    access = call.access
    with call.services.claim_run(command.run_id, access.owner):
        await call.services.runs.send_message(
            access.owner, access.author, command, attended=call.page is not None
        )
    return AcceptedQuestion(message_id=command.message_id, answer_id=command.answer_id, run_id=command.run_id)


async def regenerate_answer(call: Call, command: wire.RegenerateAnswer) -> AcceptedRun:
    """Answer a question once more; returns when the run is saved and published."""
    with call.services.claim_run(command.run_id, call.access.owner):
        await call.services.runs.regenerate_answer(command, attended=call.page is not None)
    return AcceptedRun(message_id=command.answer_id, run_id=command.run_id)


async def continue_answer(call: Call, command: wire.ContinueAnswer) -> AcceptedRun:
    """Continue an answer in the same message; returns when its run is saved and published."""
    with call.services.claim_run(command.run_id, call.access.owner):
        await call.services.runs.continue_answer(command, attended=call.page is not None)
    return AcceptedRun(message_id=command.message_id, run_id=command.run_id)


async def edit_answer(call: Call, command: wire.EditAnswer) -> Done:
    """Replace the text that counts of an answer."""
    limit = call.services.settings.max_message_characters
    if command.text is not None and len(command.text) > limit:
        raise CommandError(checks.invalid("text", f"An answer may have {limit} characters."))
    await call.services.chat_service.edit_answer(command.chat_id, command.message_id, command.text)
    return Done()


async def select_branch(call: Call, command: wire.SelectBranch) -> Done:
    """Make a message part of the active branch."""
    await call.services.chat_service.select_branch(command.chat_id, command.message_id)
    return Done()


async def _read_question(call: Call, path: Mapping[str, str], body: NewMessage) -> wire.SendMessage:
    if not body.content and body.text is None:
        raise CommandError(checks.invalid("text", "A message needs a text or a content."))
    parent_id = body.parent_id
    if "parent_id" not in body.model_fields_set:
        parent_id = await call.services.chat_service.newest_message_id(path["chat_id"])
    return wire.SendMessage(
        command_id=new_id(),
        chat_id=path["chat_id"],
        message_id=body.message_id,
        parent_id=parent_id,
        content=body.content or [wire.UserText(text=body.text or "")],
        answer_id=body.answer_id,
        run_id=body.run_id,
        profile_id=body.profile_id,
        streaming=body.streaming,
        parameters=body.parameters,
    )


_CHAT = "chats/{chat_id}"
_MESSAGES = f"{_CHAT}/messages"

OPERATIONS = (
    Operation(ListChats, "read", "nothing", list_chats, Route("GET", "chats")),
    Operation(wire.CreateChat, "write", "nothing", create_chat, Route("POST", "chats", 201)),
    Operation(GetChat, "read", "chat", get_chat, Route("GET", _CHAT)),
    Operation(wire.UpdateChat, "write", "chat", update_chat, Route("PATCH", _CHAT, body=ChatChanges)),
    Operation(wire.DeleteChat, "write", "chat", delete_chat, Route("DELETE", _CHAT), accepts_deleted=True),
    Operation(
        ImportChat, "write", "nothing", import_chat, Route("POST", "import", 201, body_bytes=_IMPORT_BYTES)
    ),
    Operation(ExportChat, "read", "chat", export_chat, Route("GET", f"{_CHAT}/export")),
    Operation(ListMessages, "read", "chat", list_messages, Route("GET", _MESSAGES)),
    Operation(
        wire.SendMessage,
        "execute",
        "chat",
        send_message,
        Route("POST", _MESSAGES, 202, NewMessage, _read_question),
    ),
    Operation(wire.RegenerateAnswer, "execute", "chat", regenerate_answer),
    Operation(
        wire.ContinueAnswer,
        "execute",
        "chat",
        continue_answer,
        Route("POST", f"{_MESSAGES}/{{message_id}}/continue", 202),
    ),
    Operation(wire.EditAnswer, "write", "chat", edit_answer),
    Operation(wire.SelectBranch, "write", "chat", select_branch),
)
