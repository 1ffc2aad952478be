"""StreamText: whatever way a text is cut, what is held is the text."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.chats.text import StreamText

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
    assert text.digest().length == len(expected)
    assert text.digest().crc32 == zlib.crc32(expected.encode())


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


@pytest.mark.parametrize("count", [1, 70])
def test_text_that_is_taken_back_was_never_there(count: int) -> None:
    for size in range(count, count + 3):
        text, expected = StreamText(), StreamText()
        for n in range(size):
            text.append(f"t{n} ")
            expected.append(f"t{n} ")
        before = expected.digest()
        late = text.append("late 🙂")
        text.undo(late)
        assert (str(text), text.digest(), text.length) == (str(expected), before, expected.length)
        text.redo(late)
        expected.append("late 🙂")
        assert (str(text), text.digest()) == (str(expected), expected.digest())
