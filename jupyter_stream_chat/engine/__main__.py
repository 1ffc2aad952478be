"""The engine process: reads requests from stdin, writes events to stdout, and ends with its stdin.

Owns the process: its file descriptors, its two threads and its settings. The main thread reads, so that a
stop takes effect while the other thread computes; the lane's thread imports torch and then works.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from .lane import Job, Lane
from .messages import (
    Cancel,
    Event,
    Failed,
    Generate,
    Pause,
    Progress,
    Queued,
    Resume,
    Shutdown,
    decode_request,
    encode,
)

if TYPE_CHECKING:
    from .worker import Worker

log = logging.getLogger("jupyter_stream_chat.engine")


class Process:
    """The two ends of the pipe, and the lane between them."""

    def __init__(self, requests: BinaryIO, events: int, *, threads: int = 0, most_models: int = 1) -> None:
        """``events`` is a file descriptor; ``threads`` 0 means one less than there are cores."""
        self._requests = requests
        self._events = events
        self._threads = threads or max(1, usable_cores() - 1)
        self._most_models = most_models
        self._writing = threading.Lock()
        self._imported = threading.Event()
        self._lane = Lane(lambda job, position: self.send(Queued(job.request.request_id, position)))

    def run(self) -> None:
        """Serve until stdin ends or a shutdown is asked for."""
        threading.Thread(target=self._work, name="lane", daemon=True).start()
        for line in self._requests:
            try:
                request = decode_request(line)
            except (ValueError, TypeError) as error:
                log.error("unreadable request: %s", error)
                continue
            if isinstance(request, Shutdown):
                return
            self._accept(request)

    def send(self, event: Event) -> None:
        """Write one event; any thread may."""
        data = memoryview(encode(event))
        with self._writing:
            while data:
                data = data[os.write(self._events, data) :]

    def _accept(self, request: Generate | Cancel | Pause | Resume) -> None:
        if isinstance(request, Generate):
            if not self._imported.is_set():
                self.send(Progress(request.request_id, "importing"))
            self._lane.add(Job(request))
        elif isinstance(request, Pause):
            self._lane.pause(request.request_id)
        elif isinstance(request, Resume):
            self._lane.resume(request.request_id)
        elif job := self._lane.cancel(request.request_id):
            self.send(job.interrupted())

    def _work(self) -> None:
        """Import what computes, then answer one request after another."""
        work = self._import_worker()
        self._imported.set()
        while True:
            job = self._lane.take()
            while not work(job) and not self._lane.park(job):
                pass  # resumed or stopped before it stood still

    def _refuse(self, end: Failed) -> bool:
        self.send(end)
        return True

    def _import_worker(self) -> Callable[[Job], bool]:
        gc.disable()  # imports make garbage of nothing: a sixth of their time
        try:
            worker = make_worker(self.send, self._threads, self._most_models)
        except ImportError as error:
            missing = str(error)
            log.exception("the engine cannot start")
            return lambda job: self._refuse(_unusable(job, missing))
        finally:
            gc.enable()
            gc.freeze()
        return worker.work


def make_worker(send: Callable[[Event], None], threads: int, most_models: int) -> Worker:
    """Import torch and transformers, which takes seconds, and return what answers requests."""
    import torch

    from .worker import Worker

    torch.set_num_threads(threads)
    return Worker(send, most_models)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _unusable(job: Job, missing: str) -> Failed:
    return Failed(
        job.request.request_id,
        "engine_unusable",
        "What local models need is not (or not rightly) installed.",
        'Run: pip install "jupyter-stream-chat[local]"',
        missing,
    )


def take_pipes() -> tuple[BinaryIO, int]:
    """Return the pipe from and to the server, and turn stdin and stdout away from it.

    Whatever a library prints goes to stderr, at the level of file descriptors, and reads nothing.
    """
    requests, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), events


def main() -> None:
    """Run the engine process."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_stream_chat.engine", description=__doc__)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: one less than cores")
    parser.add_argument("--models", type=int, default=1, help="most models in memory at a time")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's affair, which closes the pipe
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    process = Process(*take_pipes(), threads=options.threads, most_models=options.models)
    process.run()
    sys.stderr.flush()
    os._exit(0)  # at once, also out of a call of the model: nothing here is worth saving


if __name__ == "__main__":
    main()
