"""Work that cannot be interrupted is left behind: it runs in a thread, and whoever waits for it need not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .errors import Interrupted

T = TypeVar("T")

_TICK = 0.05
"""Seconds between two looks at the stop while the work says nothing."""


def interruptible(
    work: Callable[[Callable[..., None]], T],
    report: Callable[..., None],
    silence: Callable[[float], None] = lambda seconds: None,
) -> T:
    """Return what ``work`` returns, or raise what ``report`` raises, as soon as it does.

    ``work`` is given a function to report with, and reports first of all. Its calls reach ``report`` in this
    thread; the last one is repeated while nothing new comes, so that a stop is noticed. ``silence`` is then
    told for how long, in seconds. Work that was left behind ends with ``Interrupted`` at its next report.
    """
    told: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
    left = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def relay(*values: Any) -> None:
        if left.is_set():
            raise Interrupted
        told.put(values)

    def run() -> None:
        try:
            results.append(work(relay))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            errors.append(error)
        finally:
            told.put(None)

    threading.Thread(target=run, name="interruptible", daemon=True).start()
    last: tuple[Any, ...] | None = None
    begin = time.monotonic()
    try:
        while True:
            try:
                values = told.get(timeout=_TICK)
            except Empty:
                silence(time.monotonic() - begin)
                if last is not None:
                    report(*last)
                continue
            if values is None:
                break
            last, begin = values, time.monotonic()
            report(*values)
    except BaseException:
        left.set()
        raise
    if errors:
        raise errors.pop()
    return results.pop()
