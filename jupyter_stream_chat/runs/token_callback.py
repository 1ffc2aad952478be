"""The callback chain's middle: each token that LangChain reports is logged and forwarded.

The two are independent: a log that fails never keeps text from the page, and a page that fails never keeps a
token from the log. The README says how to switch the log on.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, GenerationChunk, LLMResult

from ..protocol import PartKind
from ..providers.openai.chunks import pieces_of

log = logging.getLogger(__name__)
token_log = logging.getLogger("jupyter_stream_chat.tokens")

Forward = Callable[[PartKind, str], None]


class TokenCallback(AsyncCallbackHandler):
    """Receives the tokens of one attempt: of its root LangChain run alone, so that none is counted twice."""

    run_inline = True  # otherwise LangChain makes a task per token

    def __init__(self, root: UUID, run_id: str, forward: Forward) -> None:
        """``root`` is the LangChain run to listen to; ``run_id`` names ours in the log."""
        self.received: Counter[PartKind] = Counter()
        """Code points that LangChain reported by kind, whether or not they could be forwarded."""
        self.tokens = 0
        self.logged = 0
        self.forwarded = 0
        self._root = root
        self._run_id = run_id
        self._forward = forward

    async def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing; the inherited method would make LangChain render the whole prompt as text."""

    async def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Log and forward one token; the two empty chunks that end every stream are none."""
        if run_id != self._root:
            return
        if isinstance(chunk, ChatGenerationChunk):
            self._deliver(pieces_of(chunk.message))
        elif isinstance(token, str) and token:
            self._deliver([("text", token)])

    async def on_llm_end(
        self,
        response: LLMResult,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Log and forward an answer that was not streamed: it counts as one text."""
        if run_id == self._root and not self.tokens and (message := _answer(response)):
            self._deliver(pieces_of(message))

    def _deliver(self, pieces: Sequence[tuple[PartKind, str]]) -> None:
        if not pieces:
            return
        self.tokens += 1
        for kind, text in pieces:
            self.received[kind] += len(text)
        self._log(pieces)
        try:
            for kind, text in pieces:
                self._forward(kind, text)
            self.forwarded += 1
        except Exception:
            log.exception("Run %s: a token could not be forwarded", self._run_id)

    def _log(self, pieces: Sequence[tuple[PartKind, str]]) -> None:
        try:
            for kind, text in pieces:
                name = "" if kind == "text" else f"{kind} "
                # %r: a lone surrogate or an escape sequence must not reach a terminal.
                token_log.debug("%s token %d %s%r", self._run_id, self.tokens, name, text)
            self.logged += 1
        except Exception:  # noqa: BLE001 - logging is what is broken; the run's counts tell it
            pass


def _answer(response: LLMResult) -> BaseMessage | None:
    generation = response.generations[0][0] if response.generations and response.generations[0] else None
    return generation.message if isinstance(generation, ChatGeneration) else None
