"""Stop strings, however the text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.engine.stopstrings import StopStrings


def shown(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    """Return what is shown of a text that comes in pieces, and whether a stop string ended it."""
    watcher = StopStrings(stops)
    text = ""
    for piece in pieces:
        text += watcher.add(piece)
        if watcher.found:
            return text, True
    return text + watcher.flush(), False


@given(st.text("ab\n。", max_size=30), st.lists(st.text("ab\n。", min_size=1, max_size=4), max_size=3))
def test_any_cut_shows_what_the_whole_text_shows(text: str, stops: list[str]) -> None:
    places = [text.find(stop) for stop in stops if stop in text]
    assert shown([text], stops) == (text[: min(places)] if places else text, bool(places))
    by_one = shown(list(text), stops)
    assert by_one[1] == bool(places)
    assert not any(stop in by_one[0] for stop in stops)
    if len(stops) < 2:  # of several, the one that is complete first ends the text
        assert by_one == shown([text], stops)


def test_only_what_may_become_a_stop_string_is_held_back() -> None:
    watcher = StopStrings(["<END>"])
    assert watcher.add("abc<E") == "abc"
    assert watcher.add("x") == "<Ex"
    assert watcher.add("<EN") == ""
    assert watcher.flush() == "<EN"


@pytest.mark.parametrize("stops", [[], [""]])
def test_without_stop_strings_nothing_is_held_back(stops: list[str]) -> None:
    assert StopStrings(stops).add("abc") == "abc"
