"""Each error that a reader can meet has a sentence in every language; no sentence has lost its error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"[a-z]+(_[a-z]+)+|timeout|forbidden")

CODE_AT = {"Rule": 1, "_refused": 0, "EngineFailure": 0, "EngineError": 0, "Failed": 1}
"""Where calls have their code as a positional argument."""

NOT_FOR_READERS = {
    "frame_too_large",
    "id_taken",
    "invalid_command",
    "method_not_allowed",
    "profile_locked",
    "too_many_commands",
    "unknown_command",
}
"""Mistakes of a page or a script: the panel makes none, and a programmer reads English."""

SAID_BY_THE_MAGIC = {"no_server", "not_found", "password_only", "server_not_local", "several_servers"}
"""``%chat`` tells these where it runs, in a notebook or a terminal: no panel ever shows them."""


def codes(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    places = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    if name in CODE_AT and len(call.args) > CODE_AT[name]:
        places.append(call.args[CODE_AT[name]])
    for place in places:
        for node in ast.walk(place):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield node.value


def raised() -> set[str]:
    """Return the codes that the server's sources write down, and the panel's own."""
    sources = (ROOT / "jupyter_stream_chat").rglob("*.py")
    # What %chat finds wrong, it says itself, in the notebook.
    trees = [ast.parse(path.read_text()) for path in sources if path.parent.name != "magics"]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    panel = "".join(
        path.read_text() for path in (ROOT / "src").rglob("*.ts") if "__tests__" not in path.parts
    )
    by_the_panel = set(re.findall(r"^ +code: '([a-z_]+)'", panel, re.MULTILINE))
    return {code for call in calls for code in codes(call)} | by_the_panel


def translated() -> set[str]:
    source = (ROOT / "src" / "i18n" / "errors.ts").read_text()
    return set(re.findall(r"^    ([a-z_]+): \[", source, re.MULTILINE))


def test_the_sources_raise_errors() -> None:
    assert len(raised()) > 25


def test_every_error_has_its_sentence() -> None:
    untold = raised() - NOT_FOR_READERS - SAID_BY_THE_MAGIC - translated()
    assert untold == set(), "has no sentence in src/i18n/errors.ts"


def test_no_sentence_without_its_error() -> None:
    assert translated() - raised() == set(), "no longer raised"
