"""Text of a run: whatever way it is cut, what is held is the text, part by part."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.chats.text import Cursor, Gap, Piece, RunText, StreamText
from jupyter_stream_chat.protocol import PartKind

ANY = st.text(st.characters(), max_size=60)
"""Any code points, lone surrogates among them."""


def utf16_units(text: str) -> str:
    """Write a text as JavaScript has it: astral characters as two surrogates."""
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(data[at : at + 2], "little")) for at in range(0, len(data), 2))


def whole(units: str) -> str:
    """Return what valid Unicode a sequence of UTF-16 units is, lone surrogates replaced."""
    out, at = [], 0
    while at < len(units):
        pair = units[at : at + 2]
        if len(pair) == 2 and "\ud800" <= pair[0] <= "\udbff" and "\udc00" <= pair[1] <= "\udfff":
            out.append(chr(0x10000 + ((ord(pair[0]) - 0xD800) << 10) + ord(pair[1]) - 0xDC00))
            at += 2
        else:
            out.append("\ufffd" if "\ud800" <= pair[0] <= "\udfff" else pair[0])
            at += 1
    return "".join(out)


@given(st.lists(ANY), st.booleans())
def test_however_it_is_cut_the_text_is_the_same(pieces: list[str], in_utf16: bool) -> None:
    if in_utf16:
        pieces = [unit for piece in pieces for unit in utf16_units(piece)]
    text = StreamText()
    appended = "".join([*(text.append(piece) for piece in pieces), text.close()])
    expected = whole(utf16_units("".join(pieces)))
    assert str(text) == appended == expected
    assert text.length == len(expected)
    assert text.crc32 == zlib.crc32(expected.encode())


@given(st.lists(st.text(max_size=8), max_size=12) | st.lists(st.text(max_size=2), min_size=60), st.data())
def test_a_tail_is_the_text_from_there_on(pieces: list[str], data: st.DataObject) -> None:
    text = StreamText()
    for piece in pieces:
        text.append(piece)
    expected = "".join(pieces)
    for _ in range(3):
        offset = data.draw(st.integers(0, len(expected)))
        assert text.tail(offset) == expected[offset:]
        for limit in (1, 2, len(expected)):
            assert text.tail(offset, limit) == expected[offset : offset + limit]
        if data.draw(st.booleans()):
            assert str(text) == expected  # which joins the pieces


def test_half_a_pair_waits_for_the_other() -> None:
    text = StreamText()
    assert text.append("a\ud83d") == "a"
    assert text.length == 1
    assert text.append("\ude42b") == "\U0001f642b"
    assert str(text) == "a\U0001f642b"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["\ud83d", "x"], "\ufffdx"),
        (["x\ude42"], "x\ufffd"),
        (["\ud83d", "\ud83d", "\ude42"], "\ufffd\U0001f642"),
        (["\ufeffx"], "\ufeffx"),
        (["\ud83d"], "\ufffd"),
    ],
)
def test_lone_halves_are_replaced(pieces: list[str], expected: str) -> None:
    text = StreamText()
    for piece in pieces:
        text.append(piece)
    text.close()
    assert text.close() == ""
    assert str(text) == expected


def test_a_text_starts_with_what_it_is_given() -> None:
    assert str(StreamText("so far")) == "so far"
    assert StreamText("").tail(0) == ""


def test_a_long_text_takes_little_more_than_itself() -> None:
    tracemalloc.start()
    text = StreamText()
    for i in range(20_000):
        text.append(f"t{i} ")
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 2 * text.length


def test_a_block_of_a_long_text_costs_the_block() -> None:
    """The whole rest is copied for no block: 40 MB in blocks would otherwise copy 20 GB."""
    text = StreamText()
    for _ in range(400):
        text.append("x" * 100_000)
    str(text)  # as a snapshot does: it is one piece now
    tracemalloc.start()
    offset = 0
    while piece := text.tail(offset, 40_000):
        offset += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert offset == text.length
    assert peak < 1_000_000


# --- parts --------------------------------------------------------------------------------------------

KIND: st.SearchStrategy[PartKind] = st.sampled_from(["text", "reasoning"])
WRITTEN = st.lists(
    st.tuples(KIND, st.text(st.characters(exclude_categories=["Cs"]), max_size=5)), max_size=12
)
"""What a model writes, token by token."""


def parts_in(text: RunText) -> list[tuple[PartKind, str]]:
    return [(part.kind, str(part)) for part in text]


def expected_parts(written: list[tuple[PartKind, str]]) -> list[tuple[PartKind, str]]:
    """Join neighbours of one kind."""
    parts: list[tuple[PartKind, str]] = []
    for kind, text in written:
        if text and parts and parts[-1][0] == kind:
            parts[-1] = (kind, parts[-1][1] + text)
        elif text:
            parts.append((kind, text))
    return parts


@given(WRITTEN)
def test_parts_stay_in_the_order_in_which_they_were_written(written: list[tuple[PartKind, str]]) -> None:
    text, copy = RunText(), RunText()
    for kind, token in written:
        for piece in text.append(kind, token):
            assert copy.put(*piece) == piece.text
            assert copy.put(*piece) == "", "twice is once"
    assert parts_in(text) == parts_in(copy) == expected_parts(written)
    assert text.lengths == [len(part) for _, part in expected_parts(written)]


@given(WRITTEN, st.data())
def test_a_reader_that_comes_back_anywhere_reads_the_rest(
    written: list[tuple[PartKind, str]], data: st.DataObject
) -> None:
    text = RunText(expected_parts(written))
    held = RunText()
    cursor = Cursor(text)
    while piece := cursor.next(data.draw(st.integers(1, 4))):
        held.put(*piece)
        if data.draw(st.booleans()):
            assert [length for length in cursor.lengths if length] == held.lengths
            cursor = Cursor(text, held.lengths)
    assert cursor.is_at_end
    assert parts_in(held) == parts_in(text)


def test_a_reader_follows_a_text_that_grows() -> None:
    text = RunText()
    cursor = Cursor(text)
    assert (cursor.next(10), cursor.is_at_end, cursor.lengths) == (None, True, [])
    text.append("reasoning", "Hm")
    assert cursor.next(10) == Piece(0, 0, "Hm", "reasoning")
    text.append("reasoning", ", so.")
    text.append("text", "Yes.")
    assert cursor.next(3) == Piece(0, 2, ", s", None)
    assert cursor.next(10) == Piece(0, 5, "o.", None)
    assert cursor.next(10) == Piece(1, 0, "Yes.", "text")
    assert (cursor.next(10), cursor.lengths) == (None, [7, 4])


@pytest.mark.parametrize(
    ("lengths", "begins"),
    [
        ([], (0, 0)),
        ([0, 0], (0, 0)),
        ([1, 9], (0, 1)),
        ([2], (1, 0)),
        ([2, 3, 0], (2, 0)),
        ([99, 99, 1], (2, 1)),
    ],
)
def test_a_reader_goes_on_where_its_first_part_is_not_whole(
    lengths: list[int], begins: tuple[int, int]
) -> None:
    text = RunText([("text", "ab"), ("reasoning", "cde"), ("text", "fg")])
    piece = Cursor(text, lengths).next(100)
    assert piece is not None
    assert (piece.part, piece.offset) == begins


@pytest.mark.parametrize("lengths", [[2, 3, 2], [9, 9, 9], [2, 3, 2, 5]])
def test_a_reader_that_has_all_or_claims_more_is_at_the_end(lengths: list[int]) -> None:
    cursor = Cursor(RunText([("text", "ab"), ("reasoning", "cde"), ("text", "fg")]), lengths)
    assert cursor.is_at_end
    assert cursor.next(100) is None


@pytest.mark.parametrize(
    "piece",
    [
        Piece(1, 5, "x", None),
        Piece(2, 1, "x", "text"),
        Piece(2, 0, "x", None),
        Piece(3, 0, "x", "text"),
        Piece(0, 0, "abc", None),
        Piece(0, 2, "c", None),
    ],
)
def test_what_does_not_continue_the_text_is_a_gap(piece: Piece) -> None:
    text = RunText([("reasoning", "ab"), ("text", "cde")])
    with pytest.raises(Gap):
        text.put(*piece)
    assert parts_in(text) == [("reasoning", "ab"), ("text", "cde")]


def test_half_a_pair_at_the_end_of_a_part_is_replaced_when_another_begins() -> None:
    text = RunText()
    assert text.append("reasoning", "a\ud83d") == [Piece(0, 0, "a", "reasoning")]
    assert text.append("text", "b") == [Piece(0, 1, "\ufffd", None), Piece(1, 0, "b", "text")]
    assert parts_in(text) == [("reasoning", "a\ufffd"), ("text", "b")]


def test_half_a_pair_at_the_beginning_of_a_part_waits() -> None:
    text = RunText([("reasoning", "a")])
    cursor = Cursor(text, [1])
    assert text.append("text", "\ud83d") == []
    assert cursor.next(10) is None
    assert text.append("text", "\ude42") == [Piece(1, 0, "\U0001f642", "text")]
    assert cursor.next(10) == Piece(1, 0, "\U0001f642", "text")


def test_lengths_are_clamped_part_by_part() -> None:
    text = RunText([("reasoning", "ab"), ("text", "cde")])
    assert text.clamp([1]) == [1, 0]
    assert text.clamp([5, 2, 7]) == [2, 2]
    assert text.clamp([]) == [0, 0]
