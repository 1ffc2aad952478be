"""One answer in the making: its tokens, what is read of them, and the text that they give.

Knows what the model has to read next and what follows from its logits; calls no model and owns no cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from .detokenizer import detokenizer
from .errors import EngineFailure
from .messages import FinishReason, Parameters
from .model import LoadedModel
from .sampling import Sampler
from .scheduler.kv_cache import KeyValueCache
from .scheduler.prompt_lookup import PromptLookup
from .stopstrings import StopStrings


class Generation:
    """The making of one answer. Its counters may be read at any time, by any thread."""

    def __init__(
        self,
        loaded: LoadedModel,
        prompt: list[int],
        parameters: Parameters,
        emit: Callable[[str], None],
        stop: threading.Event | None = None,
        pause: threading.Event | None = None,
    ) -> None:
        """``emit`` is handed each step's text; the flags are looked at before every call of the model.

        Raises EngineFailure when the prompt leaves no room for an answer.
        """
        self.ids = list(prompt)
        """Prompt and answer."""
        self.cache: KeyValueCache | None = None
        """What is read of ``ids``; None while it does not run."""
        self.stop = stop or threading.Event()
        self.pause = pause or threading.Event()
        self.sampler = Sampler(loaded, prompt, parameters)
        self.prompt_tokens = len(prompt)
        self.reused_tokens = 0
        self.output_tokens = 0
        self.forward_calls = 0
        self.forward_calls_after_stop = 0
        self.lookup = PromptLookup(self.ids, parameters.prompt_lookup or 0)
        self._room = answer_room(loaded, len(prompt), parameters.max_tokens)
        self._end_tokens = loaded.end_tokens
        self._detokenizer = detokenizer(loaded.tokenizer)
        self._stops = StopStrings([*(parameters.stop or []), *_configured_stops(loaded)])
        self._emit = emit

    @property
    def unread(self) -> int:
        """How many tokens the model has to read before the next one can be chosen."""
        return len(self.ids) - (self.cache.length if self.cache else 0)

    @property
    def room_left(self) -> int | None:
        """How many more tokens the answer may have; None: no limit is known."""
        return None if self._room is None else self._room - self.output_tokens

    def add(self, token: int) -> FinishReason | None:
        """Append a token and show its text. Returns why the answer is over, or None."""
        self.ids.append(token)
        self.output_tokens += 1
        if token in self._end_tokens:
            return self._end("stop")
        self._show(self._detokenizer.add(token))
        if self._stops.found:
            return "stop"
        if self.output_tokens == self._room:
            return self._end("length")
        return None

    def _show(self, text: str) -> None:
        if text := self._stops.add(text):
            self._emit(text)

    def _end(self, reason: FinishReason) -> FinishReason:
        """Show what was held back: half characters, and beginnings of stop strings."""
        self._show(self._detokenizer.flush())
        if self._stops.found:
            return "stop"
        if rest := self._stops.flush():
            self._emit(rest)
        return reason


def answer_room(loaded: LoadedModel, prompt_tokens: int, max_tokens: int | None) -> int | None:
    """Return the most tokens that the answer may have; None: no limit is known.

    Raises EngineFailure when the prompt fills the model's context.
    """
    limit = max_tokens or loaded.generation_config.max_new_tokens
    if loaded.context_length is None:
        return limit
    left = loaded.context_length - prompt_tokens
    if left <= 0:
        raise EngineFailure(
            "context_too_long",
            f"The conversation has {prompt_tokens} tokens; this model reads {loaded.context_length} at most, "
            "its answer included.",
            "Start a new chat, or shorten the question.",
        )
    return min(limit, left) if limit else left


def _configured_stops(loaded: LoadedModel) -> list[str]:
    """Return the model's own stop strings."""
    configured = loaded.generation_config.stop_strings
    return [configured] if isinstance(configured, str) else list(configured or [])
