"""Counts inside a server under measurement: CPU time of the process, of the loop's turns, of the collector.

Imported by ``jupyter_config.py``, where the bench asks for it. SIGUSR2 writes what was counted since the last
one to a file as JSON. CPU time does not depend on what else the machine does, as wall time would.
"""

from __future__ import annotations

import contextlib
import gc
import json
import selectors
import signal
import sys
import threading
import time
import types
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MECHANISMS = ("admission gate", "paced broadcast", "collector tuning", "rehearsal")
"""What ``switch_off`` can do without."""


class Counts:
    """What one process did since the last report."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._main = threading.get_ident()
        self._turn_began = 0.0
        self._collection_began = 0.0
        self._begin()

    def _begin(self) -> None:
        self._cpu = time.process_time()
        self._turns = array("d")
        self._collections = [0, 0, 0]
        self._collecting = 0.0

    def write(self) -> None:
        """Write what was counted, in seconds of CPU, and begin anew."""
        turns = sorted(self._turns)
        counted = {
            "cpu": time.process_time() - self._cpu,
            "turns": len(turns),
            "longest_turn": turns[-1] if turns else 0.0,
            "p99_turn": turns[len(turns) * 99 // 100] if turns else 0.0,
            "full_collections": self._collections[2],
            "collecting": self._collecting,
        }
        part = self._report.with_suffix(".part")
        part.write_text(json.dumps(counted))
        part.replace(self._report)
        self._begin()

    def watch_turns(self) -> None:
        """Count the CPU time from one look for events to the next: what is due meanwhile waits so long."""
        select = selectors.EpollSelector.select

        def timed(selector: selectors.EpollSelector, timeout: float | None = None) -> Any:
            if threading.get_ident() != self._main:
                return select(selector, timeout)
            self._turns.append(time.thread_time() - self._turn_began)
            found = select(selector, timeout)
            self._turn_began = time.thread_time()
            return found

        selectors.EpollSelector.select = timed  # type: ignore[method-assign]

    def watch_collector(self) -> None:
        """Count collections and their CPU time."""

        def collecting(phase: str, info: dict[str, int]) -> None:
            if phase == "start":
                self._collection_began = time.thread_time()
            else:
                self._collections[info["generation"]] += 1
                self._collecting += time.thread_time() - self._collection_began

        gc.callbacks.append(collecting)


def install(report: Path) -> None:
    """Count in this process from now on."""
    counts = Counts(report)
    counts.watch_turns()
    counts.watch_collector()
    signal.signal(signal.SIGUSR2, lambda *_: counts.write())


def switch_off(mechanism: str) -> None:
    """Let this process do without one of ``MECHANISMS``. Raises ValueError for another name."""
    if mechanism == "admission gate":
        from jupyter_stream_chat.runs.admission_gate import AdmissionGate

        async def enter(self: AdmissionGate) -> None:
            pass

        AdmissionGate.enter = enter  # type: ignore[method-assign]
    elif mechanism == "paced broadcast":
        from jupyter_stream_chat.server.page import broadcast

        broadcast.NEWS_CAPACITY = broadcast.PAGES_PER_STEP = sys.maxsize
    elif mechanism == "collector tuning":
        from jupyter_stream_chat.server import gc_tuning

        @contextlib.contextmanager
        def collections_paused() -> Iterator[None]:
            yield

        gc_tuning.collections_paused = collections_paused
        gc_tuning.GcTuning.stream = lambda self: None  # type: ignore[method-assign]
    elif mechanism == "rehearsal":
        # In place of the module: importing the real one here would load what the rehearsal would load.
        name = "jupyter_stream_chat.providers.openai.warmup"
        stand_in = types.ModuleType(name)
        stand_in.warm_up = lambda: __import__(  # type: ignore[attr-defined]
            "jupyter_stream_chat.providers.openai.chat_openai"
        )
        sys.modules[name] = stand_in
    else:
        raise ValueError(f"{mechanism} is none of {MECHANISMS}")
