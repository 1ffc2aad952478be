"""A kernel that a Jupyter server has started, driven as a notebook drives it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client import BlockingKernelClient

from .servers import PATIENCE, Jupyter, wait_for

MIME_TYPE = "application/vnd.jupyter-stream-chat.answer+json"


@dataclass
class Cell:
    """What a notebook has of one execution."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Whether it succeeded: ok or error."""
        return str(self.reply["content"]["status"])

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """The answer's output: its first state and every update."""
        kinds = ("display_data", "update_display_data")
        return [m["content"]["data"] for m in self.messages if m["msg_type"] in kinds]

    @property
    def displayed(self) -> list[str]:
        """The kinds of messages that showed something."""
        return [m["msg_type"] for m in self.messages if m["msg_type"] not in ("status", "execute_input")]

    @property
    def markdown(self) -> str:
        """What the saved notebook shows."""
        return str(self.bundles[-1]["text/markdown"])

    @property
    def printed(self) -> str:
        """What was written to the standard streams."""
        return "".join(m["content"]["text"] for m in self.messages if m["msg_type"] == "stream")

    @property
    def result(self) -> str:
        """The Out of the cell."""
        found = [
            m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] == "execute_result"
        ]
        return "".join(found)

    @property
    def error(self) -> dict[str, Any]:
        """The error output."""
        (error,) = [m["content"] for m in self.messages if m["msg_type"] == "error"]
        return dict(error)

    @property
    def next_inputs(self) -> list[str]:
        """The cells that are to be made below."""
        payload = self.reply["content"].get("payload", [])
        return [one["text"] for one in payload if one["source"] == "set_next_input"]


class Kernel:
    """A kernel of a server."""

    def __init__(self, server: Jupyter) -> None:
        self.id: str = server.rest("POST", "api/kernels", {"name": "python3"})["id"]
        self._server = server
        path = server.home / "runtime" / f"kernel-{self.id}.json"
        wait_for(path.exists)
        self._client = BlockingKernelClient()
        self._client.load_connection_file(str(path))
        self._client.start_channels()
        wait_for(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            self._client.wait_for_ready(timeout=PATIENCE)
        except RuntimeError:  # a second without a heartbeat is taken for death; on a busy machine it is none
            return False
        return True

    def run(self, code: str, **options: Any) -> Cell:
        """Run a cell to its end."""
        return self.finish(self.start(code, **options))

    def start(self, code: str, *, watched: bool = True) -> tuple[str, Cell]:
        """Begin a cell. ``watched``: as a front end that can ask its user for input."""
        return self._client.execute(code, allow_stdin=watched), Cell()

    def read(self, running: tuple[str, Cell], until: Callable[[Cell], bool]) -> Cell:
        """Read what the kernel says until a condition holds."""
        request, cell = running
        deadline = time.monotonic() + PATIENCE
        while not until(cell):
            message = self._client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == request:
                cell.messages.append(message)
        return cell

    def finish(self, running: tuple[str, Cell]) -> Cell:
        """Read a cell to its end."""
        request, cell = running
        self.read(running, lambda cell: bool(cell.messages) and _is_idle(cell.messages[-1]))
        while cell.reply.get("parent_header", {}).get("msg_id") != request:
            cell.reply = self._client.get_shell_msg(timeout=PATIENCE)
        return cell

    def complete(self, line: str) -> dict[str, Any]:
        """Press Tab at the end of a line."""
        request = self._client.complete(line, len(line))
        reply: dict[str, Any] = {}
        while reply.get("parent_header", {}).get("msg_id") != request:
            reply = self._client.get_shell_msg(timeout=PATIENCE)
        return dict(reply["content"])

    def interrupt(self) -> None:
        """Press the square button."""
        self._server.rest("POST", f"api/kernels/{self.id}/interrupt")

    def close(self) -> None:
        """End it."""
        self._client.stop_channels()
        self._server.rest("DELETE", f"api/kernels/{self.id}")


def _is_idle(message: dict[str, Any]) -> bool:
    return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
