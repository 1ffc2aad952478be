"""One call of the provider within a run: the callback is the source of the text, the chunk loop its check."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from ..protocol import FinishReason, Notice, PartKind, Usage
from ..providers.finish_reasons import graver, meaning_of
from ..providers.openai.chunks import (
    end_word_of,
    failure_of,
    pieces_of,
    refusal_text_of,
    remarks_of,
    usage_of,
)
from .admission_gate import AdmissionGate
from .token_callback import Forward, TokenCallback

log = logging.getLogger(__name__)


class ModelRefused(Exception):
    """The model has answered that it will not; its text says why."""


class EndedEarly(Exception):
    """The provider ended the answer for a reason that is not known to be a good one."""

    def __init__(self, end_word: str) -> None:
        """``end_word`` is the provider's finish reason."""
        super().__init__(f"The provider's finish reason: {end_word}")
        self.end_word = end_word


def fault_of(end_word: str | None, refusal: str, failure: Exception | None) -> Exception | None:
    """Return why an answer that came is not complete; None: its provider says that it is.

    ``end_word`` is the provider's finish reason, ``refusal`` what the model says instead of an answer,
    ``failure`` the error that came beside the text.
    """
    if failure is not None:
        return failure
    if refusal:
        return ModelRefused(refusal)
    if end_word is not None and meaning_of(end_word) is None:
        return EndedEarly(end_word)
    return None


@dataclass(frozen=True)
class RequestMode:
    """How an attempt asks."""

    streamed: bool
    stream_options: bool = True
    """Whether a stream may be asked to count tokens; some servers refuse a request that does."""
    joined: bool = False
    """Whether a stream's text is handed on at its end alone: nobody asked for a stream."""
    with_reasoning: bool = False
    """Whether the reasoning of earlier answers is sent with them; most servers refuse or ignore it."""
    opens_reasoning: bool = False
    """Whether the answer is expected to begin inside its reasoning."""


class Attempt:
    """Calls a model once, hands its text on as it comes, and keeps what the provider said about it."""

    def __init__(self, run_id: str, forward: Forward, admission_gate: AdmissionGate) -> None:
        """``forward`` is given every piece of text, as (kind, text)."""
        self.end_word: str | None = None
        """Why the model ended, in the provider's own word."""
        self.usage: Usage | None = None
        self.remarks: list[str] = []
        """What is odd about the answer, as codes, each once."""
        self._failure: Exception | None = None
        self.unreported = 0
        """Code points that the callback did not report, and that were taken from the chunks instead."""
        self._refusal = ""
        self._root = uuid4()
        log.debug("Run %s calls the provider as %s", run_id, self._root)
        self._hand_to = forward
        self._joined: list[tuple[PartKind, str]] | None = None
        self._admission_gate = admission_gate
        self._yielded: Counter[PartKind] = Counter()
        self._supplied: Counter[PartKind] = Counter()
        self.callback = TokenCallback(self._root, run_id, self._hand_on)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the model ended, where the provider's word is known."""
        return meaning_of(self.end_word) if self.end_word is not None else None

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
        if ask.with_reasoning and getattr(llm, "takes_reasoning", False):
            options = {**options, "with_reasoning": True}
        if not ask.streamed:
            self._check(await llm.ainvoke(list(prompt), config, **options))
        else:
            # Only models that are asked to count by default know the word.
            usage: dict[str, Any] = {} if ask.stream_options else {"stream_usage": False}
            has_turn = False
            self._joined = [] if ask.joined else None
            async for chunk in llm.astream(list(prompt), config, **options, **usage):
                self._check(chunk)
                if self.finish_reason and not has_turn:
                    # What is left is no text, and costs the loop as much as the beginning did.
                    await self._admission_gate.enter()
                    has_turn = True
            self._hand_on_joined()
        if fault := fault_of(self.end_word, self._refusal, self._failure):
            raise fault

    def _hand_on(self, kind: PartKind, text: str) -> None:
        if self._joined is None:
            self._hand_to(kind, text)
        else:
            self._joined.append((kind, text))

    def _hand_on_joined(self) -> None:
        joined, self._joined = self._joined or [], None
        for kind, pieces in groupby(joined, lambda piece: piece[0]):
            self._hand_to(kind, "".join(text for _, text in pieces))

    def _check(self, message: BaseMessage) -> None:
        """Compare what was yielded with what the callback *received*, and supply what it missed."""
        for kind, text in pieces_of(message):
            self._compare(kind, text)
        self._refusal += refusal_text_of(message)
        self._failure = failure_of(message) or self._failure
        if word := end_word_of(message):
            self.end_word = graver(self.end_word, word)
        self.remarks += [each for each in remarks_of(message) if each not in self.remarks]
        if usage := usage_of(message):
            self.usage = _largest(self.usage, usage)

    def _compare(self, kind: PartKind, text: str) -> None:
        self._yielded[kind] += len(text)
        missing = self._yielded[kind] - self.callback.received[kind] - self._supplied[kind]
        if missing > 0:
            self._supplied[kind] += missing
            self.unreported += missing
            self._hand_on(kind, text[-missing:])


_REMARKS: Final = (
    Notice(
        code="repeats_itself",
        message="The provider sent the text again and again; each part is shown once.",
    ),
    Notice(
        code="several_choices",
        message="The provider sent several answers at once; the first one is shown.",
    ),
    Notice(
        code="tool_calls",
        message="The model also called a tool; this chat has none, so nothing was done.",
    ),
)


def remark_on(remarks: Collection[str]) -> Notice | None:
    """Return what the reader should know of an answer that came. ``remarks``: what is odd about it."""
    return next((notice for notice in _REMARKS if notice.code in remarks), None)


def _largest(one: Usage | None, other: Usage) -> Usage:
    """Merge two counts: some providers repeat running totals, some send input and output apart."""
    if one is None:
        return other
    return Usage(
        input_tokens=max(one.input_tokens, other.input_tokens),
        output_tokens=max(one.output_tokens, other.output_tokens),
        reasoning_tokens=max(one.reasoning_tokens, other.reasoning_tokens),
        guessed_tokens=max(one.guessed_tokens, other.guessed_tokens),
        accepted_tokens=max(one.accepted_tokens, other.accepted_tokens),
    )
