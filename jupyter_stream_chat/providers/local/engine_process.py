"""One engine process as the server sees it: its pipes, the requests in it, and its end.

Owns the child, from its start to its last line. Crossing processes happens here and nowhere else.
A process is used once: when it ends, the requests that it worked on fail, the others are to be asked again,
and the client starts another.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...engine.messages import (
    Cancel,
    Event,
    Failed,
    Finished,
    Freed,
    Generate,
    Pause,
    Progress,
    ReleaseMemory,
    Resume,
    Started,
    Status,
    Text,
    Unload,
    decode_event,
    encode,
)
from .hub_tokens import without_hub_tokens

log = logging.getLogger("jupyter_stream_chat.engine")

PACKAGE_FOLDER = Path(__file__).parents[2]
_LINE_LIMIT = 16 * 2**20  # bytes; a failure's trace is the longest line
_STDERR_LINES_KEPT = 20
_FREED_KEPT = 5
_SECRET = re.compile(r"_(API_?)?KEYS?$|_TOKEN$|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that no proxy can reach for this machine: a mirror of the hub that runs here is asked directly."""
_NEEDED_SECRETS = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}


@dataclass(frozen=True)
class AskAgain:
    """The process is gone before it worked on this request: it is to be asked of another process."""

    request_id: str


class EngineProcess:
    """A running engine. ``open`` a request to get the queue of its events."""

    def __init__(self, process: Process, grace_seconds: float) -> None:
        """``grace_seconds``: how long a cancelled request may take to end before the process is killed."""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin = process.stdin
        self._grace = grace_seconds
        self._requests: dict[str, asyncio.Queue[Event | AskAgain]] = {}
        self._begun: set[str] = set()
        """Requests that are worked on, as their events say."""
        self._shown: set[str] = set()
        """Requests that have text."""
        self._overdue: dict[str, asyncio.TimerHandle] = {}
        self._last_words: deque[str] = deque(maxlen=_STDERR_LINES_KEPT)
        self.status: Status | None = None
        """The models in its memory, as it told last."""
        self.freed: deque[tuple[float, Freed]] = deque(maxlen=_FREED_KEPT)
        """What it gave back to others, with the time (seconds since the epoch)."""
        self._closing = False
        self._is_ended = False
        """The client ends it: nothing is asked again."""
        self._ignored_stop = False
        """It is ended because it ignored a stop: no other request is at fault."""
        self._stderr = asyncio.create_task(self._log_stderr(process.stderr), name="engine-stderr")
        self._reader = asyncio.create_task(self._read_events(process.stdout), name="engine-events")

    @classmethod
    async def start(
        cls, command: Sequence[str], grace_seconds: float, *, proxy_loopback: bool = False
    ) -> EngineProcess:
        """Start a process. Raises OSError when that is impossible."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LINE_LIMIT,
            cwd=PACKAGE_FOLDER,  # not the user's: a `random.py` there would be imported instead
            env=child_environment(os.environ, proxy_loopback=proxy_loopback),
            start_new_session=True,  # Ctrl-C in the terminal is for the server
        )
        log.info("engine started, process %s", process.pid)
        return cls(process, grace_seconds)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether a request may be opened: it lives, and nobody ends it."""
        return not (self._closing or self._reader.done() or self._stdin.is_closing())

    @property
    def idle(self) -> bool:
        """Whether no request is in it (a cancelled one is, until it has ended)."""
        return not self._requests

    def open(self, request: Generate) -> asyncio.Queue[Event | AskAgain]:
        """Send a request. Its events come into the queue: ``Finished``, ``Failed`` or ``AskAgain`` last."""
        events: asyncio.Queue[Event | AskAgain] = asyncio.Queue()
        self._requests[request.request_id] = events
        self._stdin.write(encode(request))
        return events

    def abandon(self, request_id: str) -> None:
        """Cancel a request, which has the grace time to end; its queue still gets the last event."""
        if request_id not in self._requests or request_id in self._overdue or not self.usable:
            return
        self._stdin.write(encode(Cancel(request_id)))
        # In two halves: if the loop stands still in one, what was said meanwhile is read in the other.
        self._overdue[request_id] = self._after_half(self._be_patient, request_id)

    def pause(self, request_id: str) -> None:
        """Let a request stand still; one that is not in this process is ignored."""
        if request_id in self._requests and self.usable:
            self._stdin.write(encode(Pause(request_id)))

    def resume(self, request_id: str) -> None:
        """Let a paused request go on."""
        if request_id in self._requests and self.usable:
            self._stdin.write(encode(Resume(request_id)))

    def order(self, order: Unload | ReleaseMemory) -> None:
        """Let it give memory back."""
        if self.usable:
            self._stdin.write(encode(order))

    async def end(self) -> None:
        """End the process (its stdin ends), by force after the grace time, and wait until it is gone."""
        self._is_ended = not self._closing
        self._closing = True
        self._stdin.close()
        try:
            async with asyncio.timeout(self._grace):
                await asyncio.shield(self._reader)
        except TimeoutError:
            self.kill()
        await self.wait()

    async def wait(self) -> None:
        """Wait until the process is gone and its pipes are read."""
        await asyncio.wait({self._reader, self._stderr})

    def kill(self) -> None:
        """End the process by force. The requests in it fail."""
        self._closing = True
        if self._process.returncode is None:
            self._process.kill()

    def _after_half(self, call: Callable[..., None], *arguments: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._grace / 2, call, *arguments)

    def _be_patient(self, request_id: str) -> None:
        self._overdue[request_id] = self._after_half(self._give_up)

    def _give_up(self) -> None:
        log.warning("engine %s ignored a stop for %.1f s: ending it", self.pid, self._grace)
        self._ignored_stop = True
        self.kill()

    async def _read_events(self, stdout: asyncio.StreamReader) -> None:
        try:
            async for line in stdout:
                event = decode_event(line)
                if isinstance(event, Status):
                    self.status = event
                elif isinstance(event, Freed):
                    log.info("engine %s gave memory back: %s", self.pid, event)
                    self.freed.append((time.time(), event))
                else:
                    self._deliver(event)
        except (ValueError, TypeError) as error:  # what cannot be read cannot be trusted to end either
            log.error("unreadable event of the engine: %s", error)
            self.kill()
        await self._process.wait()
        await self._stderr
        self._fail_all()

    def _deliver(self, event: Event | AskAgain) -> None:
        if isinstance(event, Progress | Started) and getattr(event, "stage", "") != "importing":
            self._begun.add(event.request_id)
        elif isinstance(event, Text):
            self._shown.add(event.request_id)
        queue = self._requests.get(event.request_id)
        if queue is not None:
            queue.put_nowait(event)
        if isinstance(event, Finished | Failed | AskAgain):
            log.debug("%s", event)
            self._requests.pop(event.request_id, None)
            self._begun.discard(event.request_id)
            self._shown.discard(event.request_id)
            if timer := self._overdue.pop(event.request_id, None):
                timer.cancel()

    def _fail_all(self) -> None:
        """Tell every request that its process is gone: whether it failed, or is to be asked again."""
        for timer in self._overdue.values():
            timer.cancel()
        self._overdue.clear()
        self._stdin.close()
        code = self._process.returncode or 0
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        log.info("engine %s ended %s", self.pid, how)
        detail = "\n".join([f"The engine process ended {how}.", *self._last_words])
        again = self._to_ask_again()
        for request_id in list(self._requests):
            self._deliver(AskAgain(request_id) if request_id in again else restarted(request_id, detail))

    def _to_ask_again(self) -> set[str]:
        """Return the requests that did not bring the process down, and of which nothing was shown."""
        if self._is_ended:
            return set()
        if self._ignored_stop:
            return set(self._requests) - self._shown
        at_work = (self._begun | self._shown) or set(list(self._requests)[:1])
        return set(self._requests) - at_work

    async def _log_stderr(self, stderr: asyncio.StreamReader) -> None:
        async for line in stderr:
            text = without_hub_tokens(line.decode(errors="replace").rstrip())
            self._last_words.append(text)
            log.info("%s", text)


