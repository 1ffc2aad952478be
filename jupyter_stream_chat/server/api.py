"""What the REST routes answer: request bodies in, JSON out, refusals as ``Refused``.

Owns the bodies' shapes. What a request does is done by ``actions``, the same as for the socket's commands.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import to_json

from .. import protocol as wire
from ..chats.refused import Refused
from ..providers.keys import ALLOWED_VARIABLES, with_key
from ..providers.profiles import Profile, parse_profile, profile_error
from . import actions
from .access import Access
from .frames import explain
from .outbox import progress_of
from .run_events import FixedText, RunEvents, read_event_id

if TYPE_CHECKING:
    from .services import Services

B = TypeVar("B", bound=BaseModel)

_TITLE = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_LIMIT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=200)])
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


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


class Interrupt(_Body):
    """``POST runs/{id}/interrupt``"""

    shown: wire.TextLengths | None = None


class Api:
    """One request."""

    def __init__(self, services: Services, access: Access, body: bytes) -> None:
        self._services = services
        self._access = access
        self._raw = body

    # --- chats ------------------------------------------------------------------------------------

    async def list_chats(self) -> bytes:
        """``GET chats``"""
        return _json(chats=await self._services.library.chats(self._access.owner))

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
        return _json(chat=await self._services.library.chat(chat.chat_id))

    async def get_chat(self, chat_id: str) -> bytes:
        """``GET chats/{id}``: the chat and its last messages, live runs with their text so far."""
        await self._check_owner(chat_id)
        chat = await self._services.library.chat(chat_id)
        opened = await self._services.library.snapshot(chat_id)
        return _json(
            chat=chat, messages=opened.messages, has_more=opened.has_more, read_only=opened.read_only
        )

    async def update_chat(self, chat_id: str) -> bytes:
        """``PATCH chats/{id}``"""
        changes = self._body(ChatChanges)
        given = {name: getattr(changes, name) for name in changes.model_fields_set}
        await actions.update_chat(self._services, self._access, chat_id, given)
        return _json(chat=await self._services.library.chat(chat_id))

    async def delete_chat(self, chat_id: str) -> bytes:
        """``DELETE chats/{id}``"""
        await actions.delete_chat(self._services, self._access, chat_id)
        return _json()

    async def list_messages(self, chat_id: str, before: str, limit: str) -> bytes:
        """``GET chats/{id}/messages``: older ones than ``before``; without it, the last ones."""
        try:
            count = _LIMIT.validate_python(limit)
        except ValidationError as error:
            raise Refused(actions.invalid("limit", error.errors()[0]["msg"])) from None
        await self._check_owner(chat_id)
        if before:
            messages, has_more = await self._services.library.messages_before(chat_id, before, count)
        else:
            opened = await self._services.library.snapshot(chat_id)
            messages = opened.messages[-count:]
            has_more = opened.has_more or len(opened.messages) > count
        return _json(messages=messages, has_more=has_more)

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
        )
        await actions.send_message(self._services, self._access, command)
        return _json(message_id=body.message_id, answer_id=body.answer_id, run_id=body.run_id)

    async def _parent(self, chat_id: str, body: NewMessage) -> str | None:
        if "parent_id" in body.model_fields_set:
            return body.parent_id
        opened = await self._services.library.snapshot(chat_id)
        return opened.messages[-1].message_id if opened.messages else None

    # --- profiles ---------------------------------------------------------------------------------

    async def list_profiles(self) -> bytes:
        """``GET profiles``"""
        registry = self._services.registry
        return _json(profiles=registry.infos(), default_profile_id=registry.default_id)

    async def get_profile(self, profile_id: str) -> bytes:
        """``GET profiles/{id}``: as pages see it; of a stored one also the values that ``PUT`` takes."""
        profile = self._profile(profile_id)
        stored = await self._services.library.profiles()
        values = next((values for values in stored if values.get("id") == profile_id), None)
        return _json(profile=profile, values=None if profile.locked else values)

    async def add_profile(self) -> bytes:
        """``POST profiles``"""
        values = self._object()
        profile = _stored_profile(values)
        if any(known.profile_id == profile.id for known in self._services.registry.infos()):
            error = profile_error("id", f"There is a profile {profile.id} already.", "Choose another id.")
            raise Refused(error.model_copy(update={"code": "profile_exists"}))
        return await self._save_profile(profile, values)

    async def replace_profile(self, profile_id: str) -> bytes:
        """``PUT profiles/{id}``"""
        self._check_unlocked(profile_id)
        values = {**self._object(), "id": profile_id}
        return await self._save_profile(_stored_profile(values), values)

    async def delete_profile(self, profile_id: str) -> bytes:
        """``DELETE profiles/{id}``"""
        self._check_unlocked(profile_id)
        await self._services.library.delete_profile(profile_id)
        await self._services.profiles_changed()
        return _json()

    async def _save_profile(self, profile: Profile, values: dict[str, Any]) -> bytes:
        await self._services.library.save_profile(profile.id, values)
        await self._services.profiles_changed()
        return _json(profile=self._profile(profile.id))

    def _profile(self, profile_id: str) -> wire.ProfileInfo:
        for profile in self._services.registry.infos():
            if profile.profile_id == profile_id:
                return profile
        raise Refused(actions.unknown("profile", profile_id, "Choose another profile."))

    def _check_unlocked(self, profile_id: str) -> None:
        if self._profile(profile_id).locked:
            raise Refused(
                wire.ErrorInfo(
                    code="profile_locked",
                    message=f"The profile {profile_id} comes from Jupyter's configuration.",
                    cure="Change c.StreamChat.profiles, or add a profile of another id.",
                )
            )

    # --- deployments ------------------------------------------------------------------------------

    async def list_deployments(self) -> bytes:
        """``GET deployments``: what is remembered of them."""
        return _json(deployments=await self._services.deployments.all())

    async def forget_deployments(self) -> bytes:
        """``DELETE deployments``"""
        await self._services.deployments.forget()
        return _json()

    # --- runs -------------------------------------------------------------------------------------

    async def get_run(self, run_id: str) -> bytes:
        """``GET runs/{id}``"""
        live = self._services.runs.live(run_id)
        if live is not None:
            await self._check_owner(live.info.chat_id)
            return _json(run=live.info)
        return _json(run=(await self._finished_run(run_id))[0])

    async def interrupt(self, run_id: str) -> bytes:
        """``POST runs/{id}/interrupt``"""
        shown = self._body(Interrupt).shown if self._raw.strip() else None
        return _json(note=actions.interrupt(self._services, self._access, run_id, shown))

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
            events.follow(self._services.library.feed(live.info.chat_id), progress_of(live))
            return events
        run, message = await self._finished_run(run_id)
        if run.status != "finished":
            # Another server's, or lost with it: a snapshot finds out which.
            opened = await self._services.library.snapshot(run.chat_id)
            if opened.read_only is not None:
                raise Refused(opened.read_only)
            run, message = await self._finished_run(run_id)
        events = RunEvents(run_id, _texts(message, run_id), held)
        events.finish(wire.RunFinished(chat_id=run.chat_id, seq=0, run=run))
        return events

    async def _finished_run(self, run_id: str) -> tuple[wire.RunInfo, wire.Message]:
        message = await self._services.library.message_of_run(run_id)
        if message is not None:
            await self._check_owner(message.chat_id)
            for run in message.runs:
                if run.run_id == run_id:
                    return run, message
        raise Refused(actions.unknown("run", run_id, "Its chat may have been deleted."))

    # --- the request ------------------------------------------------------------------------------

    async def _check_owner(self, chat_id: str) -> None:
        await actions.check_owner(self._services, self._access, chat_id)

    def _body(self, model: type[B]) -> B:
        self._check_size()
        try:
            return model.model_validate_json(self._raw or b"{}")
        except ValidationError as error:
            raise Refused(explain(error, tagged=False)) from None

    def _object(self) -> dict[str, JsonValue]:
        self._check_size()
        try:
            return _OBJECT.validate_json(self._raw or b"{}")
        except ValidationError as error:
            raise Refused(explain(error, tagged=False)) from None

    def _check_size(self) -> None:
        limit = self._services.settings.max_frame_bytes
        if len(self._raw) > limit:
            raise Refused(
                wire.ErrorInfo(
                    code="frame_too_large",
                    message=f"The request is larger than {limit} bytes.",
                    cure="Send a shorter message.",
                )
            )


def _content(body: NewMessage) -> list[wire.Part]:
    if body.content:
        return body.content
    if body.text is None:
        raise Refused(actions.invalid("text", "A message needs a text or a content."))
    return [wire.TextPart(text=body.text)]


def _texts(message: wire.Message, run_id: str) -> dict[wire.Channel, FixedText]:
    """Return the text that a finished run wrote, by channel."""
    written: dict[wire.Channel, str] = {"content": "", "reasoning": ""}
    for part in message.content:
        if part.run_id == run_id:
            written["content" if part.type == "text" else "reasoning"] += part.text
    return {channel: FixedText(text) for channel, text in written.items()}


def _stored_profile(values: dict[str, Any]) -> Profile:
    """Read a profile that a page sends, and refuse what only an administrator may say."""
    if values.get("api_key"):
        raise Refused(
            profile_error(
                "api_key",
                "Keys cannot be saved here yet.",
                "Put the key into an environment variable of the server and give its name as api_key_env.",
            )
        )
    profile = parse_profile(values, origin="stored")
    if isinstance(profile, wire.ErrorInfo):
        raise Refused(profile)
    if profile.api_key_env and not ALLOWED_VARIABLES.fullmatch(profile.api_key_env):
        problem = with_key(profile, os.environ)
        assert isinstance(problem, wire.ErrorInfo)
        raise Refused(problem)
    return profile


def _json(**values: Any) -> bytes:
    """Write a JSON object; fields that are null are left out, as on the socket."""
    return to_json({name: value for name, value in values.items() if value is not None}, exclude_none=True)
