"""The doctor over REST: one line for each step, as it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from yarl import URL

from jupyter_stream_chat.server.api.profiles import MAX_TRIALS
from tests.scripted_provider import ScriptedProvider

from .conftest import KEY, Server, scripted_profile
from .page import PATIENCE


class Reader:
    """A client that reads lines as they come. ``leave`` closes its connection."""

    def __init__(self, server: Server, body: dict[str, Any]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.headers: Mapping[str, str] = {}
        self._url = URL(server.url("api/doctor"), encoded=True)
        self._token, self._body = server.token, body
        self._broadcast = asyncio.Event()
        self.reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        headers = {"Authorization": f"token {self._token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(self._url, json=self._body) as response,
        ):
            assert response.status == 200
            self.headers = response.headers
            async for line in response.content:
                self.lines.append(json.loads(line))
                self._broadcast.set()

    async def leave(self) -> None:
        """Close the connection."""
        self.reading.cancel()
        await asyncio.wait({self.reading})

    async def until(self, name: str) -> dict[str, Any]:
        """Return the line of a step once it is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.lines:
                    if line["name"] == name:
                        return line
                self._broadcast.clear()
                await self._broadcast.wait()


async def test_each_step_is_sent_when_it_ends(server: Server, provider: ScriptedProvider) -> None:
    values = scripted_profile(provider, model="tokens=3,hang=3", api_key=KEY)
    reader = Reader(server, {"values": values})
    assert (await reader.until("key_accepted"))["outcome"] == "pass"
    assert not reader.reading.done(), "the calls that hang are still to come"
    await reader.leave()


async def test_a_profile_of_the_server_is_examined_by_its_id(server: Server) -> None:
    reader = Reader(server, {"profile_id": "scripted"})
    await reader.reading
    assert reader.headers["X-Accel-Buffering"] == "no"
    assert {line["outcome"] for line in reader.lines} == {"pass"}, reader.lines
    assert reader.lines[-1]["name"] == "tracing"
    assert KEY not in json.dumps(reader.lines)


async def test_values_need_not_be_saved_nor_be_right(server: Server) -> None:
    reader = Reader(server, {"values": {"provider": "azure", "azure_endpoint": "http://127.0.0.1:9"}})
    await reader.reading
    assert reader.lines[0]["outcome"] == "fail"
    assert reader.lines[0]["field"] == "azure_deployment"


async def test_values_may_not_name_any_variable_of_the_server(
    server: Server, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "of-the-environment")
    values = scripted_profile(provider, api_key=None, api_key_env="SOME_SECRET")
    reader = Reader(server, {"values": values})
    await reader.reading
    key = await reader.until("key")
    assert (key["outcome"], key["field"]) == ("fail", "api_key_env")
    assert (key["code"], key["error_code"]) == ("refused", "profile_unusable")
    assert not provider.requests


async def test_who_leaves_ends_the_call_under_way(server: Server, provider: ScriptedProvider) -> None:
    reader = Reader(server, {"values": scripted_profile(provider, model="hang=before-headers")})
    request = await provider.request()
    await reader.leave()
    async with asyncio.timeout(PATIENCE):
        await request.gone.wait()
    assert request.disconnected


async def test_so_many_examinations_at_once_and_no_more(server: Server, provider: ScriptedProvider) -> None:
    values = scripted_profile(provider, model="hang=before-headers")
    readers = [Reader(server, {"values": values}) for _ in range(MAX_TRIALS)]
    await provider.request(MAX_TRIALS - 1)
    for path, body in (("doctor", {"values": values}), ("profiles/try", values)):
        status, refused = await server.rest("POST", path, body)
        assert (status, refused["error"]["code"]) == (429, "too_many_trials")
    await readers.pop().leave()
    trials = (await server.extension.services()).trials
    async with asyncio.timeout(PATIENCE):
        while trials.running("") == MAX_TRIALS:  # noqa: ASYNC110 - nobody tells when an examination ends
            await asyncio.sleep(0.01)
    whole = Reader(server, {"profile_id": "scripted"})
    await whole.reading
    assert {line["outcome"] for line in whole.lines} == {"pass"}
    for reader in readers:
        await reader.leave()


async def test_an_empty_order_and_an_unknown_profile(server: Server) -> None:
    status, refusal = await server.rest("POST", "doctor", {})
    assert (status, refusal["error"]["field"]) == (400, "profile_id")
    reader = Reader(server, {"profile_id": "nobody"})
    await reader.reading
    assert reader.lines[0]["outcome"] == "fail"
    assert "nobody" in reader.lines[0]["message"]
