"""A reader's view of one chat: the fold of its events. Pure; the twin of ``src/transcript.ts``.

Used by readers that are no page (event streams, the magic) and by tests; both twins are held to the golden
transcripts in ``tests/golden``.
"""

from __future__ import annotations

import json
import logging
from typing import Literal, TypeAlias, get_args

from ..protocol import (
    EVENT,
    AnyEvent,
    BranchSelected,
    Channel,
    ChatEvent,
    ChatOpened,
    Delta,
    ErrorInfo,
    Message,
    MessageAdded,
    MessageChanged,
    MessagesLoaded,
    ReasoningPart,
    RunFinished,
    RunInfo,
    RunProgressed,
    RunStarted,
)
from .text import StreamText
from .tree import follow, up_to, written

log = logging.getLogger(__name__)

CHANNELS: tuple[Channel, ...] = get_args(Channel)
Texts: TypeAlias = dict[Channel, StreamText]


class Gap(Exception):
    """What is held and what came do not fit: open the chat again and say why (``open_chat.reason``)."""

    def __init__(self, reason: Literal["gap", "digest_mismatch"], message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_event(frame: str) -> AnyEvent | None:
    """Parse a frame; None, with a warning, for an event that a newer server has invented.

    Raises pydantic.ValidationError when it is malformed.
    """
    if (name := json.loads(frame).get("type")) not in _EVENT_NAMES:
        log.warning("Skipped an event of unknown type %r", name)
        return None
    return EVENT.validate_json(frame)


_EVENT_NAMES = frozenset(EVENT.json_schema()["discriminator"]["mapping"])


class Transcript:
    """Messages of a chat's active branch, with the text of live runs growing in them."""

    def __init__(self, chat_id: str) -> None:
        self.chat_id = chat_id
        self.seq: int | None = None
        """The last event folded; None until the chat is opened."""
        self.has_more = False
        self.read_only: ErrorInfo | None = None
        self._messages: list[Message] = []
        self._texts: dict[str, Texts] = {}

    @property
    def messages(self) -> list[Message]:
        """The messages held, oldest first, with all text that has come."""
        return [self._with_texts(message) for message in self._messages]

    def apply(self, event: AnyEvent) -> None:
        """Fold one event; one that is another chat's, or folded already, changes nothing.

        Raises Gap when something before it is missing.
        """
        if isinstance(event, Delta):
            self._grow(event)
        elif getattr(event, "chat_id", None) != self.chat_id:
            return
        elif isinstance(event, ChatOpened):
            self._open(event)
        elif self.seq is None:
            return
        elif isinstance(event, ChatEvent):
            self._advance(event)
        elif isinstance(event, RunProgressed):
            self._progress(event)
        elif isinstance(event, MessagesLoaded):
            self._prepend(event)

    def _open(self, opened: ChatOpened) -> None:
        self.seq, self.has_more, self.read_only = opened.seq, opened.has_more, opened.read_only
        self._messages = list(opened.messages)
        self._texts = {
            run.run_id: _texts_of(message, run.run_id)
            for message in opened.messages
            for run in message.runs
            if run.status != "finished"
        }

    def _advance(self, event: ChatEvent) -> None:
        assert self.seq is not None
        if event.seq <= self.seq:
            return
        if event.seq > self.seq + 1:
            raise Gap("gap", f"event {event.seq} came after {self.seq}")
        if isinstance(event, MessageAdded):
            self._add(event.message)
        elif isinstance(event, MessageChanged):
            self._change(event.message)
        elif isinstance(event, BranchSelected):
            self._select(event)
        elif isinstance(event, RunStarted):
            self._start(event.run)
        else:
            self._finish(event)
        self.seq = event.seq

    def _add(self, message: Message) -> None:
        branch = follow(self._messages, message)
        if branch is None:
            raise Gap("gap", f"message {message.message_id} follows one that is not held")
        self._messages = branch
        self.has_more = self.has_more and message.parent_id is not None

    def _change(self, message: Message) -> None:
        self._messages = [
            message if held.message_id == message.message_id else held for held in self._messages
        ]

    def _select(self, selected: BranchSelected) -> None:
        trunk = up_to(self._messages, selected.messages[0].parent_id)
        if not trunk:
            self.has_more = selected.has_more
        self._messages = [*(trunk or []), *selected.messages]

    def _start(self, run: RunInfo) -> None:
        self._texts[run.run_id] = {channel: StreamText() for channel in CHANNELS}
        self._write(run, _NO_TEXT)

    def _finish(self, event: RunFinished) -> None:
        run = event.run
        self.read_only = None
        texts = self._texts.pop(run.run_id, None)
        if texts is None:
            return
        held = {channel: str(text) for channel, text in texts.items()}
        self._write(run, held)
        if run.digest and any(
            texts[channel].digest() != getattr(run.digest, channel) for channel in CHANNELS
        ):
            self.seq = event.seq
            raise Gap("digest_mismatch", f"the text held of run {run.run_id} is not the server's")

    def _grow(self, delta: Delta) -> None:
        texts = self._texts.get(delta.run_id)
        if texts is None:
            return
        text = texts[delta.channel or "content"]
        if delta.offset > text.length:
            raise Gap("gap", f"text of run {delta.run_id} at {delta.offset} came after {text.length}")
        text.append(delta.text[text.length - delta.offset :])

    def _progress(self, event: RunProgressed) -> None:
        for message in self._messages:
            for run in message.runs:
                if run.run_id == event.run_id and run.status != "finished":
                    now = run.model_copy(
                        update={"status": event.status, "progress": event.progress, "pause": event.pause}
                    )
                    self._write(now, _NO_TEXT)

    def _prepend(self, event: MessagesLoaded) -> None:
        if self._messages and self._messages[0].message_id == event.before:
            self._messages = [*event.messages, *self._messages]
            self.has_more = event.has_more

    def _write(self, run: RunInfo, texts: dict[Channel, str]) -> None:
        self._messages = [
            written(message, run, texts) if message.message_id == run.message_id else message
            for message in self._messages
        ]

    def _with_texts(self, message: Message) -> Message:
        for run in message.runs:
            if texts := self._texts.get(run.run_id):
                held = {channel: str(text) for channel, text in texts.items()}
                message = written(message, run, held)
        return message


_NO_TEXT: dict[Channel, str] = dict.fromkeys(CHANNELS, "")


def _texts_of(message: Message, run_id: str) -> Texts:
    texts: Texts = {channel: StreamText() for channel in CHANNELS}
    for part in message.content:
        if part.run_id == run_id:
            texts["reasoning" if isinstance(part, ReasoningPart) else "content"].append(part.text)
    return texts
