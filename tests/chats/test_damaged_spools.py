"""Whatever lies in the spool folder, the server starts, and every chat can be read and written in."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_stream_chat.chats import spool as spool_module
from jupyter_stream_chat.chats.chat_service import ChatService
from jupyter_stream_chat.chats.quarantine import FOLDER_NAME
from jupyter_stream_chat.chats.tree import text_of

from .made import CHAT, answer, chat, question, run

TEXT = "Kept to here. "
PATIENCE = 30.0

ODD_LINES = {
    "nothing": (b"", False),
    "an empty line": (b"\n", True),
    "a torn record": (b'[0,"text","and mo', False),
    "a torn letter": ('[0,"text","caf\u00e9'.encode()[:-1], False),
    "a record without its end of line": (b'[0,"text",""]', False),
    "not UTF-8": (b'[0,"text","\xff\xfe"]\n', True),
    "zeros": (bytes(4096), True),
    "random bytes": (bytes(range(255, 127, -1)) * 3, True),
    "no JSON": (b"hello\n", True),
    "null": (b"null\n", True),
    "a number": (b"7\n", True),
    "an object": (b'{"part":0}\n', True),
    "deep nesting": (b"[" * 100_000 + b"]" * 100_000 + b"\n", True),
    "a negative part": (b'[-1,"text","x"]\n', True),
    "a part far away": (b'[9,"text","x"]\n', True),
    "a huge part": (b"[" + b"9" * 30 + b',"text","x"]\n', True),
    "a huge number": (b"[" + b"9" * 6000 + b',"text","x"]\n', True),
    "a number with a fraction": (b'[0.5,"text","x"]\n', True),
    "nulls": (b"[null,null,null]\n", True),
    "a kind of a newer version": (b'[1,"picture","x"]\n', True),
    "a kind that is no text": (b'[1,["text"],"x"]\n', True),
    "too few fields": (b"[0]\n", True),
    "infinity": (b'[Infinity,"text","x"]\n', True),
}
"""What stands behind the last good record, and whether that is damage: a torn record is none."""


async def leave_unfinished(data_dir: Path) -> Path:
    """Write a run whose server is killed, and return its spool; beside it another chat."""
    chat_service = await ChatService.open(data_dir)
    await chat_service.create_chat("", chat("chat-0009"))
    await chat_service.create_chat("", chat())
    spool = await chat_service.begin_run(question(1), answer(1), run(1))
    assert spool is not None
    spool.append(0, "text", TEXT)
    spool.close()
    await chat_service.close()
    return data_dir / "spool" / f"{run(1).run_id}.spool"


async def check(data_dir: Path, text: str = TEXT) -> list[str]:
    """Start a server: all is readable, and the run has ended. Return the names of what was put aside."""
    async with asyncio.timeout(PATIENCE):
        chat_service = await ChatService.open(data_dir)
        assert chat_service.not_saved is None
        assert {each.chat_id for each in await chat_service.chats("")} == {CHAT, "chat-0009"}
        opened = await chat_service.snapshot(CHAT)
        assert opened.read_only is None
        assert text_of(opened.messages[-1]) == text
        assert opened.messages[-1].runs[0].finish_reason == "lost"
        assert await chat_service.begin_run(question(2, answer(1).message_id), answer(2), run(2))
        aside = os.listdir(data_dir / FOLDER_NAME) if (data_dir / FOLDER_NAME).exists() else []
        told = await chat_service.damaged()
        assert (told is not None and told.code == "records_damaged") == bool(aside)
        await chat_service.close()
    return aside


@pytest.mark.parametrize("line", [b'[-1,"text","x"]\n', b'[1,"text","x"]\n', b'["owner",null]\n', b"[]\n"])
async def test_an_odd_first_line(tmp_path: Path, line: bytes) -> None:
    spool = await leave_unfinished(tmp_path)
    spool.write_bytes(line)
    assert len(await check(tmp_path, "")) == 1


@pytest.mark.parametrize("kind", ODD_LINES)
async def test_an_odd_last_line(tmp_path: Path, kind: str) -> None:
    line, is_damage = ODD_LINES[kind]
    spool = await leave_unfinished(tmp_path)
    with spool.open("ab") as file:
        file.write(line)
    content = spool.read_bytes()
    aside = await check(tmp_path)
    assert [name.split(".")[0] for name in aside] == ([run(1).run_id] if is_damage else [])
    assert [(tmp_path / FOLDER_NAME / name).read_bytes() for name in aside] == [content] * len(aside)
    assert not spool.exists()


async def test_a_damaged_record_in_the_middle_keeps_the_file(tmp_path: Path) -> None:
    spool = await leave_unfinished(tmp_path)
    with spool.open("ab") as file:
        file.write(b'[0,"te\x00t","x"]\n[0,"text","after it"]\n')
    (name,) = await check(tmp_path)
    assert b"after it" in (tmp_path / FOLDER_NAME / name).read_bytes()


@pytest.mark.parametrize("is_one_line", [False, True])
async def test_a_spool_of_a_gigabyte(tmp_path: Path, is_one_line: bool) -> None:
    spool = await leave_unfinished(tmp_path)
    with spool.open("ab") as file:
        if not is_one_line:
            file.write(b'[0,"text","' + b"x" * 1000 + b'"]\n')
        file.write(b'[0,"text","')
    os.truncate(spool, 2**30)  # a hole: it takes no room
    text = TEXT if is_one_line else TEXT + "x" * 1000
    (name,) = await check(tmp_path, text)
    assert (tmp_path / FOLDER_NAME / name).stat().st_size == 2**30


async def test_more_text_than_an_answer_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "READ_CHARACTERS", 100)
    spool = await leave_unfinished(tmp_path)
    with spool.open("ab") as file:
        file.write(b'[0,"text","0123456789"]\n' * 1000)
    assert await check(tmp_path, TEXT + "0123456789" * 9)


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("x")


def a_socket(path: Path) -> None:
    # A socket's address has room for 100 bytes, less than the path of a test.
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(path.parent, os.O_RDONLY)
        unix.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_link_to_an_endless_file(path: Path) -> None:
    path.symlink_to("/dev/zero")


ODD_THINGS: list[Callable[[Path], None]] = [
    a_folder,
    a_socket,
    os.mkfifo,
    a_link_to_itself,
    a_link_to_an_endless_file,
]


@pytest.mark.parametrize("make", ODD_THINGS)
async def test_something_else_has_the_name_of_a_spool(tmp_path: Path, make: Callable[[Path], None]) -> None:
    spool = await leave_unfinished(tmp_path)
    spool.unlink()
    make(spool)
    (name,) = await check(tmp_path, "")
    assert name.startswith(spool.name)


@pytest.mark.parametrize("make", [a_folder, a_socket, os.mkfifo, a_link_to_itself])
async def test_something_else_has_the_name_of_a_lock(tmp_path: Path, make: Callable[[Path], None]) -> None:
    spool = await leave_unfinished(tmp_path)
    spool.with_suffix(".lock").unlink(missing_ok=True)
    make(spool.with_suffix(".lock"))
    assert await check(tmp_path) == []


async def test_the_spool_folder_is_gone_or_a_file(tmp_path: Path) -> None:
    await leave_unfinished(tmp_path / "first")
    shutil.rmtree(tmp_path / "first" / "spool")
    assert await check(tmp_path / "first", "") == []
    await leave_unfinished(tmp_path / "second")
    shutil.rmtree(tmp_path / "second" / "spool")
    (tmp_path / "second" / "spool").write_text("in the way")
    chat_service = await ChatService.open(tmp_path / "second")
    assert (await chat_service.snapshot(CHAT)).read_only is None
    await chat_service.close()


async def test_other_names_are_left_alone(tmp_path: Path) -> None:
    spool = await leave_unfinished(tmp_path)
    names = ["notes.txt", ".spool", "a b.spool", "x" * 200 + ".spool", "caf\u00e9.spool", "run-00009.part"]
    for name in names:
        (spool.parent / name).write_bytes(b"\xff")
    (spool.parent / "run-folder.spool").mkdir()
    os.mkfifo(spool.parent / "run-of-a-pipe.spool")
    (spool.parent / "run-of-a-link.spool").symlink_to("/dev/zero")
    assert await check(tmp_path) == []
    assert all((spool.parent / name).exists() for name in names)
