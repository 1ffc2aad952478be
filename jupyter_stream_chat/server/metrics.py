"""Figures for Jupyter's ``/metrics``: a fold over what runs and pages report.

Owns the metrics' names. Nothing is measured here: times and counts are those that a run has of itself.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

from ..protocol import OpenReason, RunInfo

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PER_SECOND = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

RUNNING = Gauge("stream_chat_runs_live", "Runs that go on now, queued ones included")
QUEUED = Gauge("stream_chat_runs_queued", "Live runs that wait for the local engine")
STARTED = Counter("stream_chat_runs_started", "Runs accepted", ["provider_profile"])
FINISHED = Counter("stream_chat_runs_finished", "Runs by how they ended", ["finish_reason"])
ERRORS = Counter("stream_chat_run_errors", "Runs that ended in an error, by its code", ["code"])
ORPHANED = Counter("stream_chat_runs_orphaned", "Interrupted runs whose provider never closed the connection")
UNREPORTED = Counter("stream_chat_unreported_characters", "Text that the token callback did not deliver")
FIRST_TOKEN = Histogram(
    "stream_chat_first_token_seconds", "From the question to its first token", buckets=_SECONDS
)
RELEASED = Histogram(
    "stream_chat_interrupt_released_seconds", "From Stop to the provider letting go", buckets=_SECONDS
)
TOKENS_PER_SECOND = Histogram(
    "stream_chat_tokens_per_second", "Tokens per second, from the first to the last", buckets=_PER_SECOND
)
OPENED = Counter(
    "stream_chat_chats_opened", "Chats opened by pages; digest_mismatch and gap are repairs", ["reason"]
)
PAGES = Gauge("stream_chat_pages", "Connected pages")


class Metrics:
    """Folds events into the figures."""

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Ask for the queue's length whenever the figures are read."""
        QUEUED.set_function(length)

    def started(self, run: RunInfo) -> None:
        """Count a run that was accepted."""
        RUNNING.inc()
        STARTED.labels(run.profile_id).inc()

    def finished(self, run: RunInfo) -> None:
        """Count a run that has ended; ``run`` is final."""
        RUNNING.dec()
        FINISHED.labels(run.finish_reason or "unknown").inc()
        if run.error is not None:
            ERRORS.labels(run.error.code).inc()
        if run.counts is not None and run.counts.unreported:
            UNREPORTED.inc(run.counts.unreported)
        self._times(run)

    def opened(self, reason: OpenReason) -> None:
        """Count a page that opens a chat, and why."""
        OPENED.labels(reason).inc()

    def connected(self, pages: int) -> None:
        """Count pages that come (1) and go (-1)."""
        PAGES.inc(pages)

    def _times(self, run: RunInfo) -> None:
        timings = run.timings
        if timings is None:
            return
        if run.finish_reason == "interrupted":
            if timings.disconnect_ms is None:
                ORPHANED.inc()
            else:
                RELEASED.observe(timings.disconnect_ms / 1000)
        if timings.first_token_ms is None:
            return
        FIRST_TOKEN.observe(timings.first_token_ms / 1000)
        streamed = timings.total_ms - timings.first_token_ms
        if run.counts is not None and run.counts.tokens > 1 and streamed > 0:
            TOKENS_PER_SECOND.observe((run.counts.tokens - 1) / streamed * 1000)
