"""What the notebook gets, by format. That and when it gets it in a kernel: ``test_magic``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.magics import display
from jupyter_stream_chat.magics.answer import Answer
from jupyter_stream_chat.magics.display import MIME_TYPE, LiveOutput, Terminal, parsed_json
from jupyter_stream_chat.magics.options import Options


class Handle:
    """The output of a cell, which keeps its states."""

    def __init__(self, states: list[dict[str, Any]]) -> None:
        self.states = states

    def update(self, data: dict[str, Any], *, raw: bool) -> None:
        """Take the next state."""
        self.states.append(data)


def shown(
    monkeypatch: pytest.MonkeyPatch, options: Options, text: str, reason: str, notice: str = ""
) -> list[dict[str, Any]]:
    """Return the states of an output while an answer comes character by character."""
    states: list[dict[str, Any]] = []

    def make(data: dict[str, Any], *, raw: bool, display_id: bool) -> Handle:
        states.append(data)
        return Handle(states)

    monkeypatch.setattr("IPython.display.display", make)
    view = LiveOutput(options)
    view.begin("nonce", "chat")
    for character in text:
        view.append(character)
    view.end(Answer(text, reason, "chat", notice=notice))
    return states


@pytest.mark.parametrize("length", [0, 1, 199, 200, 201, 5_000, 20_000])
def test_all_states_cost_at_most_three_times_the_text(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    states = shown(monkeypatch, Options(), "x" * length, "stop")
    assert sum(len(state["text/markdown"]) for state in states) <= 3 * length
    assert states[-1]["text/markdown"] == "x" * length
    assert [state[MIME_TYPE]["status"] for state in states] == ["live"] * (len(states) - 1) + ["finished"]


def test_only_the_first_state_opens_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    states = shown(monkeypatch, Options(open=True), "x" * 300, "stop")
    assert [state[MIME_TYPE].get("open") for state in states] == [True, None, None]


def test_a_part_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, Options(), "part ", "interrupted")[-1]["text/markdown"] == "part\n\n*Stopped.*"
    plain = shown(monkeypatch, Options(format="text"), "part", "interrupted")[-1]
    assert plain["text/plain"] == "part\n\n[stopped]"
    assert "text/markdown" not in plain


def test_what_the_server_notes_is_below_the_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    final = shown(monkeypatch, Options(), "text ", "stop", "It repeats itself.")[-1]
    assert final["text/markdown"] == "text\n\n*It repeats itself.*"
    final = shown(monkeypatch, Options(format="text"), "text", "stop", "It repeats itself.")[-1]
    assert final["text/plain"] == "text\n\n[It repeats itself.]"
    final = shown(monkeypatch, Options(format="json"), "[1]", "stop", "It repeats itself.")[-1]
    assert (final["application/json"], final["text/markdown"][-22:]) == ([1], "\n\n*It repeats itself.*")
    view = Terminal()
    view.append("text")
    view.end(Answer("text", "stop", "chat", notice="It repeats itself."))
    assert capsys.readouterr().out == "text\n[It repeats itself.]\n"


def test_json_is_kept_as_json_and_shown_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    final = shown(monkeypatch, Options(format="json"), '```json\n{"b": ["ä"]}\n```', "stop")[-1]
    assert final["application/json"] == {"b": ["ä"]}
    assert final["text/markdown"] == '```json\n{\n  "b": [\n    "ä"\n  ]\n}\n```'
    final = shown(monkeypatch, Options(format="json"), "{not json", "stop")[-1]
    assert final["text/markdown"] == "{not json"
    assert "application/json" not in final


def test_json_with_and_without_a_fence() -> None:
    assert parsed_json('[1, "x"]') == [1, "x"]
    assert parsed_json("```\n{}\n```") == {}
    assert parsed_json("no") is None


def test_the_page_has_the_same_words() -> None:
    page = (Path(__file__).parents[2] / "src" / "notebook" / "answerrenderer.ts").read_text()
    assert f"'{display.MIME_TYPE}'" in page
    assert f"'{display.STOPPED}'" in page
    assert f"'{display.STOPPED_PLAIN}'" in page
