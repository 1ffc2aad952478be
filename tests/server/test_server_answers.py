"""How each kind of server answers, fails and refuses, and what the reader is shown of it.

``tests/providers/server_answers.json`` has a line for each answer. ``docs/providers.md`` counts them.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.providers.wire_server import WireServer

from .conftest import StartServer
from .test_wire import asked, kept, opened

ROOT = Path(__file__).parent.parent
CASES: list[dict[str, Any]] = json.loads((ROOT / "providers" / "server_answers.json").read_text())
COUNTS = Counter(case["server"] for case in CASES)
IN_ONE_PIECE = "Answers in one piece"
NEVER = ("Traceback", ".py", "/srv/", ".java:", "/home/u", "wire-key", "5f1c", "<html", "<h1>")


async def told(start_server: StartServer, kind: str) -> dict[str, tuple[object, object]]:
    """Ask for each answer of a kind of server; return by name what was wanted and what came instead."""
    wrong: dict[str, tuple[object, object]] = {}
    async with WireServer({}) as wire:
        more = {"streaming": "off"} if kind == IN_ONE_PIECE else {}
        server = await opened(start_server, wire, **more)
        deployments = (await server.extension.services()).deployments
        for case in (case for case in CASES if case["server"] == kind):
            wire.answer = case["answer"]
            wire.requests.clear()
            async with server.page() as page:
                chat_id = await page.new_chat()
                run, fields = await asked(page, chat_id, "hello")
                text, reasoning = await kept(server, chat_id, fields["answer_id"])
            await deployments.forget()
            error = run.get("error") or {}
            words = json.dumps([error.get(key) for key in ("message", "hint", "detail")], ensure_ascii=False)
            shown = (run["finish_reason"], error.get("code"), text, reasoning)
            finish, *expected = case["shown"]
            # Where a case names no code, only that there is an error matters.
            pairs = zip(shown[1:], expected, strict=True)
            holds = finish == shown[0] and all(want in (got, None) for got, want in pairs)
            holds = holds and all(each in words for each in case["words"])
            if not holds or any(each in words for each in NEVER) or len(wire.requests) > 2:
                wrong[case["name"]] = (case["shown"] + case["words"], (*shown, words, len(wire.requests)))
    return wrong


@pytest.mark.parametrize("kind", COUNTS)
async def test_the_reader_is_told_what_the_server_said(start_server: StartServer, kind: str) -> None:
    assert await told(start_server, kind) == {}


def test_the_documentation_counts_what_is_tried() -> None:
    documented = (ROOT.parent / "docs" / "providers.md").read_text()
    for kind, count in COUNTS.items():
        assert f"| {kind} | {count} |" in documented
