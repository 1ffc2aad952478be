"""The REST API and the event streams of one Jupyter server, by the standard library's HTTP client.

Owns requests, refusals as ``ChatError``, and going on with a stream after the connection broke. No redirect
is followed: the token goes to the address that discovery allowed, and nowhere else.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from .discovery import Server, is_loopback
from .errors import ChatError
from .sse import Event, decode

REQUEST_SECONDS = 60.0
"""A server's first answer of ours waits for what it loads."""
SILENCE_SECONDS = 45.0
"""The server says something every 15 seconds."""
PATIENCE_SECONDS = 60.0
"""How long a lost connection is tried again."""
_PAUSES = (0.1, 0.3, 1.0, 2.0)


class Backend(Protocol):
    """Who answers: a server, or this process (``--local``)."""

    where: str
    """For ``%chat status``."""

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do one request of the REST API and return its JSON. Raises ChatError when it is refused."""

    def events(self, run_id: str, after: str = "") -> Iterator[Event]:
        """Yield the events of a run to its end, from the event with the id ``after`` on."""


class Client:
    """A server, spoken to by HTTP."""

    def __init__(self, server: Server) -> None:
        """Speak to a server that ``discover`` returned."""
        self.where = f"{server.url} ({server.found_by})"
        self._server = server
        self._address = urlsplit(server.url)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do one request below ``stream-chat/api/``."""
        with closing(self._connection(REQUEST_SECONDS)) as connection:
            try:
                response = self._send(connection, method, path, body)
                return _json(response)
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from error

    def events(self, run_id: str, after: str = "") -> Iterator[Event]:
        """Yield a run's events; a connection that breaks is taken up where it broke."""
        last, deadline, failures = after, time.monotonic() + PATIENCE_SECONDS, 0
        while True:
            try:
                for event in self._read_events(run_id, last):
                    last, deadline, failures = event.id, time.monotonic() + PATIENCE_SECONDS, 0
                    yield event
                    if event.name == "run_finished":
                        return
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    raise self._unreachable(error) from error
            # A stream that ended too soon is a proxy's doing, or the server's end: ask again.
            time.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    def _read_events(self, run_id: str, last: str) -> Iterator[Event]:
        with closing(self._connection(SILENCE_SECONDS)) as connection:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
            response = self._send(connection, "GET", f"runs/{run_id}/events", None, headers)
            if response.status in (502, 503, 504):  # a proxy's: the server is away for a while
                raise ConnectionError(f"HTTP {response.status}")
            if response.status != 200:
                _json(response)  # raises
            yield from decode(iter(response.readline, b""))

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=seconds)
        context = ssl.create_default_context()
        if is_loopback(host):
            # A self-signed certificate on this machine has no name that it could prove. Any other host must.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self._server.token:
            sent["Authorization"] = f"token {self._server.token}"
        else:
            # A server without a token wants the two to be equal, and does not care what they are.
            sent |= {"Cookie": "_xsrf=stream-chat", "X-XSRFToken": "stream-chat"}
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, f"{self._address.path}stream-chat/api/{path}", data, sent)
        return connection.getresponse()

    def _unreachable(self, error: Exception) -> ChatError:
        return ChatError(
            f"The Jupyter server at {self._server.url} does not answer.",
            "See whether it still runs.",
            code="server_unreachable",
            detail=f"{type(error).__name__}: {error}",
        )


def query(path: str, **values: str) -> str:
    """Return a path with a query."""
    return f"{path}?{urlencode(values)}"


def _json(response: http.client.HTTPResponse) -> dict[str, Any]:
    """Return what a server answered. Raises ChatError for whatever is no success."""
    text = response.read().decode(errors="replace")
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if response.status < 300 and isinstance(answer, dict):
        return answer
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and error.get("code") not in ("not_found", "forbidden"):
        raise ChatError.of(error)
    if 300 <= response.status < 400 or response.status in (401, 403):
        raise ChatError(
            "The Jupyter server does not accept the token.",
            "Restart the kernel; if you set the token yourself, see whether it is still the server's.",
            code="forbidden",
            detail=f"HTTP {response.status}",
        )
    raise ChatError(
        "The Jupyter server does not know jupyter-stream-chat.",
        "Install it where the server runs, and start the server again.",
        code="not_found",
        detail=f"HTTP {response.status}: {text[:500]}",
    )
