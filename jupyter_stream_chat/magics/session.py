"""What ``%chat`` remembers in one kernel: the profile in use, its chats, the last answer and failure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from ..chats.title import title_from
from .answer import Answer
from .attach import Attachment, read_file
from .client import Backend, Client
from .discovery import discover
from .display import View
from .errors import ChatError
from .options import Format, Options
from .question_run import QuestionRun, new_message_ids

_ASKED_FOR: dict[Format, str] = {
    "markdown": "",
    "text": "Answer in plain text, without Markdown.",
    "code": "Answer with one fenced code block and nothing else.",
    "json": "Answer with valid JSON and nothing else.",
    "math": "Answer with formulas in LaTeX between $$ and $$.",
}
"""What is added to a question, so that it comes in this form."""

_NOT_ATTACHED = {"pictures_not_taken", "attachments_off", "attachments_local_only", "attachment_too_large"}
"""Refusals after which the question goes without figures and what else can be left out."""


class Session:
    """The chats of this kernel."""

    def __init__(self) -> None:
        self.profile_id: str | None = None
        self.last: Answer | None = None
        self.failure: BaseException | None = None
        self._chats: dict[str | None, str] = {}
        self._begun_anew: set[str | None] = set()
        self._local: Backend | None = None

    def backend(self, options: Options) -> Backend:
        """Return who answers: the server, found anew each time, or this process."""
        if not options.local:
            return Client(discover())
        if self._local is None:
            from .local import Local

            self._local = Local()
        return self._local

    def ask(
        self,
        question: str,
        options: Options,
        view: View,
        optional: Sequence[Attachment] = (),
        *,
        typed: str = "",
    ) -> Answer:
        """Ask, in the chat that the options name or in the kernel's own.

        ``optional``: goes with the question where the model and the server's settings take it.
        ``typed``: the question before names in it were replaced, which names a new chat.
        """
        if not question.strip():
            raise ChatError("There is no question.", "Write it behind %chat, or below %%chat.", code="usage")
        backend = self.backend(options)
        body: dict[str, Any] = {
            **new_message_ids(),
            "profile_id": options.profile or self.profile_id,
            "streaming": "off" if options.no_stream else None,
            "parameters": options.parameters(),
        }
        body = {name: value for name, value in body.items() if value is not None}
        title = title_from(typed)
        text = "\n\n".join(part for part in (question, _ASKED_FOR[options.format]) if part)
        files = [read_file(path).upload(backend) for path in options.attach or ()]
        written = {"type": "text", "text": text}
        if optional:
            try:
                taken = [each.upload(backend) for each in optional]
                with_all = {**body, "content": [*files, *taken, written]}
                return self._ask(backend, options, view, with_all, title)
            except ChatError as error:
                if error.code not in _NOT_ATTACHED:
                    raise
        return self._ask(backend, options, view, {**body, "content": [*files, written]}, title)

    def _ask(
        self, backend: Backend, options: Options, view: View, body: dict[str, Any], title: str
    ) -> Answer:
        chat_id = self.chat_id(backend, options, make=True, title=title)
        try:
            answer = QuestionRun(backend, chat_id, view).ask(f"chats/{chat_id}/messages", body)
        except ChatError as error:
            if error.code != "unknown_chat":
                raise
            # It was deleted in the panel meanwhile.
            self._chats.pop(_key(options), None)
            chat_id = self.chat_id(backend, options, make=True, title=title)
            answer = QuestionRun(backend, chat_id, view).ask(f"chats/{chat_id}/messages", body)
        self.last = answer
        return answer

    def continue_last(self, options: Options, view: View) -> Answer:
        """Let the last answer of the chat go on from what was kept of it."""
        backend = self.backend(options)
        chat_id = self.chat_id(backend, options, make=False)
        last = self.messages(backend, options)[-1:]
        if not last or last[0]["role"] != "assistant":
            raise ChatError("There is no answer here that could go on.", "Ask something first.", code="usage")
        path = f"chats/{chat_id}/messages/{last[0]['message_id']}/continue"
        self.last = QuestionRun(backend, chat_id, view).ask(path, {})
        return self.last

    def chat_id(self, backend: Backend, options: Options, *, make: bool, title: str = "") -> str:
        """Return the chat's id; make the chat if there is none. "" where there is none and it is not made.

        ``title``: of a new chat that the options do not name.
        """
        key = _key(options)
        if key not in self._chats and options.chat is not None and key not in self._begun_anew:
            for chat in backend.call("GET", "chats")["chats"]:
                if chat["title"] == options.chat:
                    self._chats[key] = chat["chat_id"]
                    break
        if key not in self._chats and make:
            chat_id = str(uuid.uuid4())
            backend.call("POST", "chats", {"chat_id": chat_id, "title": options.chat or title})
            self._chats[key] = chat_id
        return self._chats.get(key, "")

    def messages(self, backend: Backend, options: Options) -> list[dict[str, Any]]:
        """Return the last messages of the chat, oldest first."""
        chat_id = self.chat_id(backend, options, make=False)
        if not chat_id:
            return []
        opened = self._opened(backend, chat_id)
        messages: list[dict[str, Any]] = opened["messages"] if opened else []
        return messages

    def title(self, backend: Backend, options: Options) -> str:
        """Return the name of the chat; "" where there is none yet, or none any more."""
        chat_id = self.chat_id(backend, options, make=False)
        opened = self._opened(backend, chat_id) if chat_id else None
        return str(opened["chat"]["title"]) if opened else ""

    def _opened(self, backend: Backend, chat_id: str) -> dict[str, Any] | None:
        """Return the chat with its last messages; None when it was deleted in the panel."""
        try:
            return backend.call("GET", f"chats/{chat_id}")
        except ChatError as error:
            if error.code != "unknown_chat":
                raise
            return None

    def reset(self, options: Options) -> None:
        """Begin a new chat with the next question. The old one stays in the panel."""
        self._chats.pop(_key(options), None)
        self._begun_anew.add(_key(options))

    def chat_names(self, backend: Backend) -> list[str]:
        """Return the names of the chats, for completion."""
        return [chat["title"] for chat in backend.call("GET", "chats")["chats"] if chat["title"]]


def _key(options: Options) -> str | None:
    """Chats of the server and of this process are different ones."""
    return f"local {options.chat or ''}" if options.local else options.chat
