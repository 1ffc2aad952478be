"""A reader's view of one chat: the fold of its events. The twin of ``src/transcript.ts``, for tests.

Both are held to the golden transcripts in ``tests/golden``. The text of runs is folded by ``RunText``, as in
the server and in ``%chat``.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Literal, get_args

from jupyter_stream_chat.chats.text import Gap as TextGap
from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.chats.tree import digests_of, follow, parts_of, run_text_of, up_to, written
from jupyter_stream_chat.protocol import (
    EVENT,
    AnyEvent,
    BranchSelected,
    ChatEvent,
    ChatOpened,
    Delta,
    ErrorInfo,
    Message,
    MessageAdded,
    MessageChanged,
    MessagesLoaded,
    Part,
    PartKind,
    RunFinished,
    RunInfo,
    RunProgressed,
    RunStarted,
    TextPart,
)

log = logging.getLogger(__name__)


class Gap(Exception):
    """What is held and what came do not fit: open the chat again and say why (``open_chat.reason``)."""

    def __init__(self, reason: Literal["gap", "digest_mismatch"], message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_event(frame: str) -> AnyEvent | None:
    """Parse a frame; None, with a warning, for an event that a newer server has invented.

    Raises pydantic.ValidationError when it is malformed.
    """
    event: dict[str, Any] = json.loads(frame)
    if (name := event.get("type")) not in _EVENT_NAMES:
        log.warning("Skipped an event of unknown type %r", name)
        return None
    if name == "delta" and event.get("kind") not in (None, *get_args(PartKind)):
        return Delta.model_validate({**event, "kind": None}).model_copy(update={"kind": event["kind"]})
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
        self._texts: dict[str, RunText] = {}

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
            run.run_id: run_text_of(message, run.run_id)
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
        self._texts[run.run_id] = RunText()
        self._write(run, [])

    def _finish(self, event: RunFinished) -> None:
        run = event.run
        self.read_only = None
        text = self._texts.pop(run.run_id, None)
        if text is None:
            return
        self._write(run, _parts(run.run_id, text))
        if run.digest is not None and digests_of(text) != run.digest:
            self.seq = event.seq
            raise Gap("digest_mismatch", f"the text held of run {run.run_id} is not the server's")

    def _grow(self, delta: Delta) -> None:
        text = self._texts.get(delta.run_id)
        if text is None:
            return
        try:
            text.put(delta.part, delta.offset, delta.text, delta.kind)
        except TextGap as gap:
            raise Gap("gap", f"run {delta.run_id}: {gap}") from None

    def _progress(self, event: RunProgressed) -> None:
        for message in self._messages:
            for run in message.runs:
                if run.run_id == event.run_id and run.status != "finished":
                    now = run.model_copy(
                        update={"status": event.status, "progress": event.progress, "pause": event.pause}
                    )
                    self._write(now, [])

    def _prepend(self, event: MessagesLoaded) -> None:
        if self._messages and self._messages[0].message_id == event.before:
            self._messages = [*event.messages, *self._messages]
            self.has_more = event.has_more

    def _write(self, run: RunInfo, parts: list[Part]) -> None:
        self._messages = [
            written(message, run, parts) if message.message_id == run.message_id else message
            for message in self._messages
        ]

    def _with_texts(self, message: Message) -> Message:
        for run in message.runs:
            if text := self._texts.get(run.run_id):
                message = written(message, run, _parts(run.run_id, text))
        return message


def _parts(run_id: str, text: RunText) -> list[Part]:
    """Return a run's parts. One of an unknown kind is kept as it came, as a page does."""
    if all(part.kind in get_args(PartKind) for part in text):
        return parts_of(run_id, text)
    fields = ({"type": part.kind, "text": str(part), "run_id": run_id} for part in text)
    return [TextPart.model_construct(**each) for each in fields]  # type: ignore[arg-type]
