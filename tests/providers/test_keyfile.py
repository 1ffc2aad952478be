"""The file of typed-in keys: nobody else reads it, servers share it; what is broken is not overwritten."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from jupyter_stream_chat.providers.profiles.keyfile import FILE_NAME, KeptKey, KeyFile


def key(text: str) -> KeptKey:
    return KeptKey(SecretStr(text), "https://host.example")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_kept_is_there_again_and_gone_when_it_is_dropped(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "data")
    assert file.read() == {}
    file.drop("one")
    file.keep("one", key("first"))
    file.keep("two", key("second"))
    file.keep("one", key("third"))
    assert KeyFile(tmp_path / "data").read() == {"one": key("third"), "two": key("second")}
    file.drop("two")
    assert file.read() == {"one": key("third")}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "data")
    file.keep("one", key("secret"))
    assert mode(tmp_path / "data") == 0o700
    assert {path.name for path in (tmp_path / "data").iterdir()} <= {FILE_NAME, f"{FILE_NAME}.lock"}
    assert all(mode(path) == 0o600 for path in (tmp_path / "data").iterdir())
    (tmp_path / "data" / FILE_NAME).chmod(0o644)
    file.read()
    assert mode(tmp_path / "data" / FILE_NAME) == 0o600, "as it was after a careless copy"


def test_two_servers_lose_none_of_each_others_keys(tmp_path: Path) -> None:
    files = [KeyFile(tmp_path), KeyFile(tmp_path)]
    jobs: list[Future[None]] = []
    with ThreadPoolExecutor(4) as threads:
        for number in range(20):
            jobs.append(threads.submit(files[number % 2].keep, f"profile-{number}", key(f"key-{number}")))
    assert [job.exception() for job in jobs] == [None] * len(jobs)
    assert len(files[0].read()) == len(jobs)


@pytest.mark.parametrize(
    "content", ["not json: secret", '["secret"]', '{"one": {"key": "secret"}}', '{"one": "secret"}']
)
def test_a_file_that_cannot_be_read_is_put_aside_and_not_quoted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / FILE_NAME).write_text(content)
    file = KeyFile(tmp_path)
    assert file.read() == {}
    assert FILE_NAME in caplog.text
    assert "secret" not in caplog.text
    file.keep("two", key("new"))
    assert file.read() == {"two": key("new")}
    assert content in [path.read_text() for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    "entry", ["null", "7", '{"key": "secret"}', '{"key": null, "destination": ""}', "[[]]"]
)
def test_an_entry_that_cannot_be_read_takes_no_other_key_along(tmp_path: Path, entry: str) -> None:
    file = KeyFile(tmp_path)
    file.keep("one", key("first"))
    content = (tmp_path / FILE_NAME).read_text()
    damaged = content.removesuffix("}") + f', "bad": {entry}}}'
    (tmp_path / FILE_NAME).write_text(damaged)
    assert file.read() == {"one": key("first")}
    file.keep("two", key("new"))
    assert file.read() == {"one": key("first"), "two": key("new")}
    unreadable = (tmp_path / FILE_NAME).with_suffix(".unreadable")
    assert unreadable.read_text() == damaged
    assert mode(unreadable) == 0o600


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    assert KeyFile(tmp_path).read() == {}


def test_a_write_that_fails_leaves_the_old_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = KeyFile(tmp_path)
    file.keep("one", key("first"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jupyter_stream_chat.providers.profiles.keyfile.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.keep("one", key("second"))
    assert file.read() == {"one": key("first")}
    assert not any("second" in path.read_text() for path in tmp_path.iterdir())


def test_keys_are_written_again_where_their_folder_was_deleted(tmp_path: Path) -> None:
    key = KeptKey(SecretStr("secret"), "https://one.example")
    keys = KeyFile(tmp_path / "data")
    keys.keep("one", key)
    keys.keep("two", key)
    keys.drop("two")
    shutil.rmtree(tmp_path / "data")
    keys.restore()
    assert set(KeyFile(tmp_path / "data").read()) == {"one"}
    KeyFile(tmp_path / "data").keep("of another server", key)
    keys.restore()
    assert set(KeyFile(tmp_path / "data").read()) == {"one", "of another server"}
