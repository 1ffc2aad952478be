"""The wire as pages and scripts see it: what is accepted, what is refused, what a frame holds."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from pydantic import ValidationError

from jupyter_stream_chat import protocol as wire

RUN = "0f8c0b52-6c1f-4a55-9d0e-3c1f9e3d7a10"


def test_a_delta_costs_at_most_a_hundred_bytes_around_its_text() -> None:
    frame = wire.encode(wire.Delta(run_id=RUN, part=1, offset=1_000_000, text=""))
    assert len(frame.encode()) <= 100


def test_null_fields_are_absent_and_the_type_is_there() -> None:
    frame = json.loads(wire.encode(wire.RunProgressed(chat_id=RUN, run_id=RUN, status="waiting")))
    assert frame == {"type": "run_progressed", "chat_id": RUN, "run_id": RUN, "status": "waiting"}


def test_text_is_sent_as_it_is() -> None:
    text = "你好 😀 \u2028 \n <script>"
    frame = wire.encode(wire.Delta(run_id=RUN, part=0, offset=0, text=text, kind="text"))
    assert "你好 😀" in frame
    assert json.loads(frame)["text"] == text


def test_what_a_run_writes_has_a_part_of_each_kind() -> None:
    assert set(wire.WRITTEN_PARTS) == set(get_args(wire.PartKind))
    for kind, part in wire.WRITTEN_PARTS.items():
        assert part(text="a", run_id=RUN).type == kind


def test_an_event_reads_back_as_it_was() -> None:
    event = wire.Delta(run_id=RUN, part=0, offset=0, text="a", kind="reasoning")
    assert wire.EVENT.validate_json(wire.encode(event)) == event


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"run_id": "no spaces allowed"}, "run_id"),
        ({"run_id": "short"}, "run_id"),
        ({"surprise": 1}, "surprise"),
        ({"shown": [3, -1]}, "shown.1"),
        ({"shown": {"content": 1}}, "shown"),
        ({"command_id": None}, "command_id"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    command = {"type": "interrupt_run", "command_id": RUN, "run_id": RUN, **change}
    with pytest.raises(ValidationError) as caught:
        wire.COMMAND.validate_python(command)
    named = {".".join(str(step) for step in error["loc"][1:]) for error in caught.value.errors()}
    assert field in named


def test_a_present_null_is_told_from_an_absent_field() -> None:
    common = {"type": "update_chat", "command_id": RUN, "chat_id": RUN}
    cleared = wire.COMMAND.validate_python({**common, "profile_id": None})
    untouched = wire.COMMAND.validate_python(common)
    assert "profile_id" in cleared.model_fields_set
    assert "profile_id" not in untouched.model_fields_set


def test_the_schema_defines_every_command_and_event() -> None:
    definitions = wire.schema()["$defs"]
    for union in ("AnyCommand", "AnyEvent"):
        for name in definitions[union]["discriminator"]["mapping"].values():
            assert name.removeprefix("#/$defs/") in definitions
    assert "null" not in json.dumps(definitions["Delta"]["required"])
