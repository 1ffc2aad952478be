"""A real Jupyter server and a scripted provider, each a process of its own, for kernels and terminals."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
"""Seconds until a test gives up. Only a failing test waits that long."""

CONFIG = """
import os
c = get_config()
c.ServerApp.jpserver_extensions = {{"jupyter_stream_chat": True}}
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = "{token}"
c.StreamChat.data_dir = "{home}/stream-chat"
c.StreamChat.default_profile = "scripted"
c.StreamChat.profiles = [
    {{"id": name, "label": name.title(), "provider": "openai-compatible", "model": name,
      "base_url": "{provider}/v1", "api_key": "not-a-secret"}}
    for name in ("scripted", "other")
]
"""


@dataclass(frozen=True)
class Jupyter:
    """A running server of the user of this folder."""

    home: Path
    url: str
    token: str
    provider: str
    process: subprocess.Popen[bytes]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of its user."""
        return environment(self.home)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Do one request of Jupyter's REST API."""
        return fetch(method, f"{self.url}{path}", body, {"Authorization": f"token {self.token}"})

    def chats(self) -> list[dict[str, Any]]:
        """Return what the panel lists."""
        chats: list[dict[str, Any]] = self.rest("GET", "stream-chat/api/chats")["chats"]
        return chats

    def requests(self) -> list[dict[str, Any]]:
        """Return what the provider has received."""
        found: list[dict[str, Any]] = fetch("GET", f"{self.provider}/_requests")
        return found

    def request(self, question: str) -> dict[str, Any]:
        """Return the provider's record of the newest request with this question."""
        return [one for one in self.requests() if question in question_of(one)][-1]


def question_of(request: dict[str, Any]) -> str:
    """Return the question that a request to the provider brought."""
    return str(request["body"]["messages"][-1]["content"])


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user whose home is this folder, without ours."""
    jupyter = ("JUPYTER", "JPY", "IPYTHON")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(jupyter)}
    return inherited | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": f"{home}/config",
        "JUPYTER_DATA_DIR": f"{home}/data",
        "JUPYTER_RUNTIME_DIR": f"{home}/runtime",
        "IPYTHONDIR": f"{home}/ipython",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def scripted_provider() -> Iterator[str]:
    """Run the provider; yield its URL."""
    command = [sys.executable, "-m", "tests.scripted_provider", "--port", "0"]
    with ended(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()


@contextmanager
def jupyter(home: Path, provider: str, *, token: str = "a-secret-token") -> Iterator[Jupyter]:
    """Run ``jupyter server`` for the user of this folder."""
    (home / "config").mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(home=home, provider=provider, token=token)
    (home / "config" / "jupyter_server_config.py").write_text(config)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    command.append(f"--ServerApp.root_dir={home}")
    with (
        (home / "log").open("wb") as log,
        ended(subprocess.Popen(command, env=environment(home), stdout=log, stderr=log)) as process,
    ):
        server = Jupyter(home, f"http://127.0.0.1:{port}/", token, provider, process)
        wait_for(lambda: _answers(server), lambda: (home / "log").read_text())
        yield server


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process with the block."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(server: Jupyter) -> bool:
    assert server.process.poll() is None, (server.home / "log").read_text()
    try:
        server.rest("GET", "api/status")
    except OSError:
        return False
    return True


def fetch(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """Do a request and return its JSON, if it has one."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers or {}, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        text = response.read()
    return json.loads(text) if text else None


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Any, describe: Any = lambda: "it did not happen") -> Any:
    """Ask again and again until a condition holds; return what it returned."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, describe()
        time.sleep(0.05)
    return found
