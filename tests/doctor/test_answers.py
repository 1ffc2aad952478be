"""An answer that a chat would not call complete: the doctor says so, in the chat's own words."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream_chat.protocol import DoctorStep
from tests.providers.wire_server import WireServer, chunk, said

from .conftest import Findings, examined


def whole(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    """Return an answer in one piece."""
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], **more}


async def found(answer: dict[str, Any], **about: Any) -> Findings:
    """Return what the doctor finds of a server that answers so, with a stream and without."""
    async with WireServer(answer) as wire:
        values = {
            "id": "wire",
            "provider": "openai-compatible",
            "model": "m",
            "base_url": f"{wire.url}/v1",
            "api_key": "wire-key-5f1c",
        }
        return await examined(values, **about)


def told(step: DoctorStep) -> tuple[str, str, str | None]:
    """Return what a step says."""
    return step.outcome, step.code, step.error_code


def text(content: str) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


NOT_COMPLETE: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: the answer with a stream and in one piece, the code of the error, words of it
    "empty": (
        {"stream": [chunk({"content": ""}), chunk({}, "stop")], "whole": whole(text(""))},
        "empty_answer",
        "empty answer",
    ),
    "white space": (
        {"stream": said("\n", " \u200b"), "whole": whole(text("\n \u200b"))},
        "empty_answer",
        "empty answer",
    ),
    "reasoning in its field": (
        {
            "stream": [chunk({"reasoning_content": "Hm."}), chunk({}, "stop")],
            "whole": whole({**text(""), "reasoning": "Hm."}),
        },
        "only_reasoning",
        "no answer",
    ),
    "reasoning in tags": (
        {"stream": said("<thi", "nk>Hm.</think>"), "whole": whole(text("<think>Hm."), "length")},
        "only_reasoning",
        "no answer",
    ),
    "a tool call": (
        {
            "stream": [
                chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
                chunk({}, "tool_calls"),
            ],
            "whole": whole({**text(""), "tool_calls": [{"function": {"name": "f"}}]}, "tool_calls"),
        },
        "only_tool_calls",
        "no tools",
    ),
    "an unknown finish": (
        {
            "stream": said("Half", finish="network_error"),
            "whole": whole(text("Half"), "insufficient_system_resource"),
        },
        "ended_early",
        "before it was complete",
    ),
    "a content filter": (
        {"stream": said("Half", finish="content_filter"), "whole": whole(text("Half"), "SAFETY")},
        "content_filter",
        "content filter",
    ),
    "a refusal": (
        {
            "stream": [chunk({"refusal": "I won't."}), chunk({}, "stop")],
            "whole": whole({**text(""), "refusal": "I won't."}),
        },
        "model_refused",
        "refused to answer",
    ),
    "an error beside text": (
        {
            "stream": [chunk({"content": "x"}), 'data: {"error": "upstream died"}\n\n'],
            "whole": whole(text("x"), error={"message": "upstream died"}),
        },
        "provider_error",
        "broke off",
    ),
    "a wrong path": (
        {"status": "200 OK", "body": {"error": "Unexpected endpoint or method. (POST /chat/completions)"}},
        "wrong_path",
        "no chat completions",
    ),
    "a login page": (
        {"status": "200 OK", "type": "text/html", "body": "<html><title>Sign in</title></html>"},
        "malformed_answer",
        "no answer in OpenAI's protocol",
    ),
    "no content": ({"status": "204 No Content"}, "malformed_answer", "without any content"),
}


@pytest.mark.parametrize("name", NOT_COMPLETE)
@pytest.mark.parametrize("streaming", ["auto", "on"])
async def test_an_answer_that_is_not_complete(name: str, streaming: str) -> None:
    answer, code, words = NOT_COMPLETE[name]
    findings = await found(answer, streaming=streaming)
    for step in (findings["direct"], findings["direct_streamed"]):
        assert told(step) == ("fail", "refused", code), step
        assert words in step.message
    assert findings["stop"].outcome in ("skip", "pass"), findings["stop"]
    for step in findings.values():
        shown = step.model_dump_json()
        assert not any(never in shown for never in ("Traceback", ".py", "wire-key", "5f1c", "<html"))


async def test_the_title_of_a_login_page_is_in_the_details() -> None:
    findings = await found(NOT_COMPLETE["a login page"][0])
    assert "Sign in" in (findings["direct"].detail or "")
    assert "Sign in" in (findings["direct_streamed"].detail or "")


async def test_an_address_without_its_version_is_named() -> None:
    async with WireServer(NOT_COMPLETE["a wrong path"][0]) as wire:
        values = {"id": "wire", "provider": "openai-compatible", "model": "m", "base_url": wire.url}
        findings = await examined(values)
    for name in ("direct", "direct_streamed"):
        assert (findings[name].outcome, findings[name].field) == ("fail", "base_url")
        assert f"{wire.url}/v1" in (findings[name].hint or "")


GOOD = whole(text("hello"))


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        ({"stream": []}, "empty_stream"),
        ({"stream": [": keep-alive\n\n"]}, "empty_stream"),
        ({"stream": ['data: {"choices": []}\n\n', "data: [DONE]\n\n"]}, "tokens"),
    ],
)
@pytest.mark.parametrize(("streaming", "outcome"), [("auto", "warn"), ("off", "warn"), ("on", "fail")])
async def test_a_stream_without_anything_in_it_does_not_prove_that_there_is_none(
    stream: dict[str, Any], code: str, streaming: str, outcome: str
) -> None:
    findings = await found({**stream, "whole": GOOD}, streaming=streaming)
    assert findings["direct"].outcome == "pass"
    if code == "empty_stream":
        assert told(findings["direct_streamed"]) == (outcome, "empty_stream", None)
        assert "does not stream" not in findings["direct_streamed"].model_dump_json()
    else:
        assert told(findings["direct_streamed"]) == ("fail", "refused", "empty_answer")


async def test_a_model_that_only_streams() -> None:
    refusal = {
        "error": {"message": "This model only support stream mode, please enable the stream parameter"}
    }
    findings = await found({"stream": said("one", " two"), "whole": {"status": "400 Bad", "body": refusal}})
    assert told(findings["direct"]) == ("warn", "streams_only", None)
    assert "only support stream mode" in (findings["direct"].detail or "")
    assert findings["direct_streamed"].outcome == findings["langchain_streamed"].outcome == "pass"
    assert findings["langchain"].outcome == "pass", "its stream is collected"


TWO = [
    chunk({"content": "one"}),
    chunk({"content": " two"}, index=1),
    chunk({"content": " two"}),
    chunk({}, "stop"),
]


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (TWO, "several_choices"),
        ([chunk({"content": "one two three"[:end]}) for end in (3, 7, 13)] + said(), "repeats_itself"),
        (
            [chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}), *said("one two")],
            "tool_calls",
        ),
    ],
)
async def test_what_a_chat_notes_below_an_answer(stream: list[Any], code: str) -> None:
    findings = await found({"stream": stream, "whole": GOOD})
    for name in ("direct_streamed", "langchain_streamed"):
        assert told(findings[name]) == ("warn", "refused", code), findings[name]
        assert "does not stream" not in findings[name].message


async def test_the_built_in_model_is_judged_too() -> None:
    findings = await examined({"id": "guide", "provider": "guide"})
    assert told(findings["direct"]) == ("pass", "answered", None)
