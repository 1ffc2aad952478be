"""The spool: what was appended is there again, whoever dies when."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from filelock import Timeout

from jupyter_stream_chat.chats.spool import Spool, read_spool, spooled_runs

RUN = "run-00001"
PIECES = ["Hello, ", "世界\n", '"quoted" \\ ', "\u2028", "🙂"]


def test_what_is_appended_is_read_while_it_grows(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    spool.append("reasoning", "Hm.")
    for count, piece in enumerate(PIECES, 1):
        spool.append("content", piece)
        assert read_spool(tmp_path, RUN).texts == {"content": "".join(PIECES[:count]), "reasoning": "Hm."}
    assert str(os.getpid()) in read_spool(tmp_path, RUN).owner
    spool.remove()


def test_a_record_torn_at_any_byte_costs_that_record_alone(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    file = tmp_path / f"{RUN}.spool"
    sizes = [file.stat().st_size]
    for piece in PIECES:
        spool.append("content", piece)
        sizes.append(file.stat().st_size)
    spool.close()
    data = file.read_bytes()
    for end in range(len(data) + 1):
        file.write_bytes(data[:end])
        # A record lacks nothing but its line feed when all its bytes but one are there.
        whole = sum(size - 1 <= end for size in sizes[1:])
        assert read_spool(tmp_path, RUN).texts["content"] == "".join(PIECES[:whole])


def test_a_run_has_one_owner(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    assert Spool.recover(tmp_path, RUN) is None
    with pytest.raises(Timeout):
        Spool.create(tmp_path, RUN)
    spool.append("content", "kept")
    spool.close()
    taken = Spool.recover(tmp_path, RUN)
    assert taken is not None
    assert Spool.recover(tmp_path, RUN) is None
    assert read_spool(tmp_path, RUN).texts["content"] == "kept"
    assert spooled_runs(tmp_path) == [RUN]
    taken.remove()


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path, RUN)
    spool.append("content", "text")
    spool.remove()
    spool.remove()
    spool.append("content", "late")
    assert list(tmp_path.iterdir()) == []
    assert read_spool(tmp_path, RUN).texts == {"content": "", "reasoning": ""}


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
    spool.append("content", "before")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))  # as a full disk does
    spool.append("content", "torn")
    spool.append("content", "torn again")
    monkeypatch.undo()
    spool.append("content", "after")
    assert failures == [f"{RUN}: the record was cut short: no space left"]
    assert read_spool(tmp_path, RUN).texts["content"] == "before"
    spool.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Spool.create(tmp_path / "file" / "spool", RUN)


def test_a_spool_without_a_file_takes_all() -> None:
    spool = Spool(RUN)
    spool.append("content", "text")
    spool.remove()
