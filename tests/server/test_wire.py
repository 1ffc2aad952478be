"""Whatever a provider sends, the reader is told the truth: by a page, a Jupyter server and a socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.providers.wire_server import WireServer, chunk, said

from .conftest import StartServer
from .page import question

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case["answer"]
    for case in json.loads((Path(__file__).parent.parent / "providers" / "wire_cases.json").read_text())
}

Shown = tuple[str | None, str | None, str, str]
"""Finish reason, code of the error, text, reasoning."""

STOP = ("stop", None)
ERROR = "error"
EXPECTED: dict[str, tuple[Shown, tuple[str, ...]]] = {
    # name: what is shown, and words of the error or its details
    "think-tags": ((*STOP, "The answer is 4.", "Let me **see**\n\n1. a"), ()),
    "think-closed": ((*STOP, "4", "First, 2+2..."), ()),
    "sse-retry": ((*STOP, "one two", ""), ()),
    "sse-id-ping": ((*STOP, "one two", ""), ()),
    "sse-bare-event": ((*STOP, "one two", ""), ()),
    "sse-bom": ((*STOP, "one two", ""), ()),
    "error-event-half": (
        (ERROR, "provider_error", "Half an ans", ""),
        ("asked for 21 log probabilities, at most 20 are allowed",),
    ),
    "error-flat": (
        (ERROR, "provider_error", "", ""),
        ("asked for 21 log probabilities, at most 20 are allowed",),
    ),
    "error-field": (
        (ERROR, "context_too_long", "", ""),
        ("longer than the available context size",),
    ),
    "error-path": ((ERROR, "wrong_path", "", ""), ("No such endpoint", "/v1")),
    "error-bare-half": (
        (ERROR, "provider_error", "Half an ans", ""),
        ("19185 tokens do not fit into 16384",),
    ),
    "finish-error": ((ERROR, "ended_early", "Half", ""), ("network_error",)),
    "finish-insufficient": ((ERROR, "ended_early", "Half", ""), ("insufficient_system_resource",)),
    "finish-native-empty": ((ERROR, "ended_early", "", ""), ("network_error",)),
    "finish-blank-cut": ((ERROR, "stream_cut", "one two three", ""), ()),
    "list-content": ((*STOP, "4 is it.", "Okay, so"), ()),
    "reasoning-alone": ((ERROR, "only_reasoning", "", "9.8 is greater."), ("no answer",)),
    "stream-only": ((*STOP, "one two", ""), ()),
    "open-end": ((*STOP, "Hi", ""), ()),
    "error-text": ((ERROR, "provider_error", "x", ""), ("the model needs 7.5 GiB, 6.0 GiB are there",)),
    "error-metadata": ((ERROR, "rate_limited", "", ""), ("m is rate-limited upstream, retry shortly",)),
    "growing": ((*STOP, "| a | b |\n|---|---|\n", ""), ()),
    "redirect-307": ((ERROR, "server_redirects", "", ""), ("http://127.0.0.1:1/v1/chat/completions",)),
    "done-quoted": ((*STOP, "one two", ""), ()),
    "choices-two": ((*STOP, "one two three", ""), ()),
    "tools-alone": ((ERROR, "only_tool_calls", "", ""), ("tool",)),
    "empty": ((ERROR, "empty_answer", "", ""), ("The model returned an empty answer",)),
    "http-204": ((ERROR, "malformed_answer", "", ""), ("204",)),
    "http-login": ((ERROR, "malformed_answer", "", ""), ("Sign in",)),
    "http-413": ((ERROR, "context_too_long", "", ""), ("413",)),
}


async def opened(start_server: StartServer, wire: WireServer, **more: Any) -> Any:
    """Start a Jupyter server whose one profile asks the wire server."""
    profile = {
        "id": "wire",
        "provider": "openai-compatible",
        "model": "m",
        "base_url": f"{wire.url}/v1",
        "api_key": "wire-key-5f1c",
        **more,
    }
    return await start_server(profiles=[profile])


async def asked(
    page: Any, chat_id: str, text: str, parent_id: str | None = None
) -> tuple[dict[str, Any], Any]:
    """Ask, wait for the end; return the run and the message ids."""
    fields = question(chat_id, text, None, parent_id)
    answer = await page.command("send_message", **fields)
    assert answer["type"] == "command_accepted", answer
    return await page.finished(fields["run_id"]), fields


async def kept(server: Any, chat_id: str, answer_id: str) -> tuple[str, str]:
    """Return text and reasoning of an answer as they are in the store."""
    message = await (await server.extension.services()).chat_service.message(chat_id, answer_id)
    text = "".join(part.text for part in message.content if part.type == "text")
    reasoning = "".join(part.text for part in message.content if part.type == "reasoning")
    return text, reasoning


@pytest.mark.parametrize("name", EXPECTED)
async def test_the_reader_is_told_the_truth(start_server: StartServer, name: str) -> None:
    answer = dict(CASES[name])
    if "location" in answer:
        answer["location"] = "http://127.0.0.1:1/v1/chat/completions"
    async with WireServer(answer) as wire:
        more = {"streaming": "off"} if name == "stream-only" else {}
        server = await opened(start_server, wire, **more)
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, fields = await asked(page, chat_id, "hello")
            text, reasoning = await kept(server, chat_id, fields["answer_id"])
    expected, words = EXPECTED[name]
    error = run.get("error") or {}
    assert (run["finish_reason"], error.get("code"), text, reasoning) == expected, error
    told = json.dumps([error.get(key) for key in ("message", "hint", "detail")])
    for each in words:
        assert each in told
    for never in ("Traceback", ".py", "wire-key-5f1c", "<html", "<h1>"):
        assert never not in told
    assert len(wire.requests) <= 2


@pytest.mark.parametrize("name", ["roles-400", "blank-answer"])
async def test_a_question_after_a_stop(start_server: StartServer, name: str) -> None:
    async with WireServer({**CASES[name], "then": said("one", " two")}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            first = question(chat_id, "first")
            await page.command("send_message", **first)
            await wire.asked.wait()
            if name == "blank-answer":
                await page.until_text(first["run_id"], 2, kind="reasoning")
            await page.command("interrupt_run", run_id=first["run_id"])
            await page.finished(first["run_id"])
            run, fields = await asked(page, chat_id, "second", first["answer_id"])
            assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "")
    assert run["finish_reason"] == "stop"
    messages = wire.requests[-1]["messages"]
    assert [each["role"] for each in messages] == ["user"]
    assert messages[0]["content"] == "first\n\nsecond"


async def test_a_kept_connection_that_dies_is_asked_once_more(start_server: StartServer) -> None:
    async with WireServer(CASES["reused-fin"]) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            await asked(page, chat_id, "first")
            run, fields = await asked(page, chat_id, "second")
            assert (run["finish_reason"], run.get("error"), run.get("notice")) == ("stop", None, None)
            assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "")
    assert len(wire.requests) == 3


async def test_one_empty_stream_is_not_remembered(start_server: StartServer) -> None:
    async with WireServer(CASES["hiccup"]) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            for text in ("first", "second"):
                run, fields = await asked(page, chat_id, text)
                assert run["finish_reason"] == "stop"
                assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "")
    assert [request.get("stream", False) for request in wire.requests] == [True, False, True]


@pytest.mark.parametrize(
    ("case", "streaming", "streams"),
    [
        # An empty stream may be chance once; the third question is not asked so any more.
        ("hiccup", "auto", [True, False, True, False, False]),
        ("stream-only", "off", [False, True, True, True]),
    ],
)
async def test_what_a_deployment_does_not_take_is_remembered(
    start_server: StartServer, case: str, streaming: str, streams: list[bool]
) -> None:
    answer = {key: value for key, value in CASES[case].items() if key != "then"}
    async with WireServer(answer) as wire:
        server = await opened(start_server, wire, streaming=streaming)
        async with server.page() as page:
            chat_id = await page.new_chat()
            for text in ("first", "second", "third"):
                _, fields = await asked(page, chat_id, text)
                assert await kept(server, chat_id, fields["answer_id"]) == ("one two", "")
    assert [request.get("stream", False) for request in wire.requests] == streams


async def test_models_as_a_bare_array(start_server: StartServer) -> None:
    async with WireServer(CASES["models-array"]) as wire:
        server = await opened(start_server, wire)
        registry = (await server.extension.services()).registry
        profile = registry.find("wire")
        async with registry.trial(profile) as adapter:
            assert await adapter.models(profile) == ["m"]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (
            [chunk({"content": "x"}), 'data: {"error":{"message":"boom","code":"x"}}\n\n'],
            (ERROR, "provider_error", "x"),
        ),
        ([chunk({"content": "ha"})] * 3 + [chunk({}, "eos_token")], ("stop", None, "hahaha")),
        ([chunk({"content": "a"}), chunk({"content": "b"}, "COMPLETE")], ("stop", None, "ab")),
        ([chunk({"content": "a"}), chunk({"content": "b"}, "max_tokens")], ("length", None, "ab")),
        ([chunk({"content": "a"}, "stop"), 1.5, *said("b")], ("stop", None, "a")),
        (
            [chunk({"content": "a"}, "stop"), chunk({"content": "b"}, "stop"), 1.5, *said("c")],
            ("stop", None, "abc"),
        ),
        ([chunk({"content": "a"}), chunk({}, "SAFETY")], ("content_filter", None, "a")),
        ([chunk({"content": "a"}), chunk({}, "abort")], (ERROR, "ended_early", "a")),
        ([chunk({"content": "a"}), 'data: {"detail":"upstream died"}\n\n'], (ERROR, "provider_error", "a")),
        ([chunk({"content": "a"}, error={"message": "no", "code": 502})], (ERROR, "provider_error", "a")),
        (["<html><title>Proxy</title></html>"], (ERROR, "malformed_answer", "")),
        (["data: nonsense\n\n"], (ERROR, "malformed_answer", "")),
        ([chunk({"content": "<think>only\n</think>"}, "stop")], (ERROR, "only_reasoning", "")),
        ([chunk({"content": "\n \n"}, "stop")], (ERROR, "empty_answer", "\n \n")),
        ([chunk({"content": "cut"}), "cut"], (ERROR, "connection_lost", "cut")),
        (
            ['{"choices":[{"index":0,"delta":{"content":"json line"},"finish_reason":"stop"}]}\n'],
            ("stop", None, "json line"),
        ),
        (
            [chunk({"content": "no blank line"}, "stop").rstrip() + "\ndata: [DONE]\n"],
            ("stop", None, "no blank line"),
        ),
    ],
)
async def test_other_ways(start_server: StartServer, stream: list[Any], expected: tuple[Any, ...]) -> None:
    async with WireServer({"stream": stream}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            chat_id = await page.new_chat()
            run, fields = await asked(page, chat_id, "hello")
            text, _ = await kept(server, chat_id, fields["answer_id"])
    assert (run["finish_reason"], (run.get("error") or {}).get("code"), text) == expected, run.get("error")
    assert len(wire.requests) <= 2


TOOL = {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}]}


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (CASES["choices-two"]["stream"], "several_choices"),
        (CASES["growing"]["stream"], "repeats_itself"),
        ([chunk(TOOL), *said("one two", finish="tool_calls")], "tool_calls"),
        ([*said("one two")[:1], chunk({}, "tool_calls", message=TOOL)], None),
    ],
)
async def test_what_is_odd_about_an_answer_is_noted_below_it(
    start_server: StartServer, stream: list[Any], code: str | None
) -> None:
    async with WireServer({"stream": stream}) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    notice = run.get("notice") or {}
    assert (run["finish_reason"], notice.get("code")) == ("stop", code)
    assert "stream" not in notice.get("message", "")


EMPTY: dict[str, Any] = {"stream": []}
OVERLOADED = {"status": "500 Internal Server Error", "body": {"error": {"message": "the disk is full"}}}


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        # The stream without anything in it says less than what follows, and than what came before.
        (
            {
                **EMPTY,
                "whole": {"status": "400 Bad Request", "body": {"error": "top_p is out of range"}},
            },
            "parameter_refused",
            "out of range",
        ),
        ({**EMPTY, "whole": {"status": "401 Unauthorized", "body": {"error": "no"}}}, "wrong_key", "no"),
        ({**EMPTY, "whole": {"status": "402 Payment Required"}}, "quota_used_up", ""),
        ({**EMPTY, "whole": {"status": "200 OK", "body": "<title>Hi</title>"}}, "malformed_answer", "Hi"),
        ({**OVERLOADED, "then": []}, "provider_error", "the disk is full"),
    ],
)
async def test_of_two_errors_the_one_that_says_more_is_told(
    start_server: StartServer, answer: dict[str, Any], code: str, words: str
) -> None:
    async with WireServer(answer) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert run["error"]["code"] == code, run["error"]
    assert words in (run["error"]["detail"] or "")
    assert len(wire.requests) == 2


async def test_one_stream_without_anything_in_it_is_noted_as_that(start_server: StartServer) -> None:
    async with WireServer(CASES["hiccup"]) as wire:
        server = await opened(start_server, wire)
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert run["notice"]["code"] == "empty_stream"
    assert "does not stream" not in run["notice"]["message"]


async def test_one_stream_without_anything_in_it_is_told_as_that_where_streaming_must_be(
    start_server: StartServer,
) -> None:
    async with WireServer(EMPTY) as wire:
        server = await opened(start_server, wire, streaming="on")
        async with server.page() as page:
            run, _ = await asked(page, await page.new_chat(), "hello")
    assert "without anything in it" in run["error"]["message"]
    assert "does not stream" not in json.dumps(run["error"])


async def test_continue_asks_the_model_that_wrote_the_answer(start_server: StartServer) -> None:
    writer, other = (
        WireServer({"stream": [chunk({"content": "Half"}), "cut"]}),
        WireServer({"stream": said("no")}),
    )
    async with writer, other:
        profiles = [
            {"id": name, "provider": "openai-compatible", "model": name, "base_url": f"{wire.url}/v1"}
            for name, wire in (("writer", writer), ("other", other))
        ]
        server = await start_server(profiles=profiles)
        async with server.page() as page:
            chat_id = await page.new_chat()
            fields = question(chat_id, "hello") | {
                "profile_id": "writer",
                "parameters": {"temperature": 0.25},
            }
            await page.command("send_message", **fields)
            await page.finished(fields["run_id"])
            await page.command("update_chat", chat_id=chat_id, profile_id="other")
            writer.answer = {"stream": said(" and half")}
            more = {"chat_id": chat_id, "message_id": fields["answer_id"], "run_id": "run-continues-1"}
            answer = await page.command("continue_answer", **more)
            assert answer["type"] == "command_accepted", answer
            run = await page.finished("run-continues-1")
            text, _ = await kept(server, chat_id, fields["answer_id"])
    assert (run["finish_reason"], run["profile_id"], text) == ("stop", "writer", "Half and half")
    assert [request["temperature"] for request in writer.requests] == [0.25, 0.25]
    assert other.requests == []
