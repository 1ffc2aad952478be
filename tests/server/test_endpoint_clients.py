"""The endpoint asked by the programs of docs/endpoint.md, exactly as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import StartServer, scripted_profile
from .page import PATIENCE

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "endpoint.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ANSWER = "".join(f"t{n} " for n in range(20))


@dataclass(frozen=True)
class Client:
    """A program of the page: the language and number of its block, the file to write, how to run it."""

    language: str
    number: int
    file: str
    command: tuple[str, ...]
    install: str
    """What to do where the command is missing."""

    @property
    def text(self) -> str:
        """The program."""
        return [text for language, text in BLOCKS if language == self.language][self.number]


CLIENTS = {
    "openai": Client("python", 0, "client.py", (sys.executable,), "make install"),
    "langchain": Client("python", 1, "client.py", (sys.executable,), "make install"),
    "fetch": Client("js", 0, "client.mjs", ("node",), "install Node.js 20 or newer"),
    "openai-node": Client("js", 1, "client.mjs", ("node",), "install Node.js 20 or newer"),
    "java": Client("java", 0, "Client.java", ("java",), "sudo apt-get install default-jdk-headless"),
    "curl": Client("sh", 1, "client.sh", ("bash",), "sudo apt-get install curl"),
}


def is_there(name: str) -> bool:
    """Tell whether a client can be run here; warn where it cannot."""
    needed = "curl" if name == "curl" else CLIENTS[name].command[0]
    if shutil.which(needed) is not None:
        return True
    warnings.warn(f"{needed} is missing: {CLIENTS[name].install} to test the endpoint by it", stacklevel=1)
    return False


def test_every_program_of_the_page_is_run() -> None:
    settings = [("sh", 0)]
    listed = [(client.language, client.number) for client in CLIENTS.values()]
    found = [
        (language, [each for each, _ in BLOCKS[:at]].count(language))
        for at, (language, _) in enumerate(BLOCKS)
    ]
    assert sorted(found) == sorted(settings + listed)


@pytest.mark.parametrize("name", [name for name in CLIENTS if is_there(name)])
async def test_a_program_prints_the_answer(
    start_server: StartServer, provider: ScriptedProvider, tmp_path: Path, name: str
) -> None:
    server = await start_server(profiles=[scripted_profile(provider, id="guide")])
    client = CLIENTS[name]
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    (tmp_path / client.file).write_text(client.text)
    process = await asyncio.create_subprocess_exec(
        *client.command,
        client.file,
        cwd=tmp_path,
        env={**os.environ, "OPENAI_BASE_URL": server.url("v1"), "OPENAI_API_KEY": server.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        printed, errors = (each.decode() for each in await process.communicate())
    assert process.returncode == 0, errors
    if name == "curl":  # shows the stream as it is
        assert printed.rstrip().endswith("data: [DONE]")
        printed = "".join(re.findall(r'"content":"(t[^"]*)"', printed))
    assert printed == ANSWER, errors
