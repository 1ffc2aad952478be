"""What an answer says of how it came about."""

from __future__ import annotations

from jupyter_stream_chat import protocol
from jupyter_stream_chat.magics.answer import Usage


def test_the_usage_of_any_server_is_read() -> None:
    told = protocol.Usage(input_tokens=1, output_tokens=2, guessed_tokens=4, accepted_tokens=3)
    assert Usage.of(told.model_dump()) == Usage(1, 2, 0, 4, 3)
    assert Usage.of({"input_tokens": 1, "output_tokens": 2, "of_tomorrow": 7}) == Usage(1, 2)
    assert Usage.of({}) == Usage()
