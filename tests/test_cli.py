"""The doctor as a command: a process of its own, with Jupyter's configuration in files."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from jupyter_stream_chat.chats.chat_store import ChatStore
from jupyter_stream_chat.protocol import DoctorStep
from jupyter_stream_chat.providers.profiles.keyfile import KeptKey, KeyFile
from jupyter_stream_chat.providers.profiles.profile import Profile, parse_profile
from tests.providers.conftest import KEY, profile_values
from tests.scripted_provider import ScriptedProvider

COMMAND = Path(sys.executable).parent / "jupyter"


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    async with ScriptedProvider(key=KEY) as server:
        yield server


class Terminal:
    """Runs the command for a user whose Jupyter folders are the test's."""

    def __init__(self, home: Path) -> None:
        self.data = home / "data" / "stream-chat"
        self._config = home / "config"
        self._config.mkdir()
        self._environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(self._config),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "COLUMNS": "100",
        }

    def configure(self, file: str = "jupyter_server_config.json", **settings: Any) -> None:
        """Write a configuration file of Jupyter's."""
        (self._config / file).write_text(json.dumps({"StreamChat": settings}))

    async def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Return status, output and what was said on the side."""
        command = await asyncio.create_subprocess_exec(
            COMMAND,
            "stream-chat",
            "doctor",
            *arguments,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await command.communicate()
        assert command.returncode is not None
        return command.returncode, output.decode(), errors.decode()


@pytest.fixture
def doctor(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


async def test_a_table_for_people(doctor: Terminal, provider: ScriptedProvider) -> None:
    doctor.configure(profiles=[profile_values("azure", provider)])
    status, output, _ = await doctor("azure")
    assert status == 0, output
    assert output.startswith("Profile azure\n")
    assert output.count("ok  ") == 14
    assert "Connection and TLS" in output
    assert " ms\n" in output
    assert KEY not in output


async def test_lines_for_programs_and_a_status_for_scripts(
    doctor: Terminal, provider: ScriptedProvider
) -> None:
    values = profile_values("openai", provider, api_key="sk-wrong-0123456789")
    doctor.configure("jupyter_lab_config.json", profiles=[values])
    status, output, _ = await doctor("openai", "--json")
    assert status == 1
    steps = {
        step.name: step for line in output.splitlines() if (step := DoctorStep.model_validate_json(line))
    }
    assert steps["key_accepted"].outcome == "fail"
    assert steps["key_accepted"].field == "api_key"
    assert steps["connection"].outcome == "pass"
    assert "sk-wrong" not in output


async def test_the_cure_names_the_field(doctor: Terminal, provider: ScriptedProvider) -> None:
    doctor.configure(profiles=[profile_values("azure", provider, api_version="soon")])
    status, output, _ = await doctor("azure")
    assert status == 1
    assert "FAIL    Configuration" in output
    assert "-> api_version: Give it as Azure writes it" in output
    assert "skip    Stop" in output


async def test_the_default_profile_and_one_that_is_not_there(
    doctor: Terminal, provider: ScriptedProvider
) -> None:
    values = [profile_values(shape, provider) for shape in ("openai", "azure")]
    doctor.configure(profiles=values, default_profile="azure")
    assert (await doctor())[1].startswith("Profile azure\n")
    status, _, errors = await doctor("nobody")
    assert status == 2
    assert "There is no profile nobody. There are: openai, azure, guide." in errors
    assert not doctor.data.exists(), "a look makes no store"


async def test_a_profile_of_the_store_with_its_kept_key(doctor: Terminal, provider: ScriptedProvider) -> None:
    values = profile_values("openai-compatible", provider, id="mine", api_key=None)
    profile = parse_profile(values, origin="stored")
    assert isinstance(profile, Profile)
    store = ChatStore(doctor.data)
    store.owners.save_profile("mine", {name: value for name, value in values.items() if value is not None})
    store.close()
    KeyFile(doctor.data).keep("mine", KeptKey(SecretStr(KEY), profile.destination))
    status, output, _ = await doctor("mine")
    assert status == 0, output
    assert provider.requests[-1].headers["authorization"] == f"Bearer {KEY}"


async def test_a_time_limit_of_ones_own(doctor: Terminal, provider: ScriptedProvider) -> None:
    doctor.configure(profiles=[profile_values("openai", provider, model="hang=before-headers")])
    status, output, _ = await doctor("openai", "--timeout=0.5")
    assert status == 1
    assert "It did not finish within 0.5 s." in output
