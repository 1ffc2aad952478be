"""The spool: what was appended is there again, whoever dies when."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from filelock import Timeout

from jupyter_stream_chat.chats.spool import Spool, read_spool, spooled_runs
from jupyter_stream_chat.chats.text import RunText
from jupyter_stream_chat.protocol import PartKind

RUN = "run-00001"
PIECES = ["Hello, ", "世界\n", '"quoted" \\ ', "\u2028", "🙂"]


def spooled(folder: Path) -> list[tuple[PartKind, str]]:
    """Return what the spool of the run holds, part by part."""
    return [(part.kind, str(part)) for part in read_spool(folder, RUN).text]


def text(words: str) -> list[tuple[PartKind, str]]:
    """Return the one part that a spool with this text has."""
    return [("text", words)] if words else []


def test_what_is_appended_is_read_while_it_grows(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    spool.append(0, "reasoning", "Hm.")
    for count, piece in enumerate(PIECES, 1):
        spool.append(1, "text", piece)
        assert spooled(tmp_path) == [("reasoning", "Hm."), ("text", "".join(PIECES[:count]))]
    assert str(os.getpid()) in read_spool(tmp_path, RUN).owner
    spool.remove()


def test_a_record_torn_at_any_byte_costs_that_record_alone(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    file = tmp_path / f"{RUN}.spool"
    sizes = [file.stat().st_size]
    for piece in PIECES:
        spool.append(0, "text", piece)
        sizes.append(file.stat().st_size)
    spool.close()
    data = file.read_bytes()
    for end in range(len(data) + 1):
        file.write_bytes(data[:end])
        # A record lacks nothing but its line feed when all its bytes but one are there.
        whole = sum(size - 1 <= end for size in sizes[1:])
        assert spooled(tmp_path) == text("".join(PIECES[:whole]))


def test_a_run_has_one_owner(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    assert Spool.recover(tmp_path, RUN) is None
    with pytest.raises(Timeout):
        Spool.create(tmp_path, RUN)
    spool.append(0, "text", "kept")
    spool.close()
    taken = Spool.recover(tmp_path, RUN)
    assert taken is not None
    assert Spool.recover(tmp_path, RUN) is None
    assert spooled(tmp_path) == text("kept")
    assert spooled_runs(tmp_path) == [RUN]
    taken.remove()


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    spool.append(0, "text", "text")
    spool.remove()
    spool.remove()
    spool.append(0, "text", "late")
    assert list(tmp_path.iterdir()) == []
    assert spooled(tmp_path) == []


def test_nobody_else_may_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        spool = Spool.create(tmp_path / "spool", RUN)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    for file in (tmp_path / "spool").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    spool.remove()


def test_a_write_that_fails_is_told_once_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[str] = []
    spool = Spool.create(tmp_path, RUN, lambda run_id, error: failures.append(f"{run_id}: {error}"))
    spool.append(0, "text", "before")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))  # as a full disk does
    spool.append(0, "text", "torn")
    spool.append(0, "text", "torn again")
    monkeypatch.undo()
    spool.append(0, "text", "after")
    assert failures == [f"{RUN}: the record was cut short: no space left"]
    assert spooled(tmp_path) == text("before")
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Spool.create(tmp_path / "file" / "spool", RUN)


def test_a_spool_without_a_file_takes_all() -> None:
    spool = Spool(RUN)
    spool.append(0, "text", "text")
    spool.remove()


def test_parts_are_read_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    parts: list[tuple[PartKind, str]] = [("reasoning", "a"), ("text", "b"), ("reasoning", "c"), ("text", "d")]
    written = RunText()
    for kind, words in parts:
        for piece in written.append(kind, words * 2):
            spool.append(piece.part, kind, piece.text)
    assert spooled(tmp_path) == [(kind, words * 2) for kind, words in parts]
    spool.renew(tmp_path, written)
    assert spooled(tmp_path) == [(kind, words * 2) for kind, words in parts]
    spool.remove()


@pytest.mark.parametrize(
    "record",
    [
        '[5, "text", "a part is missing"]',
        '[1, "hologram", "x"]',
        '["shadow", "x"]',
        "{}",
        "[]",
        "7",
    ],
)
def test_a_record_that_makes_no_sense_ends_the_file(tmp_path: Path, record: str) -> None:
    spool = Spool.create(tmp_path, RUN)
    spool.append(0, "text", "before")
    with (tmp_path / f"{RUN}.spool").open("a") as file:
        file.write(record + "\n")
    spool.append(0, "text", " after")
    assert spooled(tmp_path) == text("before")
    spool.remove()
