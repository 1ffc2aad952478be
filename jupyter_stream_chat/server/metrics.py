"""Figures for Jupyter's ``/metrics``: a fold over what runs and pages report.

Owns the metrics' names. Nothing is measured here: times and counts are those that a run has of itself.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..engine.messages import ModelStatus
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
MODEL_TOKENS = Counter("stream_chat_model_tokens", "Tokens of answers that have ended", ["model"])
MODEL_FIRST_TOKEN = Histogram(
    "stream_chat_model_first_token_seconds",
    "From the question to its first token",
    ["model"],
    buckets=_SECONDS,
)

_ENGINE_GAUGES = {
    "memory_bytes": ("Weights of a model in memory", "nbytes"),
    "cache_bytes": ("What the chats of a model take", "cache_nbytes"),
    "idle_cache_bytes": ("Of it, what finished chats take", "idle_cache_nbytes"),
    "cache_budget_bytes": ("Most that the chats of a model may take", "cache_budget"),
    "batch_answers": ("Answers that the engine is writing", "running"),
}
_ENGINE_COUNTERS = {
    "steps": ("Calls of a model", "steps"),
    "step_answers": ("Answers in these calls, summed: by steps, the batch size", "step_answers"),
    "tokens": ("Tokens written", "output_tokens"),
    "guessed_tokens": ("Tokens guessed ahead", "guessed_tokens"),
    "accepted_tokens": ("Of these, accepted by the model", "accepted_tokens"),
}
"""What the engine tells of a model: name, description, and field of ``ModelStatus``."""


class LiveModels(Collector):
    """What is true of each model at the moment in which the figures are read."""

    def __init__(self) -> None:
        self.runs: Callable[[], Iterable[RunInfo]] = tuple
        """Returns the runs that have not ended."""
        self.engine: Callable[[], Iterable[ModelStatus]] = tuple
        """Returns the models in the engine's memory."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures by model."""
        running: Tally[str] = Tally()
        queued: Tally[str] = Tally()
        for run in self.runs():
            running[run.model] += run.status not in ("queued", "starting")
            queued[run.model] += run.status in ("queued", "starting")
        for name, help_, tally in (
            ("running", "Answers that are being written", running),
            ("queued", "Questions that wait, or whose model is being loaded", queued),
        ):
            family = GaugeMetricFamily(f"stream_chat_model_{name}", help_, labels=["model"])
            for model, count in tally.items():
                family.add_metric([model], count)
            yield family
        models = list(self.engine())
        for name, (help_, field) in _ENGINE_GAUGES.items():
            family = GaugeMetricFamily(f"stream_chat_engine_{name}", help_, labels=["model"])
            for each in models:
                family.add_metric([each.model], getattr(each, field))
            yield family
        for name, (help_, field) in _ENGINE_COUNTERS.items():
            counter = CounterMetricFamily(f"stream_chat_engine_{name}", help_, labels=["model"])
            for each in models:
                counter.add_metric([each.model], getattr(each, field))
            yield counter


LIVE_MODELS = LiveModels()
REGISTRY.register(LIVE_MODELS)


class Metrics:
    """Folds events into the figures."""

    def watch_queue(self, length: Callable[[], int]) -> None:
        """Ask for the queue's length whenever the figures are read."""
        QUEUED.set_function(length)

    def watch_models(
        self, runs: Callable[[], Iterable[RunInfo]], engine: Callable[[], Iterable[ModelStatus]]
    ) -> None:
        """Ask for the runs that go on, and for the engine's models, whenever the figures are read."""
        LIVE_MODELS.runs, LIVE_MODELS.engine = runs, engine

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
        tokens = run.usage.output_tokens if run.usage else run.counts.tokens if run.counts else 0
        MODEL_TOKENS.labels(run.model).inc(tokens)
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
        MODEL_FIRST_TOKEN.labels(run.model).observe(timings.first_token_ms / 1000)
        streamed = timings.total_ms - timings.first_token_ms
        if run.counts is not None and run.counts.tokens > 1 and streamed > 0:
            TOKENS_PER_SECOND.observe((run.counts.tokens - 1) / streamed * 1000)
