"""``%chat`` in a real IPython terminal, with a server beside it and without one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .servers import PATIENCE, Jupyter, environment, question_of, wait_for

pexpect = pytest.importorskip("pexpect", reason="there is no pseudo-terminal on Windows")

PROMPT = r"In \[\d+\]: "


@pytest.fixture
def terminal(server: Jupyter) -> Iterator[Any]:
    """Return a terminal of the server's user, with the magic loaded."""
    yield from ipython(server.environ)


def ipython(environ: dict[str, str]) -> Iterator[Any]:
    """Run IPython in a pseudo-terminal."""
    arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"]
    child = pexpect.spawn(
        sys.executable,
        arguments,
        env=environ,
        timeout=PATIENCE,
        encoding="utf-8",
        dimensions=(50, 200),
        # Tests that run in the background ignore Ctrl-C, and what they start would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    child.expect(PROMPT)
    child.sendline("%load_ext jupyter_stream_chat")
    child.expect(PROMPT)
    yield child
    child.close(force=True)


def test_text_is_flushed_as_it_comes(terminal: Any, server: Jupyter) -> None:
    terminal.sendline("%chat tokens=6 hang=3 flushed?")
    # The provider sends no more, and the line has no end: only what is flushed can be here.
    terminal.expect("t0 t1 t2 ")
    terminal.sendintr()
    terminal.expect(r"\[stopped\]")
    terminal.expect(PROMPT)
    wait_for(lambda: server.request("flushed?")["disconnected"])
    terminal.sendline("%chat tokens=4 after it")
    terminal.expect("t0 t1 t2 t3 ")
    terminal.expect(r"Out\[\d+\]: <Answer: 12 characters, 4 tokens")


def test_a_failure_is_one_line(terminal: Any) -> None:
    terminal.sendline("%chat -p nobody hello")
    terminal.expect("There is no profile nobody. Choose another profile.")
    assert "Traceback" not in terminal.before
    terminal.expect(PROMPT)
    assert "Traceback" not in terminal.before


def test_the_answer_is_bound(terminal: Any) -> None:
    terminal.sendline("%chat -q -v answer tokens=2")
    terminal.expect(PROMPT)
    terminal.sendline("print(answer.text, answer.finish_reason)")
    terminal.expect("t0 t1  stop")


def test_without_a_server_the_hint_is_said_and_local_answers(tmp_path: Path, provider: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_server_config.py").write_text(
        "c = get_config()\n"
        f"c.StreamChat.data_dir = {str(tmp_path / 'chats')!r}\n"
        "c.StreamChat.profiles = [{'id': 'scripted', 'provider': 'openai-compatible', 'model': 'scripted', "
        f"'base_url': '{provider}/v1', 'api_key': 'not-a-secret'}}]\n"
    )
    terminals = ipython(environment(tmp_path))
    terminal = next(terminals)
    terminal.sendline("%chat tokens=3 hello")
    terminal.expect("No Jupyter server of yours was found.*--local")
    terminal.expect(PROMPT)
    terminal.sendline("%chat --local tokens=3 in process")
    terminal.expect("t0 t1 t2 ")
    terminal.expect("3 tokens")
    terminal.expect(PROMPT)
    terminal.sendline("%chat --local tokens=6 hang=2 stop in process")
    terminal.expect("t0 t1 ")
    terminal.sendintr()
    terminal.expect(r"\[stopped\]")
    terminal.expect(PROMPT)
    terminal.sendline("%chat --local history")
    terminal.expect("You: tokens=3 in process")
    terminal.expect(PROMPT)
    next(terminals, None)
    # The panel of a later server lists them: they are in the store.
    assert list((tmp_path / "chats").iterdir())


def test_a_question_mark_in_the_terminal(terminal: Any, server: Jupyter) -> None:
    terminal.sendline("%chat tokens=2 what is this?")
    terminal.expect("t0 t1 ")
    assert question_of(server.requests()[-1]) == "tokens=2 what is this?"
