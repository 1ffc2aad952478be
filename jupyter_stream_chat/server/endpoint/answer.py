"""What a client is answered: a run's text as chunks of a stream, or as one object, in OpenAI's shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from ...chats.command_error import CommandError
from ...chats.text import Cursor
from ...protocol import ErrorInfo, RunInfo, Usage
from ...providers.profiles.profile import Profile
from ...runs.run import Run
from ..deltas import DELTA_CHARACTERS
from ..services import Services
from .question import Question
from .refusal import Refusal, refused, shaped

KEEP_ALIVE_SECONDS = 15.0
"""Silence after which a stream begins, or goes on, with a comment: proxies close a silent response."""
KEEP_ALIVE: Final = ": still here\n\n"
DONE: Final = "data: [DONE]\n\n"

_FIELDS: Final = {"text": "content", "reasoning": "reasoning_content"}
"""Where a client finds text, by the kind of the part."""
_FINISH_REASONS: Final = {"repetition": "length"}
"""Words that clients know for reasons that they do not know."""
_SERVER_STOPPED: Final = ErrorInfo(
    code="server_restarted",
    message="The answer was stopped on the server before it was complete.",
    hint="Ask again.",
)


class Answer:
    """The answer to one question: a run, from its beginning to its end."""

    def __init__(self, services: Services, owner: str, question: Question) -> None:
        """Start the run. Raises Refusal."""
        self._question = question
        self._wake = asyncio.Event()
        profile = find_profile(services, owner, question.model)
        asked = question.profile(profile)
        try:
            self._run: Run = services.runs.answer_detached(
                owner, asked, question.prompt(asked), self._wake.set
            )
        except CommandError as error:
            raise Refusal(error.error) from None
        self._cursor = Cursor(self._run.text)

    def close(self) -> None:
        """Stop the model, unless the answer is over: its client has left."""
        self._run.interrupt()

    async def whole(self) -> dict[str, Any]:
        """Return the answer as one object. Raises Refusal where there is none."""
        await self._run.wait()
        if error := self._error:
            raise Refusal(error)
        message: dict[str, Any] = {"role": "assistant", "content": self._joined("text"), "refusal": None}
        if reasoning := self._joined("reasoning"):
            message["reasoning_content"] = reasoning
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason}
        return {**self._head("chat.completion"), "choices": [choice], **self._usage}

    async def stream(self) -> AsyncIterator[str]:
        """Yield the events of a stream. Raises Refusal where the run ends before it has said anything."""
        is_begun = False
        while not self._is_over or not self._cursor.is_at_end:
            self._wake.clear()
            piece = self._cursor.next(DELTA_CHARACTERS)
            if piece is None:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    if not is_begun:
                        is_begun = True
                        yield self._chunk({"role": "assistant", "content": ""})
                    yield KEEP_ALIVE
                continue
            kind = self._run.text[piece.part].kind
            begin = {} if is_begun else {"role": "assistant"}
            is_begun = True
            yield self._chunk({**begin, _FIELDS[kind]: piece.text})
        await self._run.wait()
        if error := self._error:
            if not is_begun:
                raise Refusal(error)
            yield _event({"error": shaped(error)})
            return
        yield self._chunk({}, self._finish_reason)
        if self._question.includes_usage:
            yield _event(
                {**self._head("chat.completion.chunk"), "choices": [], **(self._usage or {"usage": None})}
            )
        yield DONE

    @property
    def _is_over(self) -> bool:
        return self._run.info.status == "finished"

    @property
    def _error(self) -> ErrorInfo | None:
        """Why the answer is not complete, where that is no reason that clients know."""
        run = self._run.info
        if run.finish_reason in ("interrupted", "lost"):
            return run.error or _SERVER_STOPPED
        return None if run.finish_reason in ("stop", "length", "repetition") else run.error

    @property
    def _finish_reason(self) -> str:
        reason = self._run.info.finish_reason or "stop"
        return _FINISH_REASONS.get(reason, reason)

    def _joined(self, kind: str) -> str:
        return "".join(str(part) for part in self._run.text if part.kind == kind)

    def _head(self, kind: str) -> dict[str, Any]:
        run: RunInfo = self._run.info
        head = {"id": f"chatcmpl-{run.run_id}", "object": kind, "created": int(run.created_at)}
        return {**head, "model": self._question.model}

    @property
    def _usage(self) -> dict[str, Any]:
        """What the provider counted; empty where it counted nothing."""
        usage = self._run.info.usage
        return {"usage": _usage(usage)} if usage else {}

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self._question.includes_usage else {}
        return _event({**self._head("chat.completion.chunk"), "choices": [choice], **usage})


def find_profile(services: Services, owner: str, model: str) -> Profile:
    """Return an owner's profile with its key. Raises Refusal."""
    found = services.registry.find(model, owner)
    if isinstance(found, Profile):
        return found
    if found.code == "unknown_profile":
        known = ", ".join(each["id"] for each in models(services, owner))
        raise refused("unknown_profile", f"There is no model {model[:64]}.", "model", f"There are: {known}.")
    # What is wrong with a key or an address is for the panel's form.
    message = f"The profile {model[:64]} cannot be used as it is set up."
    raise refused("profile_unusable", message, "model", "The panel says what is wrong with it.")


def models(services: Services, owner: str) -> list[dict[str, Any]]:
    """Return the profiles that an owner can ask, as a list of models."""
    return [
        {"id": info.profile_id, "object": "model", "created": 0, "owned_by": info.provider}
        for info in services.registry.infos(owner)
        if info.problem is None
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "accepted_prediction_tokens": usage.accepted_tokens,
            "rejected_prediction_tokens": usage.guessed_tokens - usage.accepted_tokens,
        },
    }


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n"
