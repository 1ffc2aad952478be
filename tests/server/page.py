"""A page, as the server sees it: a real WebSocket client that folds what it is sent."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any, Self

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_stream_chat.protocol import EVENT

PATIENCE = 60.0
"""Seconds until a test gives up. Only a failing test waits that long."""

Event = dict[str, Any]

_numbers = itertools.count(1)


def new_id(kind: str) -> str:
    """Return an identifier that no other in this process has."""
    return f"{kind}-{next(_numbers):08d}"


class Page:
    """One connection. ``async with Page(url, headers) as page``."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.events: list[Event] = []
        self.frames: list[str] = []
        self.closed: tuple[int | None, str | None] | None = None
        self.on_event: Callable[[Event], None] = lambda event: None
        """Called with each event as it comes."""
        self._request = HTTPRequest(url, headers=headers)
        self._socket: WebSocketClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._broadcast = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._socket = await websocket_connect(self._request, max_message_size=2**26)
        self._reader = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Close the connection."""
        if self._socket is not None and self._reader is not None:
            self._socket.close()
            self._reader.cancel()
            await asyncio.wait({self._reader})

    async def cut(self) -> None:
        """Lose the connection: neither side says that it ends."""
        assert self._socket is not None
        assert self._reader is not None
        self._reader.cancel()
        await asyncio.wait({self._reader})
        if (protocol := self._socket.protocol) is not None:
            protocol.stream.close()

    async def _read(self) -> None:
        assert self._socket is not None
        while (frame := await self._socket.read_message()) is not None:
            self.frames.append(str(frame))
            for line in str(frame).split("\n"):
                EVENT.validate_json(line)
                self.events.append(json.loads(line))
                self.on_event(self.events[-1])
            self._announce()
        self.closed = (self._socket.close_code, self._socket.close_reason)
        self._announce()

    def _announce(self) -> None:
        self._broadcast.set()
        self._broadcast = asyncio.Event()

    # --- sending ----------------------------------------------------------------------------------

    def write(self, frame: str | bytes) -> None:
        """Send a frame as it is."""
        assert self._socket is not None
        self._socket.write_message(frame, binary=isinstance(frame, bytes))

    def send(self, type_: str, **fields: Any) -> str:
        """Send a command; return its id."""
        command_id = new_id("command")
        self.write(json.dumps({"type": type_, "command_id": command_id, **fields}))
        return command_id

    async def command(self, type_: str, **fields: Any) -> Event:
        """Send a command and return its answer."""
        return await self.answer(self.send(type_, **fields))

    async def answer(self, command_id: str) -> Event:
        """Return the answer to a command."""
        return await self.until(
            lambda e: (
                e["type"] in ("command_accepted", "command_rejected") and e.get("command_id") == command_id
            )
        )

    async def ask(self, chat_id: str, text: str, *, parent_id: str | None = None) -> str:
        """Send a question; return its run's id once it is accepted."""
        run_id = new_id("run")
        answer = await self.command("send_message", **question(chat_id, text, run_id, parent_id))
        assert answer["type"] == "command_accepted", answer
        return run_id

    async def new_chat(self, **fields: Any) -> str:
        """Make a chat and open it."""
        chat_id = new_id("chat")
        answer = await self.command("create_chat", chat_id=chat_id, **fields)
        assert answer["type"] == "command_accepted", answer
        await self.open_chat(chat_id)
        return chat_id

    async def open_chat(self, chat_id: str, **fields: Any) -> Event:
        """Open a chat; return the event with which it opens, which comes behind the answer."""
        answer = await self.command("open_chat", chat_id=chat_id, **fields)
        assert answer["type"] == "command_accepted", answer
        return await self.until(
            lambda e: e["type"] in ("chat_opened", "chat_resumed") and e["chat_id"] == chat_id,
            after=self.events.index(answer),
        )

    # --- receiving --------------------------------------------------------------------------------

    async def until(self, wanted: Callable[[Event], bool], *, after: int = 0) -> Event:
        """Return the first event of that kind, of those at ``after`` and later."""
        seen = after
        async with asyncio.timeout(PATIENCE):
            while True:
                broadcast = self._broadcast
                for event in self.events[seen:]:
                    if wanted(event):
                        return event
                seen = len(self.events)
                if self.closed:
                    raise ConnectionError(f"closed: {self.closed}")
                await broadcast.wait()

    async def until_type(self, type_: str, *, after: int = 0, **fields: Any) -> Event:
        """Return the first event of a type that has these fields."""
        return await self.until(
            lambda e: e["type"] == type_ and all(e.get(k) == v for k, v in fields.items()), after=after
        )

    async def finished(self, run_id: str) -> Event:
        """Return the run's final state."""
        event = await self.until(lambda e: e["type"] == "run_finished" and e["run"]["run_id"] == run_id)
        return event["run"]

    async def until_closed(self) -> tuple[int | None, str | None]:
        """Return code and reason of the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            while self.closed is None:
                await self._broadcast.wait()
        return self.closed

    async def broadcast(self) -> None:
        """Wait for the next event, or the connection's end."""
        await self._broadcast.wait()

    async def until_text(self, run_id: str, length: int, **kwargs: Any) -> None:
        """Wait until so much of a run's answer has come."""
        async with asyncio.timeout(PATIENCE):
            while len(self.text(run_id, **kwargs)) < length:
                await self._broadcast.wait()

    def text(self, run_id: str, *, held: str = "", after: int = 0, kind: str = "text") -> str:
        """Fold a run's deltas of one kind. Each must continue exactly where the last one of its part ended.

        ``held``: what the page has of the first of these parts. A part that began before is text.
        """
        deltas = [event for event in self.events if event["type"] == "delta" and event["run_id"] == run_id]
        kinds = {event["part"]: event["kind"] for event in deltas if "kind" in event}
        text, part, length = held, None, len(held)
        for event in self.events[after:]:
            is_delta = event["type"] == "delta" and event["run_id"] == run_id
            if is_delta and kinds.get(event["part"], "text") == kind:
                if part not in (None, event["part"]):
                    length = 0
                assert event["offset"] == length, event
                part, length = event["part"], length + len(event["text"])
                text += event["text"]
        return text

    def of_type(self, *types: str) -> list[Event]:
        """Return the events of these types, in order."""
        return [event for event in self.events if event["type"] in types]


def question(
    chat_id: str, text: str, run_id: str | None = None, parent_id: str | None = None
) -> dict[str, Any]:
    """Return the fields of ``send_message``."""
    fields = {
        "chat_id": chat_id,
        "message_id": new_id("message"),
        "content": [{"type": "text", "text": text}],
        "answer_id": new_id("answer"),
        "run_id": run_id or new_id("run"),
    }
    return fields | ({"parent_id": parent_id} if parent_id else {})


def numbered(count: int) -> str:
    """Return what the scripted provider answers with ``tokens=count``."""
    return "".join(f"t{n} " for n in range(count))
