"""Whose certificate ``%chat`` believes: this machine's own, and elsewhere one that can be verified."""

from __future__ import annotations

import http.server
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.magics.client import Client
from jupyter_stream_chat.magics.discovery import URL_VARIABLE, discover
from jupyter_stream_chat.magics.errors import ChatError

HUB = "hub.example"


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request; keeps the tokens that it was sent."""

    tokens: list[str | None] = []  # noqa: RUF012 - handlers are made per request

    def do_GET(self) -> None:
        self.tokens.append(self.headers["Authorization"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"chats": []}')

    def log_message(self, *args: Any) -> None:
        """Write nothing."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Serve with a certificate that nobody vouches for; return the port."""
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        f"/CN={HUB}",
    ]
    subprocess.run([*request, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Answers.tokens.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def client(host: str, port: int, **environ: str) -> Client:
    return Client(discover({URL_VARIABLE: f"https://{host}:{port}/", **environ}))


def test_this_machine_needs_no_certificate_of_an_authority(port: int) -> None:
    assert client("127.0.0.1", port).call("GET", "chats") == {"chats": []}


@pytest.mark.parametrize("found_by", ["variable", "hub"])
def test_a_hub_elsewhere_must_prove_its_name(
    port: int, monkeypatch: pytest.MonkeyPatch, found_by: str
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: resolve("127.0.0.1" if host == HUB else host, *rest, **more),
    )
    environ = {"JUPYTERHUB_HOST": f"https://{HUB}", "JUPYTER_STREAM_CHAT_TOKEN": "secret"}
    if found_by == "variable":
        asking = client(HUB, port, **environ)
    else:
        environ |= {"JUPYTERHUB_API_TOKEN": "secret", "JUPYTERHUB_SERVICE_URL": f"https://{HUB}:{port}/"}
        asking = Client(discover(environ))
    with pytest.raises(ChatError, match="does not answer"):
        asking.call("GET", "chats")
    assert Answers.tokens == [], "the token was sent to a stranger"
