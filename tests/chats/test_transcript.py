"""The fold of a chat's events: what is the same, and what is a gap."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream_chat.protocol import (
    ChatOpened,
    Delta,
    ErrorInfo,
    MessageAdded,
    MessagesLoaded,
    PartKind,
    RunFinished,
    RunStarted,
    encode,
)

from ..transcript import Gap, Transcript, read_event
from .made import CHAT, Writing, answer, question, run

RUN = "run-00001"


def asked() -> Transcript:
    """Return a transcript in which run 1 has started."""
    transcript = Transcript(CHAT)
    transcript.apply(ChatOpened(chat_id=CHAT, seq=0, messages=[], has_more=False))
    transcript.apply(MessageAdded(chat_id=CHAT, seq=1, message=question(1)))
    transcript.apply(MessageAdded(chat_id=CHAT, seq=2, message=answer(1)))
    transcript.apply(RunStarted(chat_id=CHAT, seq=3, run=run(1)))
    return transcript


def finished(text: str, seq: int = 4) -> RunFinished:
    """Return the end of run 1 with the digest of ``text``."""
    writing = Writing(run(1))
    writing.text.append("text", text)
    return RunFinished(chat_id=CHAT, seq=seq, run=writing.ended())


def shown(transcript: Transcript) -> str:
    """Return the text of the last message."""
    return "".join(part.text for part in transcript.messages[-1].content)


CUTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12)
"""For each delta, how far it goes back into text that is held, and how far ahead of it."""


@given(st.text(min_size=1, max_size=30), CUTS)
def test_deltas_cut_merged_and_doubled_fold_to_the_same(text: str, cuts: list[tuple[int, int]]) -> None:
    transcript = asked()
    held = 0
    for back, ahead in [*cuts, (0, len(text))]:
        start, end = max(0, held - back), min(len(text), held + ahead)
        kind: PartKind | None = None if start else "text"
        transcript.apply(Delta(run_id=RUN, part=0, offset=start, text=text[start:end], kind=kind))
        held = max(held, end)
    transcript.apply(finished(text))
    assert shown(transcript) == text


def test_text_that_is_missing_is_a_gap() -> None:
    transcript = asked()
    transcript.apply(Delta(run_id=RUN, part=0, offset=0, text="abc", kind="text"))
    with pytest.raises(Gap, match="at 4 does not continue") as gap:
        transcript.apply(Delta(run_id=RUN, part=0, offset=4, text="e"))
    assert gap.value.reason == "gap"
    assert shown(transcript) == "abc"


def test_an_event_that_is_missing_is_a_gap() -> None:
    transcript = asked()
    with pytest.raises(Gap, match="event 5 came after 3"):
        transcript.apply(finished("", seq=5))
    assert transcript.seq == 3


def test_a_message_that_follows_an_unknown_one_is_a_gap() -> None:
    with pytest.raises(Gap):
        asked().apply(MessageAdded(chat_id=CHAT, seq=4, message=question(2, "not-held")))


def test_other_text_than_the_server_s_is_noticed_at_the_end() -> None:
    transcript = asked()
    transcript.apply(Delta(run_id=RUN, part=0, offset=0, text="abd", kind="text"))
    with pytest.raises(Gap) as gap:
        transcript.apply(finished("abc"))
    assert gap.value.reason == "digest_mismatch"


def test_a_snapshot_repairs_every_gap() -> None:
    transcript = asked()
    transcript.apply(Delta(run_id=RUN, part=0, offset=0, text="abd", kind="text"))
    repaired = ChatOpened(chat_id=CHAT, seq=7, messages=[question(1)], has_more=True)
    transcript.apply(repaired)
    assert (transcript.seq, transcript.messages, transcript.has_more) == (7, [question(1)], True)


def test_nothing_is_folded_before_the_chat_is_open() -> None:
    transcript = Transcript(CHAT)
    transcript.apply(MessageAdded(chat_id=CHAT, seq=1, message=question(1)))
    assert (transcript.seq, transcript.messages) == (None, [])


def test_a_chat_is_writable_again_when_the_other_server_s_run_ends() -> None:
    reason = ErrorInfo(code="chat_read_only", message="Another server writes here.")
    transcript = Transcript(CHAT)
    messages = [question(1), answer(1).model_copy(update={"runs": [run(1)]})]
    opened = ChatOpened(chat_id=CHAT, seq=0, messages=messages, has_more=False, read_only=reason)
    transcript.apply(opened)
    assert transcript.read_only == reason
    transcript.apply(finished("", seq=1))
    assert transcript.read_only is None


def test_older_messages_that_do_not_join_are_left_out() -> None:
    transcript = asked()
    loaded = MessagesLoaded(
        command_id="command-1", chat_id=CHAT, before="not-the-first", messages=[question(9)], has_more=True
    )
    transcript.apply(loaded)
    assert [message.message_id for message in transcript.messages] == ["question-1", "answer-0001"]


def test_events_of_a_newer_server_are_skipped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert read_event('{"type": "weather_changed", "sky": "blue"}') is None
    assert "weather_changed" in caplog.text
    delta = Delta(run_id=RUN, part=0, offset=0, text="x", kind="text")
    assert read_event(encode(delta)) == delta
    with pytest.raises(ValueError):
        read_event(json.dumps({"type": "delta", "run_id": RUN}))
