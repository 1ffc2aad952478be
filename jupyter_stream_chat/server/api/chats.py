"""What the REST routes answer: request bodies in, JSON out, refusals as ``CommandError``.

Owns the bodies' shapes. What a request does is done by ``actions``, the same as for the socket's commands.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from ... import protocol as wire
from ...chats import export
from ...chats.command_error import CommandError
from ..http.run_events import FixedText, RunEvents, read_event_id
from ..page.outbox import progress_of
from . import actions
from .profiles import ProfileApi
from .request import json_response

_TITLE = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_LIMIT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=200)])


def _new_id() -> str:
    return str(uuid.uuid4())


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewChat(_Body):
    """``POST chats``"""

    chat_id: wire.Id = Field(default_factory=_new_id)
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    profile_id: str | None = None
    streaming: wire.StreamingMode | None = None
    parameters: wire.Parameters | None = None


class ChatChanges(_Body):
    """``PATCH chats/{id}``: a field that is absent stays, null clears the chat's own choice."""

    title: _TITLE | None = None
    profile_id: str | None = None
    streaming: wire.StreamingMode | None = None
    parameters: wire.Parameters | None = None
    """Replaces the chat's own values as a whole."""


class NewMessage(_Body):
    """``POST chats/{id}/messages``: ``text``, or ``content`` as on the socket."""

    text: str | None = None
    content: list[wire.Part] | None = None
    parent_id: wire.Id | None = None
    """Absent: the chat's newest message."""
    message_id: wire.Id = Field(default_factory=_new_id)
    answer_id: wire.Id = Field(default_factory=_new_id)
    run_id: wire.Id = Field(default_factory=_new_id)
    profile_id: str | None = None
    """This and what follows: for this question alone."""
    streaming: wire.StreamingMode | None = None
    parameters: wire.Parameters | None = None


class NewRun(_Body):
    """``POST chats/{id}/messages/{id}/continue``"""

    run_id: wire.Id = Field(default_factory=_new_id)


class Interrupt(_Body):
    """``POST runs/{id}/interrupt``, ``POST runs/{id}/pause``"""

    shown: wire.TextLengths | None = None


