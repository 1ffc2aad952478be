"""An answer that reasons, speaks, reasons and speaks has four parts in this order, whatever happens to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from jupyter_stream_chat.chats.text import Cursor, Piece
from jupyter_stream_chat.protocol import PartKind, StreamingMode
from jupyter_stream_chat.runs.continuation import Prompt

from .conftest import World, make_run
from .models import Reasoning
from .test_pause import end_of

TURNS: list[tuple[PartKind, str]] = [
    ("reasoning", "First "),
    ("reasoning", "think. "),
    ("text", "Some "),
    ("text", "text, "),
    ("reasoning", "think again. "),
    ("text", "more "),
    ("text", "text."),
]
PARTS = [
    ("reasoning", "First think. "),
    ("text", "Some text, "),
    ("reasoning", "think again. "),
    ("text", "more text."),
]


async def said(world: World, characters: int) -> None:
    """Wait until so much was said."""
    async with asyncio.timeout(20):
        while sum(len(text) for _, text in world.parts) < characters:
            world.growth.clear()
            await world.growth.wait()


async def all_said(world: World) -> None:
    await said(world, sum(len(words) for _, words in TURNS))


@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_four_parts_in_their_order(streaming: StreamingMode) -> None:
    world = World(Reasoning(turns=TURNS))
    run = make_run(world, streaming=streaming)
    info = await end_of(run)
    assert world.parts == PARTS == [(part.kind, str(part)) for part in run.text]
    assert info.digest is not None
    assert [digest.length for digest in info.digest] == [len(text) for _, text in PARTS]
    assert info.counts is not None
    assert info.counts.characters == sum(len(text) for _, text in PARTS)
    assert info.counts.unreported == 0


async def test_a_stop_keeps_what_was_shown_of_each_part() -> None:
    world = World(Reasoning(turns=TURNS, hangs=True))
    run = make_run(world)
    await all_said(world)
    run.interrupt([13, 5])
    info = await end_of(run)
    assert info.kept == [13, 5, 0, 0]
    assert info.counts is not None
    assert info.counts.discarded == 4
    assert world.parts == PARTS, "the rest is not lost"


async def test_a_page_cannot_have_shown_more_than_there_is() -> None:
    world = World(Reasoning(turns=TURNS, hangs=True))
    run = make_run(world)
    await all_said(world)
    run.interrupt([999] * 9)
    assert (await end_of(run)).kept == [len(text) for _, text in PARTS]


async def test_what_comes_in_a_pause_follows_part_by_part() -> None:
    world = World(Reasoning(turns=TURNS))
    run = make_run(world)
    assert run.pause()
    async with asyncio.timeout(20):
        while not (run.info.pause and run.info.pause.auto_end_seconds == 4 * 3600):
            world.told.clear()
            await world.told.wait()
    assert world.parts == []
    run.resume()
    await end_of(run)
    assert world.parts == PARTS


async def test_parts_that_come_after_a_pause_was_left_do_not_count() -> None:
    world = World(Reasoning(turns=TURNS))
    run = make_run(world, max_pause_seconds=0.3)
    run.pause()
    info = await end_of(run)
    assert (info.finish_reason, info.kept) == ("timeout", [])
    assert world.parts == PARTS
    assert info.counts is not None
    assert info.counts.discarded == len(TURNS)


class Continued(World):
    """A run that goes on with an answer, by a model that is asked to."""

    async def prompt(self) -> Prompt:
        return Prompt([HumanMessage(content="go on")], kept="One, two, three and four")


@pytest.mark.parametrize(
    ("turns", "parts"),
    [
        # The repeated words are taken out, before and behind reasoning.
        (
            [("reasoning", "Where was I? "), ("text", "three and four"), ("text", ", five")],
            [("reasoning", "Where was I? "), ("text", ", five")],
        ),
        (
            [("text", "three and four"), ("reasoning", "Hm. "), ("text", ", five")],
            [("reasoning", "Hm. "), ("text", ", five")],
        ),
        # What was held back because it might have been a repetition stays before the reasoning.
        (
            [("text", "three"), ("reasoning", "Hm. "), ("text", " more")],
            [("text", "three"), ("reasoning", "Hm. "), ("text", " more")],
        ),
        # White space that waits for what follows it begins no part of its own.
        (
            [("text", "\n"), ("reasoning", "Hm. "), ("text", "three and four, five")],
            [("reasoning", "Hm. "), ("text", ", five")],
        ),
    ],
)
async def test_going_on_keeps_the_order(turns: Any, parts: Any) -> None:
    world = Continued(Reasoning(turns=turns))
    await end_of(make_run(world))
    assert world.parts == parts


async def test_repetitions_are_found_in_every_part() -> None:
    turns = [("text", "Let me see. "), ("reasoning", "ab cd ef\n" * 60)]
    world = World(Reasoning(turns=turns))
    info = await end_of(make_run(world, on_repetition="stop"))
    assert info.finish_reason == "repetition"


class SlowFolder(World):
    """A world where text is written when the test says so."""

    unwritten: deque[Callable[[], None]]

    def __init__(self, model: BaseChatModel) -> None:
        super().__init__(model)
        self.unwritten = deque()

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        def write() -> None:
            super(SlowFolder, self).keep(part, kind, text, on_written)
            on_written()

        self.unwritten.append(write)
        self.growth.set()
        return False

    async def waiting(self, count: int) -> None:
        """Wait until so many writes wait."""
        async with asyncio.timeout(20):
            while len(self.unwritten) < count:
                self.growth.clear()
                await self.growth.wait()

    def write(self, count: int) -> None:
        """Write the first of what waits."""
        for _ in range(count):
            self.unwritten.popleft()()


async def test_text_is_no_part_of_the_answer_before_it_is_written_whatever_part_it_belongs_to() -> None:
    world = SlowFolder(Reasoning(turns=TURNS))
    run = make_run(world)
    await world.waiting(len(TURNS))
    cursor = Cursor(run.text)
    assert (run.text.lengths, cursor.next(99)) == ([], None)
    world.write(1)
    assert cursor.next(99) == Piece(0, 0, "First ", "reasoning")
    assert (cursor.next(99), cursor.lengths) == (None, [6])
    assert not world.ends, "a run ends when all its text is written"
    world.write(4)
    assert run.text.lengths == [13, 11, 13]
    world.write(2)
    info = await end_of(run)
    assert world.parts == PARTS == [(part.kind, str(part)) for part in run.text]
    read = [cursor.next(99) for _ in PARTS]
    assert [piece and (piece.part, piece.offset, piece.text) for piece in read] == [
        (0, 6, "think. "),
        (1, 0, "Some text, "),
        (2, 0, "think again. "),
        (3, 0, "more text."),
    ]
    assert info.counts is not None
    assert info.counts.characters == sum(len(text) for _, text in PARTS)


async def test_a_pair_cut_between_two_writes_is_whole_and_half_a_pair_stays_in_its_part() -> None:
    world = SlowFolder(
        Reasoning(turns=[("reasoning", "a\ud83d"), ("reasoning", "\ude42b\ud83d"), ("text", "c")])
    )
    run = make_run(world)
    await world.waiting(4)
    assert len(run.text) == 0
    world.write(4)
    await end_of(run)
    assert world.parts == [("reasoning", "a🙂b\N{REPLACEMENT CHARACTER}"), ("text", "c")]


async def test_a_late_closing_tag_is_told_once_all_is_written() -> None:
    world = SlowFolder(Reasoning(turns=[("text", "I think.\n"), ("text", "</think>\n\nYes.")]))
    run = make_run(world)
    await world.waiting(2)
    assert not world.ends
    while world.unwritten:
        world.write(1)
    await end_of(run)
    assert [(part.kind, str(part)) for part in run.text] == [("reasoning", "I think."), ("text", "Yes.")]
