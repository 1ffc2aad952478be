"""LangChain's view of the local engine: a chat model whose tokens come from the engine process.

Owns the translation between LangChain's messages and the engine's; computes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, message_chunk_to_message
from langchain_core.messages.ai import OutputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from pydantic import ConfigDict, Field, PrivateAttr

from ...engine.messages import (
    ChatMessage,
    Event,
    Failed,
    Finished,
    Generate,
    LoadOptions,
    Parameters,
    Progress,
    Queued,
    Started,
    Text,
)
from ...protocol import ProgressStage
from ..langchain.chunk_accumulator import accumulated, reported
from .engine_client import EngineClient
from .harmony import HarmonySplitter
from .hub_tokens import without_hub_tokens

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}

OnProgress = Callable[[ProgressStage, float | None, int | None], None]
"""Stage, part done (0..1), place in the queue (1 is next)."""


class EngineError(Exception):
    """The engine could not answer: a stable code, one plain sentence, a hint, the trace."""

    def __init__(self, code: str, message: str, detail: str | None = None, hint: str | None = None) -> None:
        """``code`` as in the engine's ``Failed``."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint


class EngineChatModel(BaseChatModel):
    """A local model. ``astream`` and ``ainvoke`` only: the engine is reached from the event loop."""

    model_config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())

    client: EngineClient
    model: str
    """Hub id or folder."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Fields of the engine's ``Parameters``."""
    load: LoadOptions = LoadOptions()
    continue_final: bool = False
    """Go on with the last message, an assistant's, instead of answering it."""
    on_progress: OnProgress | None = None
    """Told what the engine does before the first text."""
    _requests: set[str] = PrivateAttr(default_factory=set)
    _paused: bool = PrivateAttr(default=False)

    @property
    def _llm_type(self) -> str:
        return "jupyter-stream-chat-engine"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, **self.parameters}

    def pause(self) -> None:
        """Let its calls stand still, those to come as well: nothing is computed, and others are served."""
        self._paused = True
        for request_id in self._requests:
            self.client.pause(request_id)

    def resume(self) -> None:
        """Let them go on."""
        self._paused = False
        for request_id in self._requests:
            self.client.resume(request_id)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield one chunk for each step that gives text, and a last one with usage and finish_reason."""
        made = accumulated(self._chunks(messages, stop, kwargs, run_manager))
        async with aclosing(reported(made, run_manager)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Collect the same answer in one piece; no token callback fires."""
        async with aclosing(self._chunks(messages, stop, kwargs, run_manager)) as chunks:
            whole = merge_chat_generation_chunks([chunk async for chunk in chunks])
        assert whole is not None, "the last chunk always comes"
        return ChatResult(generations=[ChatGeneration(message=message_chunk_to_message(whole.message))])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Refuse: the engine belongs to an event loop."""
        raise NotImplementedError(
            "A model of the local engine has no synchronous calls; use ainvoke or astream."
        )

    async def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        options: dict[str, Any],
        run_manager: AsyncCallbackManagerForLLMRun | None,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        # LangChain's id of the call, so that the engine's log can be read beside ours.
        request_id = str(run_manager.run_id) if run_manager else uuid.uuid4().hex
        request = self._request(request_id, messages, stop, options)
        self._requests.add(request_id)
        harmony: HarmonySplitter | None = None
        try:
            async with aclosing(self.client.stream(request, paused=lambda: self._paused)) as events:
                async for event in events:
                    if isinstance(event, Started):
                        self._heed(event)
                        harmony = HarmonySplitter() if event.harmony else None
                        # The reasoning that the template has opened is told from the answer by its mark.
                        for chunk in _chunks_of(event.opening, harmony):
                            yield chunk
                    elif isinstance(event, Text):
                        for chunk in _chunks_of(event.text, harmony):
                            yield chunk
                    elif isinstance(event, Finished):
                        for channel, text in harmony.close() if harmony else []:
                            yield _chunk(channel, text)
                        yield self._last_chunk(event)
                    else:
                        self._heed(event)
        finally:
            self._requests.discard(request_id)

    def _request(
        self, request_id: str, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> Generate:
        continue_final = options.pop("continue_final", self.continue_final)
        parameters = {**self.parameters, **({"stop": stop} if stop else {}), **options}
        return Generate(
            request_id=request_id,
            model=self.model,
            messages=[_plain(message) for message in messages],
            parameters=_parameters(parameters),
            load=self.load,
            continue_final=continue_final,
        )

    def _heed(self, event: Event) -> None:
        """Tell progress; raise what failed."""
        if isinstance(event, Failed):
            detail = without_hub_tokens(event.detail) if event.detail else None
            raise EngineError(event.code, without_hub_tokens(event.message), detail, event.hint)
        if self.on_progress is None:
            return
        if isinstance(event, Progress):
            self.on_progress(event.stage, event.fraction, None)
        elif isinstance(event, Queued):
            self.on_progress("queued", None, event.position)
        elif isinstance(event, Started):
            self.on_progress("loading", 1, None)

    def _last_chunk(self, event: Finished) -> ChatGenerationChunk:
        usage = UsageMetadata(
            input_tokens=event.usage.input_tokens,
            output_tokens=event.usage.output_tokens,
            total_tokens=event.usage.input_tokens + event.usage.output_tokens,
        )
        if event.guessed_tokens:
            guessed = {"guessed": event.guessed_tokens, "accepted": event.accepted_tokens}
            usage["output_token_details"] = cast(OutputTokenDetails, guessed)
        about = {"finish_reason": event.finish_reason, "model_name": self.model}
        message = AIMessageChunk(
            content="",
            usage_metadata=usage,
            response_metadata=about,
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)


def _chunks_of(text: str, harmony: HarmonySplitter | None) -> list[ChatGenerationChunk]:
    """Return the chunks for a text of the engine's."""
    pieces = harmony.add(text) if harmony else [("text", text)] if text else []
    return [_chunk(kind, piece) for kind, piece in pieces]


def _chunk(kind: str, text: str) -> ChatGenerationChunk:
    if kind == "text":
        return ChatGenerationChunk(message=AIMessageChunk(content=text))
    return ChatGenerationChunk(
        message=AIMessageChunk(content="", additional_kwargs={"reasoning_content": text})
    )


def _plain(message: BaseMessage) -> ChatMessage:
    """Return a message as chat templates take it: a role and text."""
    role = _ROLES.get(message.type) or str(getattr(message, "role", message.type))
    return ChatMessage(role=role, content=str(message.text))


def _parameters(values: dict[str, Any]) -> Parameters:
    """Read the engine's parameters. Raises EngineError for one that it does not have."""
    unknown = sorted(set(values) - set(Parameters.__dataclass_fields__))
    if not unknown:
        return Parameters(**values)
    if "num_beams" in unknown:
        why = "Beam search cannot be streamed: a later token may still change the earlier ones."
    else:
        why = f"The local engine has no parameter {', '.join(unknown)}."
    known = ", ".join(Parameters.__dataclass_fields__)
    raise EngineError("invalid_parameter", why, hint=f"Known are: {known}.")
