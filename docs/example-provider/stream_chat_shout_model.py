"""A chat model that repeats the question in capitals, word by word.

A subclass of LangChain's ``BaseChatModel``. A profile's values arrive as its keyword arguments. A synchronous
model like this one runs in a thread of its own, and Stop takes effect between two chunks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import SecretStr


class ShoutChatModel(BaseChatModel):
    """Answers in capitals."""

    model: str = "shout-1"
    api_key: SecretStr | None = None
    base_url: str = "https://shout.example"
    max_tokens: int | None = None
    """Words to answer with at most."""
    ending: str = ""
    """Appended to each word."""
    pause: float = 0.0
    """Seconds before each word."""

    @property
    def _llm_type(self) -> str:
        return "shout"

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        words = [word + self.ending for word in str(messages[-1].text).upper().split()]
        kept = words[: self.max_tokens]
        for number, word in enumerate(kept):
            time.sleep(self.pause)
            text = word if number == 0 else f" {word}"
            yield ChatGenerationChunk(message=AIMessageChunk(content=text))
        reason = "stop" if len(kept) == len(words) else "length"
        end = AIMessageChunk(content="", response_metadata={"finish_reason": reason})
        yield ChatGenerationChunk(message=end)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = list(self._stream(messages, stop, **kwargs))
        message = AIMessage(
            content="".join(chunk.text for chunk in chunks),
            response_metadata=chunks[-1].message.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])