class Api(ProfileApi):
    """One request."""

    # --- chats ------------------------------------------------------------------------------------

    async def list_chats(self) -> bytes:
        """``GET chats``"""
        return json_response(chats=await self._services.chat_service.chats(self._access.owner))

    async def create_chat(self) -> bytes:
        """``POST chats``"""
        chat = self._body(NewChat)
        await actions.create_chat(
            self._services,
            self._access,
            chat.chat_id,
            title=chat.title,
            profile_id=chat.profile_id,
            streaming=chat.streaming,
            parameters=chat.parameters,
        )
        return json_response(chat=await self._services.chat_service.chat(chat.chat_id))

    async def get_chat(self, chat_id: str) -> bytes:
        """``GET chats/{id}``: the chat and its last messages, live runs with their text so far."""
        await self._check_owner(chat_id)
        chat = await self._services.chat_service.chat(chat_id)
        opened = await self._services.chat_service.snapshot(chat_id)
        return json_response(
            chat=chat, messages=opened.messages, has_more=opened.has_more, read_only=opened.read_only
        )

    async def update_chat(self, chat_id: str) -> bytes:
        """``PATCH chats/{id}``"""
        changes = self._body(ChatChanges)
        given = {name: getattr(changes, name) for name in changes.model_fields_set}
        await actions.update_chat(self._services, self._access, chat_id, given)
        return json_response(chat=await self._services.chat_service.chat(chat_id))

    async def delete_chat(self, chat_id: str) -> bytes:
        """``DELETE chats/{id}``"""
        await actions.delete_chat(self._services, self._access, chat_id)
        return json_response()

    async def export_chat(self, chat_id: str, kind: str) -> tuple[str, str, bytes]:
        """``GET chats/{id}/export``: the file's name, its type, its content."""
        await self._check_owner(chat_id)
        chat_service = self._services.chat_service
        chat = await chat_service.chat(chat_id)
        if kind == "json":
            content = export.to_json_bytes(chat, await chat_service.all_messages(chat_id))
            return export.file_name(chat, ".json"), "application/json", content
        if kind != "markdown":
            raise CommandError(actions.invalid("format", "A chat is exported as markdown or as json."))
        text = export.to_markdown(chat, await chat_service.branch(chat_id))
        return export.file_name(chat, ".md"), "text/markdown; charset=utf-8", text.encode()

    async def list_messages(self, chat_id: str, before: str, limit: str) -> bytes:
        """``GET chats/{id}/messages``: older ones than ``before``; without it, the last ones."""
        try:
            count = _LIMIT.validate_python(limit)
        except ValidationError as error:
            raise CommandError(actions.invalid("limit", error.errors()[0]["msg"])) from None
        await self._check_owner(chat_id)
        if before:
            messages, has_more = await self._services.chat_service.messages_before(chat_id, before, count)
        else:
            opened = await self._services.chat_service.snapshot(chat_id)
            messages = opened.messages[-count:]
            has_more = opened.has_more or len(opened.messages) > count
        return json_response(messages=messages, has_more=has_more)

    async def send_message(self, chat_id: str) -> bytes:
        """``POST chats/{id}/messages``: returns the ids; the text comes by ``runs/{id}/events``."""
        body = self._body(NewMessage)
        await self._check_owner(chat_id)
        command = wire.SendMessage(
            command_id=_new_id(),
            chat_id=chat_id,
            message_id=body.message_id,
            parent_id=await self._parent(chat_id, body),
            content=_content(body),
            answer_id=body.answer_id,
            run_id=body.run_id,
            profile_id=body.profile_id,
            streaming=body.streaming,
            parameters=body.parameters,
        )
        await actions.send_message(self._services, self._access, command)
        return json_response(message_id=body.message_id, answer_id=body.answer_id, run_id=body.run_id)

    async def continue_answer(self, chat_id: str, message_id: str) -> bytes:
        """``POST chats/{id}/messages/{id}/continue``: the text comes by ``runs/{id}/events``."""
        run_id = self._body(NewRun).run_id
        command = wire.ContinueAnswer(
            command_id=_new_id(), chat_id=chat_id, message_id=message_id, run_id=run_id
        )
        await actions.continue_answer(self._services, self._access, command)
        return json_response(message_id=message_id, run_id=run_id)

    async def _parent(self, chat_id: str, body: NewMessage) -> str | None:
        if "parent_id" in body.model_fields_set:
            return body.parent_id
        opened = await self._services.chat_service.snapshot(chat_id)
        return opened.messages[-1].message_id if opened.messages else None

    # --- deployments ------------------------------------------------------------------------------

    async def list_deployments(self) -> bytes:
        """``GET deployments``: what is remembered of them."""
        return json_response(deployments=await self._services.deployments.all(self._access.owner))

    async def forget_deployments(self) -> bytes:
        """``DELETE deployments``"""
        await self._services.deployments.forget(self._access.owner)
        return json_response()

    # --- runs -------------------------------------------------------------------------------------

    async def get_run(self, run_id: str) -> bytes:
        """``GET runs/{id}``"""
        live = self._services.runs.live(run_id)
        if live is not None:
            await self._check_owner(live.info.chat_id)
            return json_response(run=live.info)
        return json_response(run=(await self._finished_run(run_id))[0])

    async def interrupt(self, run_id: str) -> bytes:
        """``POST runs/{id}/interrupt``"""
        shown = self._body(Interrupt).shown if self._raw.strip() else None
        return json_response(note=actions.interrupt(self._services, self._access, run_id, shown))

    async def pause(self, run_id: str) -> bytes:
        """``POST runs/{id}/pause``"""
        shown = self._body(Interrupt).shown if self._raw.strip() else None
        return json_response(note=actions.pause(self._services, self._access, run_id, shown))

    async def resume(self, run_id: str) -> bytes:
        """``POST runs/{id}/resume``"""
        return json_response(note=actions.resume(self._services, self._access, run_id))

    async def run_events(self, run_id: str, last_event_id: str) -> RunEvents:
        """``GET runs/{id}/events``"""
        held = read_event_id(last_event_id)
        live = self._services.runs.live(run_id)
        if live is not None:
            await self._check_owner(live.info.chat_id)
            # Again, because the run may have ended while we asked: no await from here.
            live = self._services.runs.live(run_id)
        if live is not None:
            events = RunEvents(run_id, live.texts, held)
            events.follow(self._services.chat_service.feed(live.info.chat_id), progress_of(live))
            return events
        run, message = await self._finished_run(run_id)
        if run.status != "finished":
            # Another server's, or lost with it: a snapshot finds out which.
            opened = await self._services.chat_service.snapshot(run.chat_id)
            if opened.read_only is not None:
                raise CommandError(opened.read_only)
            run, message = await self._finished_run(run_id)
        events = RunEvents(run_id, _texts(message, run_id), held)
        events.finish(wire.RunFinished(chat_id=run.chat_id, seq=0, run=run))
        return events

    async def _finished_run(self, run_id: str) -> tuple[wire.RunInfo, wire.Message]:
        message = await self._services.chat_service.message_of_run(run_id)
        if message is not None:
            await self._check_owner(message.chat_id)
            for run in message.runs:
                if run.run_id == run_id:
                    return run, message
        raise CommandError(actions.unknown("run", run_id, "Its chat may have been deleted."))

    # --- the request ------------------------------------------------------------------------------

    async def _check_owner(self, chat_id: str) -> None:
        await actions.check_owner(self._services, self._access, chat_id)


def _content(body: NewMessage) -> list[wire.Part]:
    if body.content:
        return body.content
    if body.text is None:
        raise CommandError(actions.invalid("text", "A message needs a text or a content."))
    return [wire.TextPart(text=body.text)]


def _texts(message: wire.Message, run_id: str) -> dict[wire.Channel, FixedText]:
    """Return the text that a finished run wrote, by channel."""
    written: dict[wire.Channel, str] = {"content": "", "reasoning": ""}
    for part in message.content:
        if part.run_id == run_id:
            written["content" if part.type == "text" else "reasoning"] += part.text
    return {channel: FixedText(text) for channel, text in written.items()}
