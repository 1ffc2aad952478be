"""One search for every key: it is in its own file and in requests to its provider, and nowhere else."""

from __future__ import annotations

import base64
import html
import json
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.providers.wire_server import WireServer, chunk
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, StartServer, scripted_profile
from .page import question

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


ODD = {
    "quotes": "q7\"u'0\"t3s'-7f3a9c51",
    "backslashes": "b4\\c\\\\k5\\n51\\u00e9-0d2e",
    "percent": "p4%s%2Fw+r=&{0}~x9!$-1a",
}
"""Keys that can be sent, and that a text spells otherwise than they are."""
REFUSED_AT_ONCE = {
    "non-ASCII": "schl\u00fcssel-\u00c4\u00d6-4711-9f",
    "control": "k3y\x07wi\x1bth-7f3a\n9c51",
}
"""Keys that no header can hold."""


def spellings(key: str) -> list[str]:
    """Return a key as servers and programs write it down."""
    encoded = key.encode()
    return [
        key,
        repr(key),
        repr(encoded),
        json.dumps(key),
        json.dumps(json.dumps(key)),
        quote(key, safe=""),
        base64.b64encode(encoded).decode(),
        f"{key[:5]}****{key[-4:]}",
        f"...{key[-5:]}",
    ]


def parts_in(text: str, key: str) -> list[str]:
    """Return the parts of a key, six code points at least, that a text holds in any spelling."""
    ways: tuple[Callable[[str], str], ...] = (
        str,
        lambda part: repr(part)[1:-1],
        lambda part: json.dumps(part)[1:-1],
        lambda part: json.dumps(json.dumps(part)[1:-1])[1:-1],
        lambda part: quote(part, safe=""),
    )
    parts = (key[at : at + 6] for at in range(len(key) - 5))
    return [part for part in parts if not part.isalpha() and any(way(part) in text for way in ways)]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the log. At DEBUG httpcore logs what a server sent, traitlets the configuration."""
    records = (record for record in caplog.records if not record.name.startswith("httpcore"))
    lines = (record.getMessage() + str(record.exc_text or "") for record in records)
    return [line for line in lines if not line.startswith("Config changed: ")]


def answers_with(key: str) -> list[dict[str, Any]]:
    """Return answers of a server that repeats the key in all places where words can be."""
    said = " and ".join(spellings(key))
    refused = {"status": "401 Unauthorized", "body": {"error": {"message": f"no: {said}", "code": key}}}
    page = f"<html><title>{html.escape(said)}</title><body>{said}</body></html>"
    return [
        refused,
        {"status": "400 Bad Request", "body": f"not JSON: {said}"},
        {"status": "403 Forbidden", "type": "text/html", "body": page},
        {"status": "200 OK", "body": {"detail": [{"msg": said, "input": {"authorization": key}}]}},
        {"stream": [chunk({"content": "x"}), f"data: {json.dumps({'error': said})}\n\n"]},
        {"stream": [chunk({"content": "x"}), chunk({}, f"failed: {said}")]},
        {"stream": ["data: " + said.replace("\n", " ") + "\n\n"]},
        {"status": "307 Temporary Redirect", "location": f"http://127.0.0.1:1/{quote(key, safe='')}"},
    ]


@pytest.mark.parametrize("kind", ODD)
async def test_no_part_of_an_odd_key_is_shown(
    start_server: StartServer, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = ODD[kind]
    told: list[str] = []
    async with WireServer({}) as wire:
        address = f"{wire.url}/v1"
        profile = {
            "id": "wire",
            "provider": "openai-compatible",
            "model": "m",
            "base_url": address,
            "api_key": key,
        }
        server = await start_server(profiles=[profile])
        async with server.page() as page:
            for answer in answers_with(key):
                wire.answer = answer
                await page.finished(await page.ask(await page.new_chat(), "hello"))
                response = await server.fetch("POST", "profiles/try", {"profile_id": "wire"})
                told.append(response.body.decode())
            assert all(f"bearer {key}" in head.replace("Bearer", "bearer") for head in wire.heads)
            response = await server.fetch("POST", "doctor", {"profile_id": "wire"})
            told += [
                response.body.decode(),
                *(json.dumps(page.events, ensure_ascii=a) for a in (True, False)),
            ]
    told += logged(caplog)
    assert [(text[:300], parts) for text in told if (parts := parts_in(text, key))] == []


@pytest.mark.parametrize("kind", REFUSED_AT_ONCE)
async def test_no_part_of_a_key_that_cannot_be_sent_is_shown(
    start_server: StartServer, kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    key = REFUSED_AT_ONCE[kind]
    monkeypatch.setenv("ODD_API_KEY", key)
    common = {"provider": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    server = await start_server(
        profiles=[
            {"id": "typed", **common, "api_key": key},
            {"id": "named", **common, "api_key_env": "ODD_API_KEY"},
        ]
    )
    told: list[str] = []
    for method, path, body in [
        ("GET", "profiles", None),
        ("POST", "profiles", {"id": "mine", **common, "api_key": key}),
        ("POST", "profiles/check", {"id": "mine", **common, "api_key": key}),
        ("POST", "profiles/try", {"id": "mine", **common, "api_key": key}),
        ("POST", "profiles/try", {"profile_id": "named"}),
        ("POST", "doctor", {"profile_id": "typed"}),
        ("POST", "doctor", {"profile_id": "named"}),
        ("POST", "doctor", {"values": {**common, "api_key": key}}),
    ]:
        response = await server.fetch(method, path, body)
        assert response.code < 500
        told.append(response.body.decode())
    assert "ODD_API_KEY" in told[6]
    async with server.page() as page:
        for profile_id in ("typed", "named"):
            fields = question(await page.new_chat(profile_id=profile_id), "hello")
            await page.command("send_message", **fields)
        told.append(json.dumps(page.events))
    told += logged(caplog)
    assert [(text[:300], parts) for text in told if (parts := parts_in(text, key))] == []
