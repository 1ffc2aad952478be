"""What an answer costs: as its provider says, or by the price in its profile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider

from .conftest import Server, StartServer, scripted_profile
from .page import question


async def run_of(server: Server, words: str, **more: Any) -> dict[str, Any]:
    """Ask; return the run as the page is told of its end, once the store tells the same."""
    async with server.page() as page:
        chat_id = await page.new_chat()
        fields = question(chat_id, words) | more
        assert (await page.command("send_message", **fields))["type"] == "command_accepted"
        await page.finished(fields["run_id"])
        told: dict[str, Any] = page.of_type("run_finished")[-1]["run"]
        _, chat = await server.rest("GET", f"chats/{chat_id}")
        (stored,) = chat["messages"][-1]["runs"]
        assert (stored.get("price"), stored["usage"]) == (told.get("price"), told["usage"])
        return told


async def test_a_run_keeps_the_price_of_its_profile(
    start_server: StartServer, provider: ScriptedProvider
) -> None:
    price = {"input": 2.5, "output": 10.0, "currency": "EUR"}
    server = await start_server(profiles=[scripted_profile(provider, price=price)])
    run = await run_of(server, "tokens=3 usage=always")
    assert run["price"] == price
    assert run["usage"].get("cost") is None


@pytest.mark.parametrize("streaming", ["on", "off"])
async def test_a_run_has_the_cost_that_the_provider_says(server: Server, streaming: str) -> None:
    run = await run_of(server, "tokens=3 usage=always cost=0.0012", streaming=streaming)
    assert run["usage"]["cost"] == 0.0012
    assert run.get("price") is None


async def test_an_answer_that_costs_nothing_says_so(server: Server) -> None:
    assert (await run_of(server, "tokens=3 usage=always cost=0.0"))["usage"]["cost"] == 0
