"""The figures of a run."""

from __future__ import annotations

from jupyter_stream_chat.runs.run_stats import RunStats


def test_a_run_without_text_or_stop_has_only_its_length() -> None:
    timings = RunStats().timings()
    assert (timings.first_token_ms, timings.disconnect_ms) == (None, None)
    assert timings.total_ms >= 0


def test_times_are_in_order_and_counted_from_their_beginnings() -> None:
    stats = RunStats()
    assert stats.took(0, 1) is True
    assert stats.took(0, 2) is False
    stats.stop()
    assert stats.timings().disconnect_ms is None, "it has not let go yet"
    stats.release()
    timings = stats.timings()
    assert timings.first_token_ms is not None
    assert timings.disconnect_ms is not None
    assert 0 <= timings.first_token_ms <= timings.total_ms
    assert 0 <= timings.disconnect_ms <= timings.total_ms


def test_only_what_comes_after_the_stop_counts_as_late() -> None:
    stats = RunStats()
    stats.arrived()
    stats.stop()
    stats.arrived()
    stats.took(0, 3)
    counts = stats.counts([])
    assert (counts.after_interrupt, counts.characters) == (1, 3)
