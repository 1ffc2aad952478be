"""News of a workspace: encoded once, told a few at a time, fetched by whoever writes."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from jupyter_stream_chat.chats.feed import LOG_EVENTS, Feed
from jupyter_stream_chat.protocol import ChatDeleted, ProfilesChanged, WorkspaceEvent
from jupyter_stream_chat.server.page.broadcast import NEWS_CAPACITY, PAGES_PER_STEP, Broadcast


class Page:
    """A page that fetches all that is new when it is told."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self.seq = broadcast.seq
        self.told: list[list[int]] = []
        """The numbers that it fetched, each time that it was told."""
        self.unfollowed: list[str] = []
        self.heard = asyncio.Event()
        broadcast.join(self)

    def has_news(self) -> None:
        lines = self._broadcast.since(self.seq, 1_000_000)
        assert lines is not None
        self.told.append([json.loads(line)["seq"] for line in lines])
        self.seq += len(lines)
        self.heard.set()

    def unfollow(self, stream: str) -> None:
        self.unfollowed.append(stream)


@pytest.fixture
def feed() -> Feed[WorkspaceEvent]:
    return Feed()


def delete(feed: Feed[WorkspaceEvent]) -> None:
    feed.publish(lambda seq: ChatDeleted(seq=seq, chat_id=f"chat-{seq:04}"))


async def steps(count: int = 1) -> None:
    """Let the loop make steps."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def a_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no pause end during a test, however slow the machine."""
    monkeypatch.setattr("jupyter_stream_chat.server.page.broadcast.NEWS_INTERVAL", 3600)


@pytest.mark.usefixtures("a_long_pause")
async def test_a_little_news_is_told_at_once_and_much_waits(feed: Feed[WorkspaceEvent]) -> None:
    page = Page(Broadcast(feed, asyncio.get_running_loop()))
    for _ in range(NEWS_CAPACITY + 5):
        delete(feed)
    assert page.told == [[seq] for seq in range(1, NEWS_CAPACITY + 1)]


async def test_what_waited_is_told_together(feed: Feed[WorkspaceEvent]) -> None:
    page = Page(Broadcast(feed, asyncio.get_running_loop()))
    for _ in range(100):
        delete(feed)
    while page.seq < feed.seq:
        page.heard.clear()
        await page.heard.wait()
    assert [seq for told in page.told for seq in told] == list(range(1, 101))
    assert len(page.told) < 50


@pytest.mark.usefixtures("a_long_pause")
async def test_changed_profiles_do_not_wait(feed: Feed[WorkspaceEvent]) -> None:
    page = Page(Broadcast(feed, asyncio.get_running_loop()))
    for _ in range(NEWS_CAPACITY + 5):
        delete(feed)
    feed.publish(lambda seq: ProfilesChanged(seq=seq, profiles=[]))
    assert page.told[-1][-1] == feed.seq


@pytest.mark.usefixtures("a_long_pause")
async def test_the_newest_list_of_profiles_is_kept_once(feed: Feed[WorkspaceEvent]) -> None:
    broadcast = Broadcast(feed, asyncio.get_running_loop())
    for _ in range(50):
        delete(feed)
        feed.publish(lambda seq: ProfilesChanged(seq=seq, profiles=[]))
    delete(feed)
    assert broadcast.since(97, 1_000_000) is None, "a page that far behind needs a snapshot"
    types = [json.loads(line)["type"] for line in broadcast.since(98, 1_000_000) or []]
    assert types == ["chat_deleted", "profiles_changed", "chat_deleted"]


async def test_many_pages_are_told_a_few_at_a_time(feed: Feed[WorkspaceEvent]) -> None:
    broadcast = Broadcast(feed, asyncio.get_running_loop())
    pages = [Page(broadcast) for _ in range(3 * PAGES_PER_STEP)]
    delete(feed)
    for step in range(1, 4):
        assert sum(len(page.told) for page in pages) == step * PAGES_PER_STEP
        await steps()
    assert all(page.told == [[1]] for page in pages)


async def test_a_page_that_has_left_is_told_no_more(feed: Feed[WorkspaceEvent]) -> None:
    broadcast = Broadcast(feed, asyncio.get_running_loop())
    pages = [Page(broadcast) for _ in range(PAGES_PER_STEP + 2)]
    delete(feed)
    broadcast.leave(pages[-1])
    await steps(2)
    assert [len(page.told) for page in pages] == [1] * (PAGES_PER_STEP + 1) + [0]


async def test_a_page_that_fails_harms_no_other(
    feed: Feed[WorkspaceEvent], caplog: pytest.LogCaptureFixture
) -> None:
    broadcast = Broadcast(feed, asyncio.get_running_loop())

    class Broken(Page):
        def has_news(self) -> None:
            raise RuntimeError("no")

    Broken(broadcast)
    page = Page(broadcast)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            delete(feed)
    assert page.told == [[1], [2]]
    assert len(caplog.records) == 1


async def test_a_deleted_chat_is_forgotten_at_once(feed: Feed[WorkspaceEvent]) -> None:
    page = Page(Broadcast(feed, asyncio.get_running_loop()))
    delete(feed)
    assert page.unfollowed == ["chat-0001"]


async def test_news_reach_back_as_far_as_the_log(feed: Feed[WorkspaceEvent]) -> None:
    broadcast = Broadcast(feed, asyncio.get_running_loop())
    for _ in range(LOG_EVENTS + 1):
        delete(feed)
    assert broadcast.since(0, 100) is None
    assert broadcast.since(feed.seq + 1, 100) is None
    assert broadcast.since(feed.seq, 100) == []
    assert len(broadcast.since(1, 1_000_000) or []) == LOG_EVENTS
    assert sum(map(len, broadcast.since(1, 100) or [])) in range(100, 200)
