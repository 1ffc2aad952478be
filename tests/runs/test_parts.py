"""An answer that reasons, speaks, reasons and speaks has four parts in this order, whatever happens to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

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
