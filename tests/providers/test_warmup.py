"""The rehearsal at the start: it does what it says, and never fails the start."""

from __future__ import annotations

import logging

import pytest

from jupyter_stream_chat.providers.openai import warmup as rehearsal


def test_it_runs_a_whole_answer_and_ignores_proxies(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    caplog.set_level(logging.INFO)
    rehearsal.warm_up()
    assert '"HTTP/1.1 200 OK"' in caplog.text
    assert "No rehearsal" not in caplog.text


def test_a_machine_without_loopback_loses_only_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*args: object) -> None:
        raise OSError("no loopback")

    monkeypatch.setattr(rehearsal.asyncio, "start_server", refuse)
    caplog.set_level(logging.INFO)
    rehearsal.warm_up()
    assert "No rehearsal: no loopback" in caplog.text
