"""What a deployment needs is learned once, listed by the doctor, and forgotten when the reader says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.providers.wire_server import WireServer, chunk, said

from .conftest import Server, StartServer
from .test_wire import asked, kept, opened

REASONED = [chunk({"reasoning_content": "Hm."}), *said("one", " two")]
OPENED = [
    *(chunk({"content": text}) for text in ("Let me", " see.", "\n</thi", "nk>\n\nIt is 4.")),
    *said(""),
]


def refused(message: str) -> dict[str, Any]:
    """Return a server's refusal of a request."""
    return {"status": "400 Bad Request", "body": {"error": {"message": message, "code": 400}}}


async def remembered(server: Server) -> list[str]:
    """Return what is remembered of all deployments."""
    _, answer = await server.rest("GET", "deployments")
    return [each["limitation"] for each in answer["deployments"]]


@pytest.mark.parametrize(
    "words",
    [
        "The reasoning_content in the thinking mode must be passed back to the API.",
        "thinking is enabled but reasoning_content is missing in assistant message at index 1",
        "Missing `reasoning_content` field in the assistant message at message index 1",
        "messages[1]: field 'reasoning_content' is required when thinking is enabled",
    ],
)
async def test_reasoning_is_sent_back_once_a_server_asks_for_it(
    start_server: StartServer, words: str
) -> None:
    async with WireServer({"stream": REASONED}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            _, first = await asked(page, chat_id, "first")
            wire.answer = refused(words)
            wire.answer["then"] = {"stream": REASONED}
            wire.requests.clear()
            run, second = await asked(page, chat_id, "second", first["answer_id"])
            assert await kept(server, chat_id, second["answer_id"]) == ("one two", "Hm.")
            assert [len(request["messages"]) for request in wire.requests] == [3, 3]
            run, _ = await asked(page, chat_id, "third", second["answer_id"])
        assert await remembered(server) == ["wants_reasoning"]
    assert (run["finish_reason"], run.get("notice")) == ("stop", None)
    sent = [request["messages"][1].get("reasoning_content") for request in wire.requests]
    assert sent == [None, "Hm.", "Hm."]


async def test_a_refusal_of_reasoning_asks_for_none(start_server: StartServer) -> None:
    async with WireServer(refused("reasoning_content must not be in the messages")) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "first")
        assert await remembered(server) == []
    assert (run["error"]["code"], len(wire.requests)) == ("provider_error", 1)


async def test_from_the_second_answer_on_an_opened_reasoning_streams_as_such(
    start_server: StartServer,
) -> None:
    async with WireServer({"stream": OPENED}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            for text, kinds in (("first", {"text"}), ("second", {"reasoning", "text"})):
                run, fields = await asked(page, chat_id, text)
                assert await kept(server, chat_id, fields["answer_id"]) == ("It is 4.", "Let me see.")
                assert run["finish_reason"] == "stop"
                deltas = [each for each in page.of_type("delta") if each["run_id"] == fields["run_id"]]
                streamed = {each["kind"] for each in deltas if "kind" in each}
                assert streamed == kinds
        assert await remembered(server) == ["opens_reasoning"]


async def test_an_answer_without_reasoning_is_text_and_ends_the_expectation(
    start_server: StartServer,
) -> None:
    async with WireServer({"stream": OPENED}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            await asked(page, chat_id, "first")
            wire.answer = {"stream": said("one", " two")}
            run, fields = await asked(page, chat_id, "second")
            assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "")
            assert (run["finish_reason"], run.get("error")) == ("stop", None)
        assert await remembered(server) == []


async def test_a_server_that_tells_reasoning_apart_by_now(start_server: StartServer) -> None:
    async with WireServer({"stream": OPENED}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            await asked(page, chat_id, "first")
            wire.answer = {"stream": REASONED}
            _, fields = await asked(page, chat_id, "second")
            assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "Hm.")


async def test_the_doctor_lists_what_is_remembered_and_it_is_forgotten(start_server: StartServer) -> None:
    async with WireServer({"stream": OPENED}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            await asked(page, await page.new_chat(), "first")
        wire.answer = {"stream": said("one")}
        found = await doctor(server)
        assert (found["code"], found["values"]) == ("remembered", {"findings": "opens_reasoning"})
        status, answer = await server.rest("POST", "deployments/forget", {"profile_id": "wire"})
        assert (status, answer["step"]["code"]) == (200, "nothing_remembered")
        assert (await doctor(server))["code"] == "nothing_remembered"
        assert await remembered(server) == []


async def doctor(server: Server) -> dict[str, Any]:
    """Return the doctor's row of what is remembered."""
    response = await server.fetch("POST", "doctor", {"profile_id": "wire"})
    rows = [json.loads(line) for line in response.body.splitlines()]
    return next(row for row in rows if row["name"] == "remembered")
