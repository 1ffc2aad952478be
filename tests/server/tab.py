"""A browser tab: it folds one chat as the panel does, and comes back after each cut with what it holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from tornado.websocket import WebSocketClosedError

from jupyter_stream_chat.protocol import ChatOpened, Message, RunInfo

from ..transcript import Gap, Transcript, read_event
from .page import PATIENCE, Event, Page, new_id


class Tab:
    """One page with a memory. Commands that were not answered are sent again on the next connection."""

    def __init__(self, connect: Callable[[], Page], chat_id: str) -> None:
        self.transcript = Transcript(chat_id)
        self.longest: dict[str, str] = {}
        """The longest text that was shown of each run."""
        self._connect = connect
        self._chat_id = chat_id
        self._page: Page | None = None
        self._server_epoch = ""
        """The start of the server that the page is connected to."""
        self._epoch: str | None = None
        """The one in which the transcript's events are numbered."""
        self._unanswered: dict[str, dict[str, Any]] = {}
        self._sent: list[dict[str, Any]] = []
        self._broadcast = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self._page is not None and self._page.closed is None

    async def connect(self) -> None:
        """Open a connection and go on where the last one ended."""
        if self.is_connected:
            return
        self._page = self._connect()
        self._page.on_event = self._fold
        await self._page.__aenter__()
        self._server_epoch = (await self._page.until_type("hello"))["epoch"]
        for command in list(self._unanswered.values()):
            self._write(command)
        self._open("reconnected")

    async def cut(self) -> None:
        """Lose the connection."""
        if self._page is not None:
            await self._page.cut()
            self._page = None

    def send(self, type_: str, **fields: Any) -> None:
        """Send a command now, or on the next connection."""
        command = {"type": type_, "command_id": new_id("command"), **fields}
        self._unanswered[command["command_id"]] = command
        self._sent.append(command)
        self._write(command)

    def repeat(self, back: int) -> None:
        """Send a command again that was sent before, answered or not."""
        if self._sent:
            self._write(self._sent[-1 - back % len(self._sent)])

    def last(self) -> Message | None:
        """Return the newest message of the active branch."""
        messages = self.transcript.messages
        return messages[-1] if messages else None

    def live(self) -> RunInfo | None:
        """Return the run that is writing, as far as this tab knows."""
        runs = [run for message in self.transcript.messages for run in message.runs]
        return next((run for run in runs if run.status != "finished"), None)

    @property
    def is_idle(self) -> bool:
        """Whether every command is answered, and no run is live."""
        return not self._unanswered and self.transcript.seq is not None and self.live() is None

    async def until_idle(self) -> None:
        """Wait until nothing more is to come, as far as this tab knows."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.is_idle:
                    await self._broadcast.wait()
        except TimeoutError:
            closed = self._page and self._page.closed
            raise AssertionError(
                f"never idle: unanswered {list(self._unanswered.values())}, seq {self.transcript.seq}, "
                f"live {self.live()}, connected {self.is_connected} {closed}"
            ) from None

    def _write(self, command: dict[str, Any]) -> None:
        if self._page is not None and self.is_connected:
            # Lost on a socket that is closing, and sent again on the next.
            with contextlib.suppress(WebSocketClosedError):
                self._page.write(json.dumps(command))

    def _open(self, reason: str) -> None:
        held = {
            run.run_id: [len(part.text) for part in message.content if part.run_id == run.run_id]
            for message in self.transcript.messages
            for run in message.runs
            if run.status != "finished"
        }
        seq = self.transcript.seq
        known = {} if seq is None else {"epoch": self._epoch, "after_seq": seq}
        command = {"type": "open_chat", "command_id": new_id("command"), "chat_id": self._chat_id}
        self._write({**command, "known_lengths": held, "reason": reason, **known})

    def _fold(self, event: Event) -> None:
        self._unanswered.pop(event.get("command_id", ""), None)
        parsed = read_event(json.dumps(event))
        assert parsed is not None
        try:
            self.transcript.apply(parsed)
            self.transcript.apply(parsed)  # twice is once
        except Gap as gap:
            self._open(gap.reason)
        if isinstance(parsed, ChatOpened):
            self._epoch = self._server_epoch
        for message in self.transcript.messages:
            for run in message.runs:
                text = text_of(message, run.run_id)
                if len(text) > len(self.longest.get(run.run_id, "")):
                    self.longest[run.run_id] = text
        self._broadcast.set()
        self._broadcast = asyncio.Event()


def text_of(message: Message, run_id: str) -> str:
    """Return what a run wrote of a message."""
    return "".join(part.text for part in message.content if part.run_id == run_id and part.type == "text")
