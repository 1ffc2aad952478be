"""The outbox alone: a socket made of a list, a clock that stands still unless moved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from jupyter_stream_chat.chats.feed import LOG_EVENTS, Feed
from jupyter_stream_chat.protocol import (
    Channel,
    ChatDeleted,
    ChatOpened,
    CommandAccepted,
    Message,
    MessageAdded,
    RunFinished,
    RunInfo,
    RunProgressed,
    RunStarted,
    TextLengths,
    WorkspaceEvent,
    WorkspaceLoaded,
)
from jupyter_stream_chat.server.page.broadcast import NEWS_CAPACITY, Broadcast
from jupyter_stream_chat.server.page.outbox import (
    DELTA_CHARACTERS,
    FRAME_CAPACITY,
    FRAME_CHARACTERS,
    FRAME_INTERVAL,
    QUEUE_LIMIT,
    REPLY_LIMIT,
    ROOM,
    WORKSPACE,
    Outbox,
)
from jupyter_stream_chat.server.page.token_bucket import TokenBucket

CHAT = "chat-0001"
RUN = "run-00001"


class Text:
    """A text as a run holds it."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def length(self) -> int:
        return len(self.text)

    def tail(self, offset: int, limit: int) -> str:
        return self.text[offset : offset + limit]


@dataclass
class LiveOutput:
    """A live run."""

    info: RunInfo
    texts: dict[Channel, Text] = field(default_factory=lambda: {"content": Text(), "reasoning": Text()})

    @property
    def run_id(self) -> str:
        return self.info.run_id


def live(run_id: str = RUN, chat_id: str = CHAT) -> LiveOutput:
    """Make a live run without text."""
    info = RunInfo(
        run_id=run_id,
        chat_id=chat_id,
        message_id="answer-01",
        profile_id="p",
        model="m",
        streaming="on",
        created_at=0,
        status="streaming",
    )
    return LiveOutput(info)


