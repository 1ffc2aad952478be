"""The engine's process itself: its pipes, its end, and that it keeps to itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_stream_chat.engine.messages import (
    Cancel,
    Event,
    Failed,
    Finished,
    Freed,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Request,
    Shutdown,
    Started,
    Status,
    decode_event,
    encode,
)

ROOT = Path(__file__).parents[2]


class Engine:
    """An engine process, spoken to in lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.reports: list[Status | Freed] = []

    def send(self, *requests: Request | bytes) -> None:
        assert self.process.stdin
        for request in requests:
            self.process.stdin.write(request if isinstance(request, bytes) else encode(request))
        self.process.stdin.flush()

    def event(self) -> Event:
        """Return the next event of a request."""
        assert self.process.stdout
        while isinstance(event := decode_event(self.process.stdout.readline()), Status | Freed):
            self.reports.append(event)
        return event

    def end_of(self, request_id: str) -> Finished | Failed:
        while True:
            event = self.event()
            if event.request_id == request_id and isinstance(event, Finished | Failed):
                return event


@pytest.fixture
def engine() -> Iterator[Engine]:
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_stream_chat.engine", "--threads", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    with process:
        yield Engine(process)
        process.kill()


def ask(request_id: str, model: Path | str) -> Generate:
    parameters = Parameters(max_tokens=3)
    return Generate(
        request_id, str(model), [{"role": "user", "content": "?"}], parameters, LoadOptions("cpu")
    )


def test_a_request_is_acknowledged_at_once_and_cancelled_at_once_while_torch_is_imported(
    engine: Engine,
) -> None:
    engine.send(ask("a", "m"), ask("b", "m"))
    assert engine.event() == Progress("a", "importing")
    assert engine.event() == Progress("b", "importing")
    engine.send(Cancel("a"))
    end = engine.event()
    assert isinstance(end, Finished)
    assert (end.request_id, end.finish_reason) == ("a", "interrupted")


@pytest.mark.parametrize("last", [Shutdown(), None])
def test_it_ends_with_its_stdin_or_when_told(engine: Engine, last: Request | None) -> None:
    if last is not None:
        engine.send(last)
    elif engine.process.stdin:
        engine.process.stdin.close()
    assert engine.process.wait(10) == 0


def test_unreadable_lines_are_skipped_and_logged(engine: Engine, tiny_model: Path) -> None:
    of_the_other_direction = encode(Started("a", 1, 0))
    engine.send(b"nonsense\n", b'{"type": "sing"}\n', of_the_other_direction, ask("a", tiny_model))
    assert isinstance(engine.end_of("a"), Finished)
    out, err = engine.process.communicate()
    assert b"unreadable request" in err
    assert all(isinstance(decode_event(line), Status) for line in out.splitlines())


_PRINTING = """
import os, sys
from jupyter_stream_chat.engine import __main__ as engine
requests, events = engine.take_pipes()
print("printed")
os.system("echo from a child")
os.write(1, b"written\\n")
os.write(events, requests.readline() + repr(sys.stdin.read()).encode())
"""


def test_what_libraries_print_never_reaches_the_wire() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PRINTING], input=b"question\nrest", capture_output=True, cwd=ROOT, check=True
    )
    assert done.stdout == b"question\n''"
    for word in (b"printed", b"from a child", b"written"):
        assert word in done.stderr


def test_what_the_server_imports_of_it_is_light() -> None:
    code = (
        "import sys, jupyter_stream_chat.engine.messages;"
        "print([m for m in ('torch', 'transformers', 'asyncio', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == b"[]"