def restarted(request_id: str, detail: str) -> Failed:
    """Return what a request is told whose process is gone."""
    return Failed(
        request_id,
        "engine_restarted",
        "The local engine was restarted while this answer was being written.",
        "Continue the answer, or ask again; if it recurs, choose a smaller model.",
        detail,
    )


def unstartable(request_id: str, error: OSError) -> Failed:
    """Return what a request is told when the system starts no process."""
    return Failed(
        request_id,
        "engine_unusable",
        "The local engine could not be started.",
        "Close what holds the memory (other notebooks, say), and ask again.",
        str(error),
    )


def engine_command(
    threads: int, most_chats: int = 32, cache_mib: int = 0, keep_free_mib: int = 512
) -> list[str]:
    """Return the command that starts an engine. ``threads`` and ``cache_mib`` 0: the engine decides."""
    options = {
        "--threads": threads,
        "--keep-free-mib": keep_free_mib,
        "--chats": most_chats,
        "--cache-mib": cache_mib,
    }
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "jupyter_stream_chat.engine", *words]


def child_environment(environment: Mapping[str, str], *, proxy_loopback: bool = False) -> dict[str, str]:
    """Return an environment without keys; the hub's token alone is the engine's affair.

    ``proxy_loopback``: a hub on this machine is asked through the proxy too.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in _NEEDED_SECRETS or not _SECRET.search(name)
    }
    no_proxy = ",".join(
        filter(None, (environment.get("no_proxy") or environment.get("NO_PROXY"), *_LOOPBACK))
    )
    direct = {} if proxy_loopback else {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    return {**kept, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1", **direct}
