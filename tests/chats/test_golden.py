"""The golden transcripts, folded whole and cut in every way that the wire allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.protocol import Message

from ..transcript import Transcript, read_event

FILES = sorted((Path(__file__).parent.parent / "golden").glob("*.jsonl"))
Frames = Iterable[dict[str, Any]]


def as_they_are(frames: Frames) -> Iterator[dict[str, Any]]:
    """Change nothing."""
    yield from frames


def split(frames: Frames) -> Iterator[dict[str, Any]]:
    """Cut every delta into single code points."""
    for frame in frames:
        if frame["type"] != "delta":
            yield frame
            continue
        for at, character in enumerate(frame["text"]):
            yield {**frame, "offset": frame["offset"] + at, "text": character}
            frame = {name: value for name, value in frame.items() if name != "kind"}


def merged(frames: Frames) -> Iterator[dict[str, Any]]:
    """Join neighbouring deltas that continue one another."""
    held: dict[str, Any] | None = None
    for frame in frames:
        if held and _continues(held, frame):
            held = {**held, "text": held["text"] + frame["text"]}
            continue
        if held:
            yield held
        held = frame
    if held:
        yield held


def _continues(held: dict[str, Any], frame: dict[str, Any]) -> bool:
    if not held["type"] == frame["type"] == "delta":
        return False
    same = all(held.get(name) == frame.get(name) for name in ("run_id", "part"))
    return same and frame["offset"] == held["offset"] + len(held["text"])


def overlapping(frames: Frames) -> Iterator[dict[str, Any]]:
    """Send every delta twice, the second time with up to five code points of what went before it."""
    before: dict[tuple[str, int], dict[str, Any]] = {}
    for frame in frames:
        yield frame
        if frame["type"] != "delta":
            continue
        key = (frame["run_id"], frame["part"])
        last = before.get(key)
        before[key] = frame
        if last and _continues(last, frame):
            again = last["text"][-5:]
            yield {**frame, "offset": frame["offset"] - len(again), "text": again + frame["text"]}
        else:
            yield frame


@pytest.mark.parametrize("cut", [as_they_are, split, merged, overlapping])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_fold_is_as_expected(file: Path, cut: Callable[[Frames], Frames]) -> None:
    # Not splitlines(): a text may hold U+2028.
    *frames, last = [json.loads(line) for line in file.read_text(encoding="utf-8").strip().split("\n")]
    transcript = Transcript("chat-0001")
    for frame in cut(frames):
        if event := read_event(json.dumps(frame)):
            transcript.apply(event)
    assert transcript.seq == last["expect"]["seq"]
    assert [_json(message) for message in transcript.messages] == last["expect"]["messages"]


def _json(message: Message) -> Any:
    # No warnings: of a part whose kind it does not know.
    return json.loads(message.model_dump_json(exclude_none=True, warnings=False))


def test_there_are_transcripts() -> None:
    assert len(FILES) >= 8
