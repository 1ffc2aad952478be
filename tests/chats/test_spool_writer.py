"""The thread that writes spools: one write that goes wrong costs no other."""

from __future__ import annotations

import os

from jupyter_stream_chat.chats.spool_writer import SpoolWriter, Write

MORE_THAN_A_PIPE_HOLDS = 2**20


def test_the_writer_outlives_whoever_was_to_be_told() -> None:
    def gone(_: Write) -> None:
        raise RuntimeError("Event loop is closed")

    writer = SpoolWriter()
    reading, writing = os.pipe()
    hanging = writer.write(writing, bytes(MORE_THAN_A_PIPE_HOLDS))
    assert not hanging.is_over
    hanging.when_over(gone)
    with os.fdopen(reading, "rb") as pipe:
        assert len(pipe.read(MORE_THAN_A_PIPE_HOLDS)) == MORE_THAN_A_PIPE_HOLDS
        assert hanging.wait(10)
        assert writer.write(writing, b"next").wait(10)
        assert pipe.read(4) == b"next"
    os.close(writing)
