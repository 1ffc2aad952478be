"""Chats, messages and runs for tests, and a subscriber that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_stream_chat.chats.feed import LiveRun
from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.chats.tree import digests_of, parts_of, written
from jupyter_stream_chat.protocol import ChatInfo, Message, PartKind, RunInfo, TextPart, Wire

CHAT = "chat-0001"


def chat(chat_id: str = CHAT, title: str = "", at: float = 1.0) -> ChatInfo:
    """Make a chat."""
    return ChatInfo(chat_id=chat_id, title=title, created_at=at, updated_at=at)


def question(number: int, parent_id: str | None = None, chat_id: str = CHAT, text: str = "") -> Message:
    """Make the question ``question-<number>``."""
    return Message(
        message_id=f"question-{number}",
        chat_id=chat_id,
        parent_id=parent_id,
        role="user",
        author="Ada",
        content=[TextPart(text=text or f"Question {number}?")],
        created_at=10.0 * number,
    )


def answer(number: int, chat_id: str = CHAT) -> Message:
    """Make the empty answer ``answer-<number>`` to the question of that number."""
    return Message(
        message_id=f"answer-{number:04}",
        chat_id=chat_id,
        parent_id=f"question-{number}",
        role="assistant",
        author="Test model",
        content=[],
        created_at=10.0 * number + 1,
    )


def run(number: int, chat_id: str = CHAT) -> RunInfo:
    """Make the queued run ``run-<number>``, which writes the answer of that number."""
    return RunInfo(
        run_id=f"run-{number:05}",
        chat_id=chat_id,
        message_id=f"answer-{number:04}",
        profile_id="test",
        model="test-1",
        streaming="on",
        created_at=10.0 * number + 1,
    )


def run_text(text: str, reasoning: str = "") -> RunText:
    """Make what a run has written: its reasoning, if any, then its text, if any."""
    given: list[tuple[PartKind, str]] = [("reasoning", reasoning), ("text", text)]
    return RunText(part for part in given if part[1])


def answered(message: Message, run: RunInfo, text: str, reasoning: str = "") -> Message:
    """Return an answer in which a run has written so far."""
    return written(message, run, parts_of(run.run_id, run_text(text, reasoning)))


@dataclass
class Writing:
    """A run that writes, driven by a test. A ``LiveRun``."""

    info: RunInfo
    text: RunText = field(default_factory=RunText)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.info.run_id

    def ended(self, kept: int | None = None) -> RunInfo:
        """Return the run's final state."""
        reason = "stop" if kept is None else "interrupted"
        update = {
            "status": "finished",
            "finish_reason": reason,
            "kept": None if kept is None else [kept],
            "digest": digests_of(self.text),
        }
        return self.info.model_copy(update=update)


@dataclass(eq=False)
class Reader:
    """A subscriber that keeps all that it is told."""

    events: list[Wire] = field(default_factory=list)
    growths: list[str] = field(default_factory=list)

    def event(self, event: Wire) -> None:
        """Keep an event."""
        self.events.append(event)

    def on_text(self, live: LiveRun) -> None:
        """Keep a note of growth."""
        self.growths.append(live.run_id)

    @property
    def types(self) -> list[str]:
        """The types of the events, in order."""
        return [getattr(event, "type", "") for event in self.events]
