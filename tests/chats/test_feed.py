"""Feeds: numbers without gaps, a log of what was missed, readers that cannot harm."""

from __future__ import annotations

import logging

import pytest

from jupyter_stream_chat.chats.feed import ChatFeed, Feed, Feeds, LiveRun
from jupyter_stream_chat.protocol import ChatDeleted, RunProgressed, Wire, WorkspaceEvent

from .made import Reader, Writing, run


def deleted(name: str):  # type: ignore[no-untyped-def]
    """Return what makes an event from its number."""
    return lambda seq: ChatDeleted(seq=seq, chat_id=name)


def test_events_are_numbered_and_sent() -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    reader = Reader()
    feed.publish(deleted("chat-0001"))
    feed.subscribe(reader)
    feed.subscribe(reader)
    second = feed.publish(deleted("chat-0002"))
    feed.unsubscribe(reader)
    feed.publish(deleted("chat-0003"))
    feed.unsubscribe(reader)
    assert reader.events == [second]
    assert (second.seq, feed.seq) == (2, 3)


def test_the_log_gives_what_is_missing_or_says_that_it_cannot() -> None:
    feed: Feed[WorkspaceEvent] = Feed(log_events=3)
    assert feed.since(0) == []
    events = [feed.publish(deleted(f"chat-000{n}")) for n in range(5)]
    assert feed.since(5) == []
    assert feed.since(4) == events[4:]
    assert feed.since(2) == events[2:]
    assert feed.since(1) is None, "the log reaches back three events"
    assert feed.since(6) is None, "a number that has not been given out"


def test_an_event_that_cannot_be_made_leaves_no_gap() -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    with pytest.raises(ValueError):
        feed.publish(deleted("!"))
    assert feed.publish(deleted("chat-0001")).seq == 1


class Broken:
    """A subscriber that raises."""

    def event(self, event: Wire) -> None:
        """Raise."""
        raise RuntimeError("no")

    def on_text(self, live: LiveRun) -> None:
        """Raise."""
        raise RuntimeError("no")


def test_a_reader_that_raises_is_dropped_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    feed = ChatFeed()
    reader = Reader()
    feed.subscribe(Broken())
    feed.subscribe(reader)
    with caplog.at_level(logging.ERROR):
        feed.on_text(Writing(run(1)))
        feed.on_text(Writing(run(2)))
    assert reader.growths == ["run-00001", "run-00002"]
    assert len(caplog.records) == 1


def test_a_reader_may_leave_while_it_is_told() -> None:
    feed = ChatFeed()

    class Leaving(Reader):
        def event(self, event: Wire) -> None:
            super().event(event)
            feed.unsubscribe(self)

    leaving, staying = Leaving(), Reader()
    feed.subscribe(leaving)
    feed.subscribe(staying)
    progress = RunProgressed(chat_id="chat-0001", run_id="run-00001", status="waiting")
    feed.progressed(progress)
    feed.progressed(progress)
    assert (leaving.events, staying.events) == ([progress], [progress, progress])
    assert feed.seq == 0, "progress has no place in the sequence"


def test_feeds_that_nobody_follows_are_bounded() -> None:
    feeds = Feeds(lambda seq: ChatFeed(seq=seq), idle=3)
    reader, writing = Reader(), Writing(run(1))
    feeds["followed"].subscribe(reader)
    feeds["written"].live[writing.run_id] = writing
    for n in range(50):
        feeds[f"chat-{n}"].publish(deleted(f"chat-000{n}"))
    assert len(feeds) == 3
    assert feeds.get("followed") is not None
    assert feeds.get("written") is not None
    assert feeds.get("chat-49") is not None


def test_a_feed_that_was_dropped_resumes_nobody_wrongly() -> None:
    feeds: Feeds[Feed[WorkspaceEvent]] = Feeds(lambda seq: Feed(seq=seq), idle=1)
    for _ in range(5):
        feeds["a"].publish(deleted("chat-000x"))
    held = feeds["a"].seq
    feeds["b"].publish(deleted("chat-000y"))
    assert feeds.get("a") is None
    assert feeds["a"].since(held) is None or feeds["a"].seq == held
    for _ in range(2 * held):
        feeds["a"].publish(deleted("chat-000x"))
        missing = feeds["a"].since(held)
        assert missing is None or [event.seq for event in missing][:1] == [held + 1]
    for n in range(3):
        assert feeds["a"].since(n) is None
