"""A run as server-sent events, through a real response."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from jupyter_stream_chat.nonces import new_nonce, run_id_of
from jupyter_stream_chat.server.api import run_events

from .conftest import Server
from .page import PATIENCE, numbered


@dataclass
class Received:
    """One event, as a browser's EventSource would give it."""

    id: str
    name: str
    data: dict[str, Any]


def parse(body: str) -> tuple[list[Received], int]:
    """Read whole events and count comments (WHATWG HTML, 9.2.6)."""
    events, comments = [], 0
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        comments += block.startswith(":")
        if fields:
            events.append(Received(fields["id"], fields["event"], json.loads(fields["data"])))
    return events, comments


class Reader:
    """A client that keeps what has come so far."""

    def __init__(self, server: Server, run_id: str, **headers: str) -> None:
        self.body = ""
        self._broadcast = asyncio.Event()
        self.response = asyncio.ensure_future(
            server.fetch(
                "GET",
                f"runs/{run_id}/events",
                headers=headers,
                streaming_callback=self._take,
                request_timeout=PATIENCE,
            )
        )

    def _take(self, chunk: bytes) -> None:
        self.body += chunk.decode()
        self._broadcast.set()
        self._broadcast = asyncio.Event()

    @property
    def events(self) -> list[Received]:
        """Whole events so far."""
        return parse(self.body[: self.body.rfind("\n\n") + 2])[0]

    def parts(self) -> list[tuple[str, str]]:
        """Return the parts so far; each delta must continue them. One that was not begun here is text."""
        parts: dict[int, tuple[str, str]] = {}
        for delta in (event.data for event in self.events if event.name == "delta"):
            kind, text = parts.get(delta["part"], (delta.get("kind", "text"), ""))
            assert delta["part"] == max(parts, default=delta["part"]) or delta["offset"] == 0
            parts[delta["part"]] = (kind, text + delta["text"])
        return list(parts.values())

    def text(self, kind: str = "text") -> str:
        """Return the text so far of one kind."""
        return "".join(text for each, text in self.parts() if each == kind)

    async def until_text(self, length: int) -> None:
        """Wait for so much text."""
        async with asyncio.timeout(PATIENCE):
            while len(self.text()) < length:
                await self._broadcast.wait()


async def start(server: Server, text: str) -> str:
    """Ask a question; return the run's id."""
    _, made = await server.rest("POST", "chats", {})
    _, sent = await server.rest("POST", f"chats/{made['chat']['chat_id']}/messages", {"text": text})
    run_id: str = sent["run_id"]
    return run_id


async def test_a_live_run_streams_and_ends(server: Server) -> None:
    reader = Reader(server, await start(server, "tokens=60 rate=100 reasoning=2"))
    response = await reader.response
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert reader.text() == numbered(60)
    assert reader.text("reasoning") == "r0 r1 "
    assert [e.name for e in reader.events].count("delta") >= 20
    assert reader.events[-1].name == "run_finished"
    assert reader.events[-1].data["run"]["finish_reason"] == "stop"
    assert reader.events[-1].id == f"6.{len(numbered(60))}"


@pytest.mark.parametrize("live", [True, False])
async def test_it_goes_on_after_the_last_event_read(server: Server, live: bool) -> None:
    run_id = await start(server, "tokens=80 rate=100 reasoning=2")
    first = Reader(server, run_id)
    await (first.until_text(40) if live else first.response)
    read = [e for e in first.events if e.name == "delta"][:-3]
    last = read[-1]
    second = Reader(server, run_id, **{"Last-Event-ID": last.id})
    await second.response
    held = "".join(e.data["text"] for e in read if e.data["part"] == 1)
    assert held + second.text() == numbered(80)
    assert second.text("reasoning") == ""
    assert second.events[-1].name == "run_finished"


@pytest.mark.parametrize("event_id", ["", "nonsense", "-1.-1", "0", "0.0", "1..2", "9" * 13])
async def test_an_id_that_is_not_ours_means_from_the_beginning(server: Server, event_id: str) -> None:
    reader = Reader(server, await start(server, "tokens=3"), **{"Last-Event-ID": event_id})
    await reader.response
    assert reader.text() == numbered(3)


async def test_an_id_beyond_the_end_gives_the_end(server: Server) -> None:
    run_id = await start(server, "tokens=3")
    await Reader(server, run_id).response
    for event_id in ("999999", "999999.0", "9.9.9"):
        reader = Reader(server, run_id, **{"Last-Event-ID": event_id})
        await reader.response
        assert [e.name for e in reader.events] == ["run_finished"]


async def test_an_id_of_the_protocol_before_still_gives_an_answer_and_its_end(server: Server) -> None:
    run_id = await start(server, "tokens=3 reasoning=2")
    await Reader(server, run_id).response
    reader = Reader(server, run_id, **{"Last-Event-ID": f"{len(numbered(3))}.6"})  # content.reasoning
    response = await reader.response
    assert response.code == 200
    assert reader.events[-1].name == "run_finished"


async def test_silence_is_filled_by_comments(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_events, "KEEP_ALIVE_SECONDS", 0.05)
    run_id = await start(server, "hang=3")
    reader = Reader(server, run_id)
    async with asyncio.timeout(PATIENCE):
        while parse(reader.body)[1] < 3:
            await reader._broadcast.wait()
    await server.rest("POST", f"runs/{run_id}/interrupt")
    await reader.response
    assert reader.events[-1].data["run"]["finish_reason"] == "interrupted"
    assert all(e.data for e in reader.events)


async def test_a_reader_that_leaves_is_forgotten(server: Server) -> None:
    services = await server.extension.services()
    run_id = await start(server, "hang=3")
    feed = services.chat_service.feed(services.runs.live(run_id).info.chat_id)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    path = server.url(f"api/runs/{run_id}/events").split(str(server.port), 1)[1]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: token {server.token}\r\n\r\n"
    )
    writer.write(request.encode())
    async with asyncio.timeout(PATIENCE):
        while not feed._subscribers:  # noqa: ASYNC110 - nobody tells when a subscriber comes or goes
            await asyncio.sleep(0.01)
        writer.close()
        while feed._subscribers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_notebook_names_a_run_by_its_nonce_alone(server: Server) -> None:
    nonce = new_nonce()
    await server.rest("POST", "chats", {"chat_id": "chat-nonce"})
    for run_id in (run_id_of(nonce), "0123456789abcdef0123456789abcdef"):
        await server.rest("POST", "chats/chat-nonce/messages", {"text": "tokens=3", "run_id": run_id})
        await server.fetch("GET", f"runs/{run_id}/events")
    response = await server.fetch("GET", f"answers/{nonce}/events")
    events, _ = parse(response.body.decode())
    assert "".join(event.data["text"] for event in events if event.name == "delta") == numbered(3)
    # Neither a run's id nor a nonce that nobody asked with opens anything.
    for name in (run_id_of(nonce), "0123456789abcdef0123456789abcdef", new_nonce()):
        response = await server.fetch("GET", f"answers/{name}/events")
        assert (response.code, json.loads(response.body)["error"]["code"]) == (404, "unknown_run")
