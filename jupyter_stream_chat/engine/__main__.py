"""The engine process: reads requests from stdin, writes events to stdout, and ends with its stdin.

Owns the process: its file descriptors, its two threads and its settings. The main thread reads, so that a
stop takes effect while the other thread computes; the worker's thread imports torch and then works.
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
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from .messages import (
    Cancel,
    Event,
    Failed,
    Generate,
    Pause,
    Progress,
    Queued,
    ReleaseMemory,
    Report,
    Resume,
    Shutdown,
    Unload,
    decode_request,
    encode,
)
from .scheduler.queue import Job, JobQueue

if TYPE_CHECKING:
    from .worker import Worker

log = logging.getLogger("jupyter_stream_chat.engine")


@dataclass(frozen=True)
class Settings:
    """How the engine computes."""

    threads: int = 0
    """CPU threads; 0: one less than there are cores."""
    most_models: int = 1
    """Most models in memory at a time."""
    most_running: int = 32
    """Most answers of a model at a time."""
    cache_mib: int = 0
    """Most MiB for the caches of a model's chats; 0: a quarter of what is free when it is loaded."""
    keep_free_mib: int = 512
    """MiB of free memory below which what is idle is given back."""


class Process:
    """The two ends of the pipe, and the queue between them."""

    def __init__(self, requests: BinaryIO, events: int, settings: Settings) -> None:
        """``events`` is a file descriptor."""
        self._requests = requests
        self._events = events
        self._settings = settings
        self._writing = threading.Lock()
        self._imported = threading.Event()
        self._queue = JobQueue(lambda job, position: self.send(Queued(job.request.request_id, position)))

    def run(self) -> None:
        """Serve until stdin ends or a shutdown is asked for."""
        threading.Thread(target=self._work, name="worker", daemon=True).start()
        for line in self._requests:
            try:
                request = decode_request(line)
            except (ValueError, TypeError) as error:
                log.error("unreadable request: %s", error)
                continue
            if isinstance(request, Shutdown):
                return
            self._accept(request)

    def send(self, event: Event | Report) -> None:
        """Write one event; any thread may."""
        data = memoryview(encode(event))
        with self._writing:
            while data:
                data = data[os.write(self._events, data) :]

    def _accept(self, request: Generate | Cancel | Pause | Resume | Unload | ReleaseMemory) -> None:
        if isinstance(request, Generate):
            if not self._imported.is_set():
                self.send(Progress(request.request_id, "importing"))
            self._queue.add(Job(request))
        elif isinstance(request, Unload | ReleaseMemory):
            self._queue.order(request)
        elif isinstance(request, Pause):
            self._queue.pause(request.request_id)
        elif isinstance(request, Resume):
            self._queue.resume(request.request_id)
        elif job := self._queue.cancel(request.request_id):
            self.send(job.interrupted())

    def _work(self) -> None:
        """Import what computes, then answer requests."""
        gc.disable()  # imports create no garbage: collecting takes a sixth of their time
        try:
            worker = make_worker(self.send, self._queue, self._settings)
        except ImportError as error:
            log.exception("the engine cannot start")
            self._refuse_all(str(error))
            return
        finally:
            gc.enable()
            gc.freeze()
        self._imported.set()
        try:
            worker.run()
        except Exception:
            log.exception("the engine's worker ended")
            os._exit(1)  # the server then ends every request, and starts another engine

    def _refuse_all(self, missing: str) -> None:
        self._imported.set()
        while (job := self._queue.head(wait=True)) is not None:
            if self._queue.take(job):
                self._queue.finish(job)
                self.send(_unusable(job, missing))


def make_worker(send: Callable[[Event | Report], None], queue: JobQueue, settings: Settings) -> Worker:
    """Import torch and transformers, which takes seconds, and return what answers requests."""
    import torch

    from .worker import Worker

    torch.set_num_threads(settings.threads or max(1, usable_cores() - 1))
    return Worker(
        send,
        queue,
        most_models=settings.most_models,
        most_running=settings.most_running,
        cache_bytes=settings.cache_mib * 2**20,
        keep_free=settings.keep_free_mib * 2**20,
        report=send,
    )


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
    parser.add_argument("--chats", type=int, default=32, help="most answers of a model at a time")
    parser.add_argument(
        "--cache-mib", type=int, default=0, help="most MiB for a model's chats; 0: a part of what is free"
    )
    parser.add_argument(
        "--keep-free-mib", type=int, default=512, help="MiB below which idle memory is given back"
    )
    options = parser.parse_args()
    settings = Settings(
        options.threads, options.models, options.chats, options.cache_mib, options.keep_free_mib
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's affair, which closes the pipe
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    Process(*take_pipes(), settings).run()
    sys.stderr.flush()
    os._exit(0)  # at once, also out of a call of the model: nothing here is worth saving


if __name__ == "__main__":
    main()
