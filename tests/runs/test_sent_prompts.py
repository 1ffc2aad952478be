"""The requests of the last runs are kept within their bounds."""

from __future__ import annotations

from langchain_core.messages import HumanMessage

from jupyter_stream_chat.runs.sent_prompts import SentPrompts


def test_the_oldest_are_forgotten_by_number_and_by_size() -> None:
    sent = SentPrompts(most_runs=2, most_characters=10)
    for run_id, text in [("one", "1234"), ("two", "1234"), ("three", "12")]:
        sent.add(run_id, [HumanMessage(content=text)])
    assert sent.of("one") is None
    assert sent.of("two") is not None
    sent.add("four", [HumanMessage(content=[{"type": "image", "base64": "123456"}])])
    assert [sent.of(run_id) is not None for run_id in ("two", "three", "four")] == [False, False, False]
    sent.add("five", [HumanMessage(content="1")])
    sent.add("five", [HumanMessage(content="123456789")])
    sent.add("six", [HumanMessage(content="1")])
    assert [sent.of(run_id) is not None for run_id in ("five", "six")] == [True, True]
