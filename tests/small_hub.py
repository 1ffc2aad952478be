"""A small Hugging Face hub on this machine: one folder is its repository ``org/tiny``.

``python -m tests.small_hub FOLDER --port 0`` prints its URL.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


IMPATIENT_ENGINE = """
from jupyter_stream_chat.engine import __main__, hub
hub.SILENCE_SECONDS = 0.2
__main__.main()
"""
"""The engine as a program that says soon that the hub says nothing."""


class SmallHub(ThreadingHTTPServer):
    """Serves one folder as the hub's repository ``org/tiny``; ``org/gated`` asks for a licence."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), HubRequest)
        self.folder = folder
        self.requests: list[str] = []
        self.is_silent = threading.Event()
        """While it is set, requests are taken and not answered."""
        self.speak = threading.Event()
        self.bytes_per_second = 0
        """How fast files come; 0: at once."""
        self.sent = 0
        """Bytes of files that were sent."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class HubRequest(BaseHTTPRequestHandler):
    """One request to the small hub."""

    protocol_version = "HTTP/1.1"
    server: SmallHub

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.server.is_silent.is_set():
            self.server.speak.wait(60)
            return
        if self.headers.get("Authorization") == "Bearer hf_refused":
            self._answer(401, b'{"error": "Invalid credentials in Authorization header"}', {})
            return
        path = self.path.partition("?")[0]
        if path == "/api/models/org/tiny/revision/main":
            self._json({"id": "org/tiny", "modelId": "org/tiny", "sha": COMMIT, "siblings": []})
        elif path == f"/api/models/org/tiny/tree/{COMMIT}":
            self._json([self._entry(file) for file in sorted(self.server.folder.iterdir())])
        elif path.startswith(f"/org/tiny/resolve/{COMMIT}/"):
            self._file((self.server.folder / path.rpartition("/")[2]).read_bytes())
        elif "gated" in path:
            self._answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
        else:
            self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def log_message(self, *args: Any) -> None:
        """Print nothing."""

    def _entry(self, file: Path) -> dict[str, Any]:
        data = file.read_bytes()
        return {"type": "file", "path": file.name, "size": len(data), "oid": sha1(data).hexdigest()}

    def _json(self, value: object) -> None:
        self._answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _file(self, data: bytes) -> None:
        headers = {"ETag": f'"{sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        begin = 0
        if asked := self.headers.get("Range", "").removeprefix("bytes="):
            begin = int(asked.partition("-")[0])
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        self._answer(206 if asked else 200, data[begin:], headers, is_file=True)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], *, is_file: bool = False) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            before = self.server.sent
            self._write(body, self.server.bytes_per_second if is_file else 0)
            if not is_file:
                self.server.sent = before

    def _write(self, body: bytes, rate: int) -> None:
        step = max(1, rate // 20) if rate else max(1, len(body))
        for begin in range(0, len(body), step):
            try:
                self.wfile.write(body[begin : begin + step])
            except OSError:  # the client has left
                return
            self.server.sent += step
            if rate:
                time.sleep(step / rate)


@contextmanager
def silent_hub(folder: Path) -> Iterator[SmallHub]:
    """Run a hub that takes requests and does not answer."""
    with SmallHub(folder) as hub:
        hub.is_silent.set()
        serving = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield hub
        finally:
            hub.speak.set()
            hub.shutdown()
            serving.join()


def main() -> None:
    """Serve a folder until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.small_hub")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0, help="bytes of files per second; 0: at once")
    options = parser.parse_args()
    with SmallHub(options.folder, options.port) as hub:
        hub.bytes_per_second = options.rate
        print(hub.url, flush=True)
        hub.serve_forever()


if __name__ == "__main__":
    main()
