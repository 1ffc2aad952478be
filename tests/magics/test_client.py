"""The HTTP client: streams that break, refusals, and where the token does not go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from jupyter_stream_chat.magics.client import Client
from jupyter_stream_chat.magics.discovery import Server
from jupyter_stream_chat.magics.errors import ChatError

from .servers import free_port


class Answers(BaseHTTPRequestHandler):
    """Answers as the test says, one answer after another: status, headers, body."""

    script: ClassVar[list[tuple[int, dict[str, str], str]]] = []
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, dict(self.headers)))
        status, headers, body = self.script.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client of a server that answers as ``Answers.script`` says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Answers.script, Answers.seen = [], []
    yield Client(Server(f"http://127.0.0.1:{server.server_port}/base/", "the-token", "a test"))
    server.shutdown()
    server.server_close()


def event(position: int, name: str, **data: Any) -> str:
    """Return one event as it is sent."""
    return f"id: {position}.0\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def test_a_stream_is_taken_up_where_it_broke(client: Client) -> None:
    Answers.script += [
        (200, {}, event(2, "delta", text="on") + ": still here\n\n" + "id: 9.0\nevent: delta\ndata: {"),
        (502, {}, "a proxy's page"),
        (200, {}, event(3, "delta", text="e") + event(3, "run_finished", run={})),
    ]
    events = list(client.events("some-run"))
    assert "".join(one.data["text"] for one in events if one.name == "delta") == "one"
    assert [headers.get("Last-Event-ID") for _, headers in Answers.seen] == [None, "2.0", "2.0"]
    assert Answers.seen[0][0] == "/base/stream-chat/api/runs/some-run/events"


def test_the_token_goes_with_every_request_and_across_no_redirect(client: Client) -> None:
    Answers.script += [(302, {"Location": "http://127.0.0.1:1/steal"}, ""), (200, {}, "{}")]
    with pytest.raises(ChatError, match="does not accept the token"):
        client.call("GET", "chats")
    client.call("POST", "chats", {"title": "x"})
    assert [path for path, _ in Answers.seen] == ["/base/stream-chat/api/chats"] * 2
    assert all(headers["Authorization"] == "token the-token" for _, headers in Answers.seen)


def test_refusals_are_told_in_the_servers_words(client: Client) -> None:
    error = {"code": "chat_busy", "message": "An answer is being written.", "hint": "Wait.", "detail": "d"}
    Answers.script.append((409, {}, json.dumps({"error": error})))
    with pytest.raises(ChatError) as caught:
        client.call("POST", "chats/some-chat/messages", {})
    assert str(caught.value) == "An answer is being written. Wait."
    assert (caught.value.code, caught.value.detail) == ("chat_busy", "d")


def test_a_server_without_the_extension_is_said(client: Client) -> None:
    Answers.script.append((404, {}, "<html>no</html>"))
    with pytest.raises(ChatError, match="does not know jupyter-stream-chat"):
        client.call("GET", "chats")


def test_a_server_that_is_gone_is_said_without_the_token() -> None:
    client = Client(Server(f"http://127.0.0.1:{free_port()}/", "the-token", "a test"))
    with pytest.raises(ChatError, match="does not answer") as caught:
        client.call("GET", "chats")
    assert "the-token" not in f"{caught.value}{caught.value.detail}"