class World:
    """What an outbox is given: a socket that can be slow, and time."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.pending: list[asyncio.Future[None]] = []
        self.slow = False
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.refreshed: list[str] = []
        self.given_up = False

    def send(self, frame: str) -> asyncio.Future[None]:
        self.frames += map(json.loads, frame.split("\n"))
        self.sizes.append(len(frame.encode()))
        written = asyncio.get_running_loop().create_future()
        if self.slow:
            self.pending.append(written)
        else:
            written.set_result(None)
        return written

    def call_later(self, delay: float, wake: Callable[[], None]) -> Any:
        entry = (self.now + delay, wake)
        self.timers.append(entry)

        class Timer:
            def cancel(_) -> None:
                self.timers.remove(entry)

        return Timer()

    def give_up(self) -> None:
        self.given_up = True

    async def pass_time(self, seconds: float) -> None:
        """Move the clock and fire what is due."""
        self.now += seconds
        for entry in [entry for entry in self.timers if entry[0] <= self.now]:
            self.timers.remove(entry)
            entry[1]()

    async def read(self, frames: int = 1) -> None:
        """Let a slow socket take frames."""
        for _ in range(frames):
            if self.pending:
                self.pending.pop(0).set_result(None)
                await asyncio.sleep(0)

    async def read_all(self) -> None:
        """Let a slow socket take all that comes, text budget included."""
        while self.pending or self.timers:
            await self.read(len(self.pending))
            await self.pass_time(1)

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    def text(self, run_id: str = RUN) -> str:
        """Fold the deltas; each must continue exactly where the last ended."""
        text = ""
        for frame in self.frames:
            if frame["type"] == "delta" and frame["run_id"] == run_id and "channel" not in frame:
                assert frame["offset"] == len(text)
                text += frame["text"]
        return text


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def outbox(world: World) -> Outbox:
    return Outbox(
        world.send,
        clock=lambda: world.now,
        call_later=world.call_later,
        refresh=world.refreshed.append,
        give_up=world.give_up,
    )


def opened(chat_id: str = CHAT, seq: int = 0) -> ChatOpened:
    return ChatOpened(chat_id=chat_id, seq=seq, messages=[], has_more=False)


def added(seq: int, chat_id: str = CHAT) -> MessageAdded:
    message = Message(
        message_id=f"message-{seq}", chat_id=chat_id, role="user", author="a", content=[], created_at=0
    )
    return MessageAdded(chat_id=chat_id, seq=seq, message=message)


def grow(outbox: Outbox, run: LiveOutput, text: str, channel: Channel = "content") -> None:
    run.texts[channel].text += text
    outbox.on_text(run, channel)


def finished(run: LiveOutput, seq: int = 9) -> RunFinished:
    return RunFinished(chat_id=run.info.chat_id, seq=seq, run=run.info)


async def start(outbox: Outbox, run: LiveOutput) -> None:
    outbox.follow(CHAT, opened(), [], [])
    outbox.event(RunStarted(chat_id=CHAT, seq=1, run=run.info))


# --- text ------------------------------------------------------------------------------------------


async def test_a_token_leaves_in_the_same_step(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    grow(outbox, run, "Hi")
    assert world.frames[-1] == {"type": "delta", "run_id": RUN, "offset": 0, "text": "Hi"}


async def test_fifty_tokens_a_second_are_never_delayed_or_merged(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    for n in range(200):
        grow(outbox, run, f"{n} ")
        assert world.frames[-1]["text"] == f"{n} "
        await world.pass_time(0.02)


async def test_full_speed_merges_into_bounded_frames(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    for n in range(5000):
        grow(outbox, run, f"{n} ")
        await world.pass_time(1 / 5000)
    await world.read_all()
    deltas = world.types().count("delta")
    assert world.text() == run.texts["content"].text
    assert deltas <= FRAME_CAPACITY + 1 / FRAME_INTERVAL + 2


async def test_nothing_is_written_while_a_write_is_in_flight(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    world.slow = True
    for _ in range(1000):
        grow(outbox, run, "token ")
    assert world.types().count("delta") == 1
    await world.read()
    assert world.frames[-1]["text"] == "token " * 999
    assert world.text() == run.texts["content"].text


async def test_a_large_backlog_is_cut_into_frames_below_256_kib(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    grow(outbox, run, "\x01" * (3 * DELTA_CHARACTERS))
    await world.read_all()
    assert max(world.sizes) <= 256 * 1024
    assert world.text() == run.texts["content"].text


async def test_reasoning_has_offsets_of_its_own(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    grow(outbox, run, "hm", "reasoning")
    grow(outbox, run, "Yes")
    grow(outbox, run, "...", "reasoning")
    got = [(f.get("channel"), f["offset"], f["text"]) for f in world.frames if f["type"] == "delta"]
    assert got == [("reasoning", 0, "hm"), (None, 0, "Yes"), ("reasoning", 2, "...")]


async def test_an_end_comes_after_all_text_and_nothing_after_it(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    world.slow = True
    grow(outbox, run, "a")
    grow(outbox, run, "b" * (2 * DELTA_CHARACTERS))
    grow(outbox, run, "r", "reasoning")
    outbox.event(finished(run))
    await world.read_all()
    assert world.types()[-1] == "run_finished"
    assert world.types().count("run_finished") == 1
    assert world.text() == run.texts["content"].text
    assert any(frame.get("channel") == "reasoning" for frame in world.frames)


async def test_a_delta_never_overtakes_the_start_of_its_run(world: World, outbox: Outbox) -> None:
    run = live()
    world.slow = True
    await start(outbox, run)
    grow(outbox, run, "x")
    await world.read_all()
    assert world.types() == ["chat_opened", "run_started", "delta"]


async def test_following_a_live_run_continues_at_what_is_held(world: World, outbox: Outbox) -> None:
    run = live()
    run.texts["content"].text = "Hello"
    outbox.follow(CHAT, opened(), [], [(run, TextLengths(content=3))])
    assert world.types() == ["chat_opened", "run_progressed", "delta"]
    assert (world.frames[-1]["offset"], world.frames[-1]["text"]) == (3, "lo")


async def test_progress_is_latest_wins_and_ends_with_the_run(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    world.slow = True
    grow(outbox, run, "x")
    for status in ("queued", "starting", "waiting"):
        outbox.event(RunProgressed(chat_id=CHAT, run_id=RUN, status=status))
    await world.read()
    assert world.frames[-1]["status"] == "waiting"
    outbox.event(RunProgressed(chat_id=CHAT, run_id=RUN, status="streaming"))
    outbox.event(finished(run))
    await world.read_all()
    assert world.types()[-2:] == ["run_progressed", "run_finished"]


async def test_runs_share_the_frames(world: World, outbox: Outbox) -> None:
    one, two = live("run-00001"), live("run-00002")
    outbox.follow(CHAT, opened(), [], [])
    for n in range(400):
        grow(outbox, one, f"{n} ")
        grow(outbox, two, f"{n} ")
        await world.pass_time(0.001)
    counts = [sum(f.get("run_id") == run_id for f in world.frames) for run_id in ("run-00001", "run-00002")]
    assert min(counts) >= 10
    assert abs(counts[0] - counts[1]) <= FRAME_CAPACITY


# --- structure -------------------------------------------------------------------------------------


async def test_other_chats_and_left_chats_are_not_sent(world: World, outbox: Outbox) -> None:
    run = live()
    outbox.follow(CHAT, opened(), [], [(run, TextLengths())])
    outbox.unfollow(CHAT)
    before = len(world.frames)
    outbox.event(added(1))
    outbox.event(added(1, chat_id="chat-0002"))
    outbox.event(RunProgressed(chat_id=CHAT, run_id=RUN, status="waiting"))
    grow(outbox, run, "x")
    assert len(world.frames) == before


async def test_a_page_that_does_not_read_gets_a_snapshot_in_the_end(world: World, outbox: Outbox) -> None:
    other = "chat-0002"
    world.slow = True
    outbox.follow(other, opened(other), [], [])
    outbox.follow(CHAT, opened(), [], [])
    await world.read(2)
    run = live()
    outbox.event(RunStarted(chat_id=CHAT, seq=1, run=run.info))
    for seq in range(2, 20 * QUEUE_LIMIT):
        outbox.event(added(seq))
        grow(outbox, run, "x")
    assert len(outbox._queue) <= QUEUE_LIMIT  # what stays in memory has no other outside
    assert not world.refreshed
    await world.read_all()
    assert world.refreshed == [CHAT]
    outbox.follow(CHAT, opened(seq=3000), [], [(run, TextLengths(content=run.texts["content"].length))])
    outbox.event(added(3001))
    outbox.event(added(1, other))
    await world.read_all()
    assert world.types()[-4:] == ["chat_opened", "message_added", "run_progressed", "message_added"] or (
        world.types()[-4:] == ["chat_opened", "message_added", "message_added", "run_progressed"]
    )


def workspace(outbox: Outbox, feed: Feed[WorkspaceEvent]) -> Broadcast:
    """Let the page show a workspace."""
    broadcast = Broadcast(feed, asyncio.get_running_loop())
    outbox.follow_workspace(WorkspaceLoaded(seq=feed.seq, chats=[], profiles=[], streaming="on"), broadcast)
    broadcast.join(outbox)
    return broadcast


def delete(feed: Feed[WorkspaceEvent], count: int = 1) -> None:
    """Let other chats be deleted."""
    for _ in range(count):
        feed.publish(lambda seq: ChatDeleted(seq=seq, chat_id=f"other-{seq:04}"))


async def test_news_behind_the_log_are_a_snapshot_for_a_slow_page(world: World, outbox: Outbox) -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    world.slow = True
    workspace(outbox, feed)
    delete(feed, LOG_EVENTS + 1)
    outbox.has_news()
    assert not outbox._queue  # what stays in memory has no other outside
    await world.read_all()
    assert world.types() == ["workspace_loaded"]
    assert world.refreshed == [WORKSPACE]


async def test_many_news_are_cut_into_frames(world: World, outbox: Outbox) -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    workspace(outbox, feed)
    delete(feed, LOG_EVENTS)
    outbox.has_news()
    outbox.reply(CommandAccepted(command_id=RUN))
    assert [frame["seq"] for frame in world.frames[:-1]] == list(range(LOG_EVENTS + 1))
    assert max(world.sizes) < 2 * FRAME_CHARACTERS


async def test_what_is_sent_takes_the_news_before_it_along(world: World, outbox: Outbox) -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    workspace(outbox, feed)
    delete(feed, NEWS_CAPACITY + 3)
    before = len(world.sizes)
    outbox.reply(CommandAccepted(command_id=RUN))
    assert world.types() == ["workspace_loaded", *["chat_deleted"] * (NEWS_CAPACITY + 3), "command_accepted"]
    assert len(world.sizes) == before + 1
    outbox.has_news()
    assert len(world.sizes) == before + 1, "nothing is new"


async def test_a_snapshot_of_the_workspace_goes_before_its_news(world: World, outbox: Outbox) -> None:
    feed: Feed[WorkspaceEvent] = Feed()
    world.slow = True
    outbox.reply(CommandAccepted(command_id=RUN))
    workspace(outbox, feed)
    delete(feed)
    await world.read_all()
    assert world.types() == ["command_accepted", "workspace_loaded", "chat_deleted"]


async def test_text_does_not_wait_for_news(world: World, outbox: Outbox) -> None:
    run = live()
    feed: Feed[WorkspaceEvent] = Feed()
    workspace(outbox, feed)
    await start(outbox, run)
    delete(feed)
    grow(outbox, run, "Hi")
    assert world.frames[-1] == {"type": "delta", "run_id": RUN, "offset": 0, "text": "Hi"}


async def test_a_page_that_never_reads_replies_is_given_up(world: World, outbox: Outbox) -> None:
    world.slow = True
    for n in range(REPLY_LIMIT + 2):
        outbox.reply(CommandAccepted(command_id=f"command-{n}"))
    assert world.given_up


async def test_commands_with_large_replies_wait_for_room(world: World, outbox: Outbox) -> None:
    world.slow = True
    for n in range(ROOM + 1):
        outbox.reply(CommandAccepted(command_id=f"command-{n}"))
    waiting = asyncio.ensure_future(outbox.wait_until_drained())
    await asyncio.sleep(0)
    assert not waiting.done()
    await world.read(3)
    await asyncio.sleep(0)
    assert waiting.done()


async def test_a_broken_socket_ends_the_outbox(world: World, outbox: Outbox) -> None:
    run = live()
    await start(outbox, run)
    world.slow = True
    grow(outbox, run, "x")
    world.pending.pop().set_exception(OSError("gone"))
    await asyncio.sleep(0)
    before = len(world.frames)
    grow(outbox, run, "y")
    outbox.event(finished(run))
    outbox.reply(CommandAccepted(command_id=RUN))
    assert len(world.frames) == before
    await outbox.wait_until_drained()


# --- the budget ------------------------------------------------------------------------------------


def test_the_budget_refills_with_time() -> None:
    now = [0.0]
    budget = TokenBucket(lambda: now[0], capacity=2, interval=0.5)
    assert [budget.take(), budget.take()] == [0, 0]
    assert budget.take() == pytest.approx(0.5)
    now[0] = 0.25
    assert budget.take() == pytest.approx(0.25)
    now[0] = 0.5
    assert budget.take() == 0
    now[0] = 100
    assert [budget.take(), budget.take()] == [0, 0]
    assert budget.take() > 0
