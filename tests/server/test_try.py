"""*Try* of a profile: what a chat would show of the answer, or the chat's own words why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.wire_server import WireServer, said

from .conftest import Server, StartServer
from .test_server_answers import CASES, IN_ONE_PIECE, NEVER
from .test_wire import CASES as WIRE
from .test_wire import EXPECTED, opened


async def tried(server: Server) -> tuple[int, dict[str, Any]]:
    status, answer = await server.rest("POST", "profiles/try", {"profile_id": "wire"})
    assert isinstance(answer, dict)
    return status, answer


async def test_an_answer_in_one_piece_is_judged_as_in_a_chat(start_server: StartServer) -> None:
    wrong = {}
    async with WireServer({}) as wire:
        server = await opened(start_server, wire)
        for case in (case for case in CASES if case["server"] == IN_ONE_PIECE):
            wire.answer = case["answer"]
            wire.requests.clear()
            status, answer = await tried(server)
            finish, code, text, _ = case["shown"]
            told = answer.get("error") or {}
            shown = str(answer)
            if finish in ("stop", "length"):
                holds = (status, answer.get("text")) == (200, text)
            else:
                holds = status >= 400 and (code or told["code"]) == told["code"]
                holds = holds and all(word in shown for word in case["words"])
            if not holds or any(each in shown for each in NEVER) or len(wire.requests) > 2:
                wrong[case["name"]] = (case["shown"], answer)
    assert wrong == {}


@pytest.mark.parametrize("name", ["error-path", "http-login", "http-204", "http-413", "stream-only"])
async def test_what_a_server_says_instead_of_an_answer(start_server: StartServer, name: str) -> None:
    async with WireServer(WIRE[name]) as wire:
        status, answer = await tried(await opened(start_server, wire))
    (_, code, text, _), words = EXPECTED[name]
    if code is None:
        assert (status, answer["text"]) == (200, text)
    else:
        assert answer["error"]["code"] == code
        assert all(word in str(answer["error"]) for word in words)
        assert not any(each in str(answer) for each in NEVER)


async def test_an_address_without_its_version_is_proposed_with_it(start_server: StartServer) -> None:
    async with WireServer(WIRE["error-path"]) as wire:
        _, answer = await tried(await opened(start_server, wire, base_url=wire.url))
    assert f"{wire.url}/v1" in answer["error"]["hint"]


async def test_a_busy_provider_is_not_waited_for(start_server: StartServer) -> None:
    busy = {"status": "429 Too Many Requests", "headers": ["Retry-After: 40"], "body": {"error": "slow down"}}
    async with WireServer(busy) as wire:
        _, answer = await tried(await opened(start_server, wire))
        assert (answer["error"]["code"], len(wire.requests)) == ("rate_limited", 1)


async def test_a_list_of_models_that_is_a_login_page(start_server: StartServer) -> None:
    async with WireServer({"stream": said("x"), "models": "<html><title>Sign in</title></html>"}) as wire:
        server = await opened(start_server, wire)
        status, answer = await server.rest("POST", "profiles/models", {"profile_id": "wire"})
    assert status >= 400
    assert not any(each in str(answer) for each in NEVER)
