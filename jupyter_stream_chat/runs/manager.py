"""All runs of this server: accepts questions, finds the run to interrupt, ends them all at the close.

Owns the limits. What a run does is ``run``'s business; that a chat has one at a time, the library's.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from langchain_core.messages import BaseMessage

from ..attachments.pictures import is_picture
from ..chats.chat_service import ChatService
from ..chats.command_error import CommandError
from ..chats.tree import text_of
from ..protocol import (
    AttachmentPart,
    ChatInfo,
    ContinueAnswer,
    ErrorInfo,
    Message,
    Parameters,
    RegenerateAnswer,
    RunInfo,
    SendMessage,
    StreamingMode,
    TextPart,
    UserText,
)
from ..providers.profiles.profile import Profile
from ..providers.profiles.registry import Registry
from .chat_run_host import ChatRunHost
from .deployments import Deployments
from .detached_run_host import DetachedRunHost
from .pause_buffer import AUTO_END_SECONDS, BUFFER_CHARACTERS, MAX_PAUSE_SECONDS
from .run import Run
from .run_host import RunHost
from .sent_prompts import SentPrompts
from .settings import MAX_ATTACHMENTS, RELEASE_SECONDS, AttachmentPolicy, RunSettings

log = logging.getLogger(__name__)

_CLOSE_MARGIN = 2.0
"""Seconds that the ends of runs may take to be written when the server closes."""
_EARLY_INTERRUPTS = 256
"""Interrupts kept whose question has not come yet."""
_SERVER_ENDS = ErrorInfo(
    code="server_restarted",
    message="The server was stopped while this answer was being written.",
    hint="Ask again; what had arrived is kept.",
)


class RunManager:
    """Starts runs and holds them while they live."""

    def __init__(
        self,
        chat_service: ChatService,
        registry: Registry,
        *,
        deployments: Deployments | None = None,
        streaming: StreamingMode = "auto",
        streaming_locked: bool = False,
        max_live_runs: int = 64,
        max_queued_runs: int = 32,
        max_message_characters: int = 200_000,
        attachments: AttachmentPolicy = "on",
        max_attachments: int = MAX_ATTACHMENTS,
        max_answer_characters: int = 4_000_000,
        tracing: bool = False,
        auto_end_seconds: float = AUTO_END_SECONDS,
        buffer_characters: int = BUFFER_CHARACTERS,
        max_pause_seconds: float = MAX_PAUSE_SECONDS,
        release_seconds: float = RELEASE_SECONDS,
    ) -> None:
        """``streaming`` is the global setting, which ``streaming_locked`` makes the only one.

        Lengths are in code points. ``deployments``: the memory of what they refuse (default: the library's).
        """
        self.on_started: list[Callable[[RunInfo], None]] = []
        """Called with the run as accepted."""
        self.on_finished: list[Callable[[RunInfo], None]] = []
        """Called with the final run, once its end is written."""
        self._chat_service = chat_service
        self._registry = registry
        self._deployments = deployments or Deployments(chat_service)
        self._streaming = streaming
        self._streaming_locked = streaming_locked
        self._max_live_runs = max_live_runs
        self._max_queued_runs = max_queued_runs
        self._max_message_characters = max_message_characters
        self._attachments = attachments
        self._max_attachments = max_attachments
        self.sent_prompts = SentPrompts()
        self._settings = RunSettings(
            auto_end_seconds=auto_end_seconds,
            buffer_characters=buffer_characters,
            max_pause_seconds=max_pause_seconds,
            max_characters=max_answer_characters,
            release_seconds=release_seconds,
            tracing_allowed=tracing,
        )
        self._runs: dict[str, Run] = {}
        self._local_runs: set[str] = set()
        self._accepting = 0
        self._orphans: set[asyncio.Task[None]] = set()
        self._interrupted_early: dict[str, Sequence[int] | None] = {}
        self._unattended: set[str] = set()
        """Runs that are being accepted, and during which nobody can be asked."""
        self._closing = False

    @property
    def orphans(self) -> int:
        """Models that were interrupted and still work on."""
        return len(self._orphans)

    @property
    def queued(self) -> int:
        """Runs that wait for the local engine: behind others, or while it loads their model."""
        return sum(self._runs[run_id].info.status in ("queued", "starting") for run_id in self._local_runs)

    @property
    def is_busy(self) -> bool:
        """Some run has not ended."""
        return bool(self._runs)

    @property
    def active(self) -> dict[str, RunInfo]:
        """The runs that have not ended and are not paused, by id."""
        return {run_id: run.info for run_id, run in self._runs.items() if run.info.status != "paused"}

    def live(self, run_id: str) -> Run | None:
        """Return the run, unless it has ended."""
        return self._runs.get(run_id)

    async def send_message(
        self, owner: str, author: str, command: SendMessage, *, attended: bool = True
    ) -> None:
        """Add a question and start the run that answers it. Sent twice it is done once.

        ``owner`` owns the chat, ``author`` is the name shown, ``attended``: somebody can be asked meanwhile.
        Raises ``CommandError`` before any model work.
        """
        if self._is_live(command):
            return
        self._check_length(command)
        with self._noted(command.run_id, attended):
            await self._answer(command, _question(command, author))

    async def regenerate_answer(self, command: RegenerateAnswer, *, attended: bool = True) -> None:
        """Answer a question once more. Sent twice it is done once. Raises ``CommandError``."""
        if not self._is_live(command):
            with self._noted(command.run_id, attended):
                await self._answer(command)

    async def continue_answer(self, command: ContinueAnswer, *, attended: bool = True) -> None:
        """Start a run that goes on with an answer, or asks for it again where nothing of it was kept.

        Sent twice it is done once. Raises ``CommandError`` before any model work.
        """
        if self._is_live(command):
            return
        stored = await self._chat_service.stored_chat(command.chat_id)
        answer = await self._chat_service.message(command.chat_id, command.message_id)
        if answer.role != "assistant" or answer.parent_id is None:
            raise _refused("no_answer", "Only an answer can be continued.", "Ask a question.", "message_id")
        owner = stored.owner
        chat = self._as_written(stored.info, answer, owner)
        profile = self._profile(chat, owner)
        info = self._run_info(command, answer.message_id, chat, profile)
        # The chat was last asked in now, whenever the answer was begun.
        answer_now = answer.model_copy(update={"created_at": info.created_at})
        leaf_id = answer.message_id if text_of(answer).strip() else answer.parent_id
        may_attach = self._may_attach(profile, chat)
        with self._noted(command.run_id, attended):
            await self._begin(
                None, answer_now, info, profile, leaf_id=leaf_id, owner=owner, may_attach=may_attach
            )

    def answer_detached(
        self,
        owner: str,
        profile: Profile,
        messages: Sequence[BaseMessage],
        on_text: Callable[[], None],
    ) -> Run:
        """Start a run that belongs to no chat: nothing of it is stored. Raises ``CommandError``.

        ``profile`` is the ``owner``'s, with its key. ``on_text`` is called when there is more text, and at
        the end. Nobody can be asked meanwhile.
        """
        with self._place(profile):
            run_id = str(uuid.uuid4())
            info = RunInfo(
                run_id=run_id,
                chat_id=run_id,
                message_id=run_id,
                profile_id=profile.id,
                model=profile.model_name,
                streaming=self._streaming_of(None, profile),
                parameters=profile.parameters,
                price=profile.price,
                created_at=time.time(),
            )
            host = DetachedRunHost(self._registry, self._deployments, profile, messages, owner, on_text)
            return self._start(info, host, profile, attended=False)

    def interrupt(
        self, run_id: str, shown: Sequence[int] | None = None
    ) -> Literal["interrupted", "not_running"]:
        """Stop a run at once. One that is not known may still be on its way: it will start stopped."""
        run = self._runs.get(run_id)
        if run is not None:
            return "interrupted" if run.interrupt(shown) else "not_running"
        self._interrupted_early[run_id] = shown
        if len(self._interrupted_early) > _EARLY_INTERRUPTS:
            del self._interrupted_early[next(iter(self._interrupted_early))]
        return "not_running"

    def pause(self, run_id: str, shown: Sequence[int] | None = None) -> bool:
        """Pause a run. False: it has ended, or is unknown."""
        run = self._runs.get(run_id)
        return run is not None and run.pause(shown)

    def resume(self, run_id: str) -> bool:
        """Let a paused run go on. False: it has ended, or is unknown."""
        run = self._runs.get(run_id)
        return run is not None and run.resume()

    async def close(self) -> None:
        """End every run, keep its text, and wait for it, but not for ever. Nothing is accepted afterwards."""
        self._closing = True
        runs = list(self._runs.values())
        for run in runs:
            run.abandon(_SERVER_ENDS)
        try:
            async with asyncio.timeout(self._settings.release_seconds + _CLOSE_MARGIN):
                await asyncio.gather(*(run.wait() for run in runs))
        except TimeoutError:
            pass  # what is not written by now is found in the spool at the next start

    @contextmanager
    def _noted(self, run_id: str, attended: bool) -> Iterator[None]:
        """Note, while a run is accepted, whether somebody can be asked during its answer."""
        if not attended:
            self._unattended.add(run_id)
        try:
            yield
        finally:
            self._unattended.discard(run_id)

    # --- accepting ------------------------------------------------------------------------------

    def _is_live(self, command: SendMessage | RegenerateAnswer | ContinueAnswer) -> bool:
        known = self._runs.get(command.run_id)
        return known is not None and known.info.chat_id == command.chat_id

    async def _answer(self, command: SendMessage | RegenerateAnswer, question: Message | None = None) -> None:
        """Start the run that answers a question, which is added first when it is new."""
        stored = await self._chat_service.stored_chat(command.chat_id)
        chat, owner = stored.info, stored.owner
        if isinstance(command, SendMessage):
            chat = _as_asked(chat, command)
        elif command.profile_id:
            chat = chat.model_copy(update={"profile_id": command.profile_id})
        profile = self._profile(chat, owner)
        chat = _as_instructed(chat, profile, command.instructions)
        profile = profile.with_parameters(chat.parameters)
        if isinstance(command, SendMessage):
            await self._check_attachments(command, chat, profile, owner)
        info = self._run_info(command, command.answer_id, chat, profile)
        answer = _empty_answer(command, profile)
        may_attach = self._may_attach(profile, chat)
        leaf_id = command.message_id
        await self._begin(
            question, answer, info, profile, leaf_id=leaf_id, owner=owner, may_attach=may_attach
        )

    async def _begin(
        self,
        question: Message | None,
        answer: Message,
        info: RunInfo,
        profile: Profile,
        *,
        leaf_id: str,
        owner: str,
        may_attach: bool,
    ) -> None:
        """Write a run's beginning and start it. ``leaf_id`` ends the conversation that the model is sent."""
        with self._place(profile):
            spool = await self._chat_service.begin_run(question, answer, info)
            if spool is not None:
                chat_service, registry, deployments = self._chat_service, self._registry, self._deployments
                host = ChatRunHost(
                    chat_service,
                    registry,
                    deployments,
                    profile,
                    spool,
                    info,
                    leaf_id,
                    owner,
                    self.sent_prompts,
                    may_attach=may_attach,
                )
                self._start(info, host, profile, attended=info.run_id not in self._unattended)

    def _check_length(self, command: SendMessage) -> None:
        text = "".join(part.text for part in command.content if isinstance(part, UserText))
        if not text.strip():
            raise _refused("empty_message", "The message is empty.", "Write something first.", "content")
        if len(text) > self._max_message_characters:
            message = f"The message has {len(text)} characters; {self._max_message_characters} are allowed."
            raise _refused("message_too_long", message, "Shorten it, or send it in parts.", "content")

    def _may_attach(self, profile: Profile, chat: ChatInfo) -> bool:
        is_local_only = self._attachments == "local" or bool(chat.local_only)
        return self._attachments != "off" and (profile.is_local or not is_local_only)

    async def _check_attachments(
        self, command: SendMessage, chat: ChatInfo, profile: Profile, owner: str
    ) -> None:
        attached = [part for part in command.content if isinstance(part, AttachmentPart)]
        count = len(attached)
        if count and not self._may_attach(profile, chat):
            raise _attachments_refused(self._attachments, profile)
        has_pictures = any(is_picture(part.media_type) for part in attached)
        if has_pictures and not await self._deployments.take_pictures(profile, owner):
            message = f"{profile.label} takes no pictures."
            raise _refused("pictures_not_taken", message, "Remove them, or choose another model.", "content")
        if count > self._max_attachments:
            message = f"The question has {count} attachments; {self._max_attachments} are allowed."
            raise _refused("too_many_attachments", message, "Remove some of them.", "content")

    def _as_written(self, chat: ChatInfo, answer: Message, owner: str) -> ChatInfo:
        """Return the chat as it was when an answer was written: the same model goes on, as it was set."""
        if not answer.runs or not isinstance(self._registry.find(answer.runs[-1].profile_id, owner), Profile):
            return chat
        writer = answer.runs[-1]
        return chat.model_copy(update={"profile_id": writer.profile_id, "parameters": writer.parameters})

    def _profile(self, chat: ChatInfo, owner: str) -> Profile:
        profile_id = chat.profile_id or self._registry.default_id_for(owner)
        if profile_id is None:
            raise _refused("no_profile", "No model is set up yet.", "Set up a profile first.")
        profile = self._registry.find(profile_id, owner)
        if isinstance(profile, ErrorInfo):
            raise CommandError(profile)
        return profile.with_parameters(chat.parameters)

    @contextmanager
    def _place(self, profile: Profile) -> Iterator[None]:
        """Hold a place among the live runs while one is accepted.

        One for the local engine may find it so busy that it had to wait behind too many.
        """
        if self._closing:
            raise _refused("server_restarted", "The server is stopping.", "Ask again when it is back.")
        if len(self._runs) + self._accepting >= self._max_live_runs:
            message = f"{self._max_live_runs} answers are being written already."
            raise _refused("too_many_runs", message, "Wait for one of them to end, or stop it.")
        if profile.is_local and self.queued >= self._max_queued_runs:
            message = f"{self._max_queued_runs} questions wait for the local model already."
            raise _refused("too_many_queued_runs", message, "Wait, or ask another model.")
        self._accepting += 1
        try:
            yield
        finally:
            self._accepting -= 1

    def _run_info(
        self,
        command: SendMessage | RegenerateAnswer | ContinueAnswer,
        answer_id: str,
        chat: ChatInfo,
        profile: Profile,
    ) -> RunInfo:
        return RunInfo(
            run_id=command.run_id,
            chat_id=command.chat_id,
            message_id=answer_id,
            profile_id=profile.id,
            model=profile.model_name,
            streaming=self._streaming_of(chat, profile),
            parameters=chat.parameters,
            price=profile.price,
            created_at=time.time(),
        )

    def _streaming_of(self, chat: ChatInfo | None, profile: Profile) -> StreamingMode:
        """Return the mode in force: the chat's, else the profile's, else the setting; locked, the setting."""
        own = (chat.streaming if chat else None) or profile.streaming
        return self._streaming if self._streaming_locked else own or self._streaming

    # --- a run's life ---------------------------------------------------------------------------

    def _start(self, info: RunInfo, host: RunHost, profile: Profile, *, attended: bool) -> Run:
        settings = replace(
            self._settings,
            timeouts=profile.effective_timeouts,
            on_repetition=profile.on_repetition,
            attended=attended,
        )
        run = Run(info, host, settings)
        run.on_done = self._forget
        self._runs[run.run_id] = run
        if profile.is_local:
            self._local_runs.add(run.run_id)
        if isinstance(host, ChatRunHost):
            self._chat_service.feed(info.chat_id).live[run.run_id] = run
        log.info("Run %s started: profile %s, streaming %s", run.run_id, info.profile_id, info.streaming)
        for observer in self.on_started:
            observer(info)
        run.start()
        if run.run_id in self._interrupted_early:
            run.interrupt(self._interrupted_early.pop(run.run_id))
        if self._closing:  # it was being accepted when the server began to close
            run.abandon(_SERVER_ENDS)
        return run

    def _forget(self, run: Run) -> None:
        del self._runs[run.run_id]
        self._local_runs.discard(run.run_id)
        if orphan := run.orphan:
            self._orphans.add(orphan)
            orphan.add_done_callback(self._orphans.discard)
        for observer in self.on_finished:
            observer(run.info)


def _as_asked(chat: ChatInfo, command: SendMessage) -> ChatInfo:
    """Return the chat with the question's own choices in the place of the chat's."""
    own = chat.parameters or Parameters()
    asked = command.parameters.model_dump(exclude_none=True) if command.parameters else {}
    return chat.model_copy(
        update={
            "profile_id": command.profile_id or chat.profile_id,
            "streaming": command.streaming or chat.streaming,
            "parameters": own.model_copy(update=asked),
        }
    )


def _as_instructed(chat: ChatInfo, profile: Profile, instructions: str | None) -> ChatInfo:
    """Return the chat with the instructions for all chats, where neither it nor its profile has its own.

    They become the run's own parameters, so an answer that is gone on with is written as it was begun.
    """
    takes_them = "system_prompt" in profile.served_by.parameters
    if not instructions or profile.parameters.system_prompt or not takes_them:
        return chat
    own = chat.parameters or Parameters()
    parameters = own.model_copy(update={"system_prompt": instructions})
    return chat.model_copy(update={"parameters": parameters})


def _question(command: SendMessage, author: str) -> Message:
    return Message(
        message_id=command.message_id,
        chat_id=command.chat_id,
        parent_id=command.parent_id,
        role="user",
        author=author,
        content=[
            TextPart(text=part.text) if isinstance(part, UserText) else part for part in command.content
        ],
        created_at=time.time(),
    )


def _empty_answer(command: SendMessage | RegenerateAnswer, profile: Profile) -> Message:
    return Message(
        message_id=command.answer_id,
        chat_id=command.chat_id,
        parent_id=command.message_id,
        role="assistant",
        author=profile.label,
        content=[],
        created_at=time.time(),
    )


def _attachments_refused(policy: AttachmentPolicy, profile: Profile) -> CommandError:
    if policy == "off":
        message = "This server takes no attachments."
        return _refused("attachments_off", message, "Remove the attachments.", "content")
    message = f"Attachments may go to local models only, and {profile.label} is a hosted one."
    return _refused("attachments_local_only", message, "Choose a local model, or remove them.", "content")


def _refused(code: str, message: str, hint: str, field: str | None = None) -> CommandError:
    return CommandError(ErrorInfo(code=code, message=message, hint=hint, field=field))
