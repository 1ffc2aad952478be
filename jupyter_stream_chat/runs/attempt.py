"""One call of the provider within a run: the callback is the source of the text, the chunk loop its check."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from ..protocol import FinishReason, PartKind, Usage
from ..providers.openai.chunks import finish_reason_of, pieces_of, refusal_text_of, usage_of
from .admission_gate import AdmissionGate
from .token_callback import Forward, TokenCallback

log = logging.getLogger(__name__)


class ModelRefused(Exception):
    """The model has answered that it will not; its text says why."""


@dataclass(frozen=True)
class RequestMode:
    """How an attempt asks."""

    streamed: bool
    stream_options: bool = True
    """Whether a stream may be asked to count tokens; some servers refuse a request that does."""


class Attempt:
    """Calls a model once, hands its text on as it comes, and keeps what the provider said about it."""

    def __init__(self, run_id: str, forward: Forward, turnstile: AdmissionGate) -> None:
        """``forward`` is given every piece of text, as (kind, text)."""
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.unreported = 0
        """Code points that the callback did not report, and that were taken from the chunks instead."""
        self._refusal = ""
        self._root = uuid4()
        log.debug("Run %s calls the provider as %s", run_id, self._root)
        self._forward = forward
        self._turnstile = turnstile
        self._yielded: Counter[PartKind] = Counter()
        self._supplied: Counter[PartKind] = Counter()
        self.callback = TokenCallback(self._root, run_id, forward)

    @property
    def has_text(self) -> bool:
        """Whether the model has said anything."""
        return any(self._yielded.values()) or any(self.callback.received.values())

    async def call(
        self, llm: BaseChatModel, prompt: Sequence[BaseMessage], ask: RequestMode, options: Mapping[str, Any]
    ) -> None:
        """Ask the model, with ``options`` of its own, and return when it has answered.

        Raises what the provider raises, and ModelRefused.
        """
        config: RunnableConfig = {"callbacks": [self.callback], "run_id": self._root}
        if not ask.streamed:
            self._check(await llm.ainvoke(list(prompt), config, **options))
        else:
            # Only models that are asked to count by default know the word.
            usage: dict[str, Any] = {} if ask.stream_options else {"stream_usage": False}
            has_turn = False
            async for chunk in llm.astream(list(prompt), config, **options, **usage):
                self._check(chunk)
                if self.finish_reason and not has_turn:
                    # What is left is no text, and costs the loop as much as the beginning did.
                    await self._turnstile.enter()
                    has_turn = True
        if self._refusal:
            raise ModelRefused(self._refusal)

    def _check(self, message: BaseMessage) -> None:
        """Compare what was yielded with what the callback *received*, and supply what it missed."""
        for kind, text in pieces_of(message):
            self._compare(kind, text)
        self._refusal += refusal_text_of(message)
        self.finish_reason = finish_reason_of(message) or self.finish_reason
        if usage := usage_of(message):
            self.usage = _largest(self.usage, usage)

    def _compare(self, kind: PartKind, text: str) -> None:
        self._yielded[kind] += len(text)
        missing = self._yielded[kind] - self.callback.received[kind] - self._supplied[kind]
        if missing > 0:
            self._supplied[kind] += missing
            self.unreported += missing
            self._forward(kind, text[-missing:])


def _largest(one: Usage | None, other: Usage) -> Usage:
    """Merge two counts: some providers repeat running totals, some send input and output apart."""
    if one is None:
        return other
    return Usage(
        input_tokens=max(one.input_tokens, other.input_tokens),
        output_tokens=max(one.output_tokens, other.output_tokens),
        reasoning_tokens=max(one.reasoning_tokens, other.reasoning_tokens),
    )
