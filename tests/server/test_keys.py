"""One search for every key: it is in its own file and in requests to its provider, and nowhere else."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, StartServer, scripted_profile

WRONG = "sk-wrong-11112222333344445555"
FROM_ENVIRONMENT = "sk-environment-666677778888"
TYPED_IN = "sk-typed-in-99990000aaaabbbb"
SECRETS = (KEY, WRONG, FROM_ENVIRONMENT, TYPED_IN)


def found_in(text: str) -> list[str]:
    """Return the keys, or large parts of them, that a text holds."""
    return [secret for secret in SECRETS if secret in text or secret[3:15] in text]


async def test_keys_reach_neither_page_nor_log_nor_store_nor_error(
    start_server: StartServer,
    provider: ScriptedProvider,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SCRIPTED_API_KEY", FROM_ENVIRONMENT)
    profiles: list[dict[str, Any]] = [
        scripted_profile(provider),
        scripted_profile(provider, id="wrong", api_key=WRONG),
        scripted_profile(provider, id="environment", api_key=None, api_key_env="SCRIPTED_API_KEY"),
    ]
    server = await start_server(profiles=profiles, data_dir=str(tmp_path / "chats"))
    told: list[str] = []
    typed = scripted_profile(provider, id="typed", api_key=TYPED_IN)
    for method, path, body in [
        ("POST", "profiles", typed),
        ("POST", "profiles/check", typed),
        ("POST", "profiles/models", typed),
        ("POST", "profiles/try", typed),
        ("POST", "doctor", {"values": typed}),
        ("POST", "doctor", {"profile_id": "wrong"}),
    ]:
        response = await server.fetch(method, path, body)
        told.append(response.body.decode())
        assert response.code < 500, (path, response.body)
    reasons = {}
    async with server.page() as page:
        # The provider repeats the key that it refuses.
        for profile_id in ("scripted", "wrong", "environment", "typed"):
            chat_id = await page.new_chat(profile_id=profile_id)
            run = await page.finished(await page.ask(chat_id, "tokens=3"))
            reasons[profile_id] = run["finish_reason"]
            again = await page.ask(chat_id, "hang=2", parent_id=run["message_id"])
            if profile_id == "scripted":
                await page.until_text(again, 6)
            await page.command("interrupt_run", run_id=again)
            await page.finished(again)
        told.append(json.dumps(page.events))
    assert reasons == {"scripted": "stop", "wrong": "error", "environment": "error", "typed": "error"}
    for path in ("profiles", "chats", "deployments", f"chats/{chat_id}/messages"):
        told.append((await server.fetch("GET", path)).body.decode())
    assert [found_in(text) for text in told] == [[]] * len(told)

    logged = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
    # traitlets logs the whole configuration at DEBUG, with what an administrator has written there.
    logged = [line for line in logged if not line.startswith("Config changed: ")]
    assert any("Run run-" in line for line in logged)
    assert [line for line in logged if found_in(line)] == []
    files = stored(tmp_path)
    assert any(name.endswith("chats.sqlite3") for name in files)
    holding = {name: found_in(text) for name, (text, _) in files.items() if found_in(text)}
    assert list(holding.values()) == [[TYPED_IN]], "its own file, and that alone"
    assert [stat.S_IMODE(files[name][1]) for name in holding] == [0o600]


def stored(folder: Path) -> dict[str, tuple[str, int]]:
    """Return text and mode of every file below a folder."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file): (file.read_bytes().decode("latin-1"), file.stat().st_mode) for file in files}
