"""One question from its sending to its answer, with the kernel's interrupt as Stop.

Owns the order of requests and what an interrupt does. Showing is ``display``'s matter, HTTP ``client``'s.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from ..chats.text import RunText
from ..nonces import new_nonce, run_id_of
from .answer import Answer, answer_of, text_of
from .client import Backend
from .display import View
from .errors import ChatError

_FAILED = {"error", "timeout", "content_filter", "lost"}
"""Ends after which a cell has failed, though what was written is shown."""


class QuestionRun:
    """A question on its way."""

    def __init__(self, backend: Backend, chat_id: str, view: View) -> None:
        """Ask in a chat that exists."""
        self._backend = backend
        self._chat_id = chat_id
        self._view = view
        self._nonce = new_nonce()
        self._run_id = run_id_of(self._nonce)
        self._text = RunText()
        self._answer: Answer | None = None
        self._error: dict[str, Any] | None = None

    def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send the question, show the answer as it comes, and return it.

        ``KeyboardInterrupt`` stops the run at the provider and returns the part that was shown. Raises
        ChatError when the question is refused or the answer fails; the part is shown all the same.
        """
        ids = {"run_id": self._run_id}
        try:
            self._backend.call("POST", path, {**body, **ids})
            self._view.begin(self._nonce, self._chat_id)
            self._read()
        except KeyboardInterrupt:
            self._stop()
        assert self._answer is not None
        self._view.end(self._answer)
        if self._error is not None and self._answer.finish_reason in _FAILED:
            raise ChatError.of(self._error)
        return self._answer

    def _read(self) -> None:
        after = ".".join(map(str, self._text.lengths))
        for event in self._backend.events(self._run_id, after):
            if event.name == "delta":
                self._take(event.data)
            elif event.name == "run_finished":
                run = event.data["run"]
                self._error = run.get("error")
                self._answer = answer_of(run, self._text)

    def _take(self, delta: Mapping[str, Any]) -> None:
        """Take a ``protocol.Delta``, and show what of it is new text."""
        part = delta["part"]
        new = self._text.put(part, delta["offset"], delta["text"], delta.get("kind"))
        if self._text[part].kind == "text":
            self._view.append(new)

    def _stop(self) -> None:
        """Stop the run, keep what was shown, and learn how it ended."""
        shown = self._text.lengths
        self._view = _Deaf(self._view)
        try:
            self._backend.call("POST", f"runs/{self._run_id}/interrupt", {"shown": shown})
            self._read()
        except KeyboardInterrupt:
            pass  # pressed again: whoever did it does not want to wait for how the run ended
        except ChatError as error:
            # Stopped before it was accepted: it will start stopped, if at all.
            if error.code != "unknown_run":
                raise
        if self._answer is None:
            self._answer = Answer(text_of(self._text), "interrupted", self._chat_id, run_id=self._run_id)


class _Deaf:
    """A view after Stop: it shows no more text, only the end."""

    def __init__(self, view: View) -> None:
        self._view = view

    def begin(self, nonce: str, chat_id: str) -> None:
        """Show nothing."""

    def append(self, text: str) -> None:
        """Show nothing: it came after the click."""

    def end(self, answer: Answer) -> None:
        """Show the part that is kept."""
        self._view.end(answer)


def new_message_ids() -> dict[str, str]:
    """Return ids of a question and its answer: made here, so that sending twice is harmless."""
    return {"message_id": str(uuid.uuid4()), "answer_id": str(uuid.uuid4())}
