"""One answer: the prompt is read in chunks, then the model steps from token to token.

Owns the loop and looks at its flags, stop and pause, before every call of the model, also while the prompt is
read (`generate()` of transformers looks at nothing then). Knows nothing of queues, pipes or loading.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch

from .detokenizer import detokenizer
from .errors import EngineFailure
from .messages import FinishReason, Parameters
from .model import LoadedModel
from .sampling import Sampler
from .stopstrings import StopStrings


class Generation:
    """The making of one answer. Its counters may be read at any time."""

    def __init__(
        self,
        loaded: LoadedModel,
        prompt: list[int],
        parameters: Parameters,
        stop: threading.Event,
        pause: threading.Event | None = None,
    ) -> None:
        """Raises EngineFailure when the prompt leaves no room for an answer, before any call of the model."""
        self._loaded = loaded
        self._ids = list(prompt)
        self._room = answer_room(loaded, len(prompt), parameters.max_tokens)
        self._stop = stop
        self._pause = pause or threading.Event()
        self._sampler = Sampler(loaded.generation_config, parameters, loaded.device)
        self._detokenizer = detokenizer(loaded.tokenizer)
        self._stops = StopStrings(parameters.stop or [])
        self._held, self._cache = loaded.prefixes.lend(prompt)
        self._is_lent = True
        self.prompt_tokens = len(prompt)
        self.reused_tokens = len(self._held)
        self.output_tokens = 0
        self.forward_calls = 0
        self.forward_calls_after_stop = 0

    @torch.inference_mode()
    def run(self, emit: Callable[[str], None], loaded: LoadedModel | None = None) -> FinishReason | None:
        """Generate to the end, handing each step's text to ``emit``. What the model raises, passes.

        None: it was paused, and goes on when it is called again. Until then it holds no memory of the model:
        what was read is kept as an earlier prompt is, and read again where that had to go. ``loaded`` is the
        model anew, which may have been unloaded meanwhile.
        """
        self._loaded = loaded or self._loaded
        if not self._is_lent:
            self._held, self._cache = self._loaded.prefixes.lend(self._ids)
            self._is_lent = True
        reason = self._run(emit)
        if self._held:
            self._loaded.prefixes.give_back(self._held, self._cache)
        self._is_lent = False
        return reason

    def _run(self, emit: Callable[[str], None]) -> FinishReason | None:
        while (logits := self._read()) is not None:
            token = self._sampler.choose(self._ids, logits)
            self._ids.append(token)
            self.output_tokens += 1
            if token in self._loaded.end_tokens:
                return self._end("stop", emit)
            self._show(self._detokenizer.add(token), emit)
            if self._stops.found:
                return "stop"
            if self.output_tokens == self._room:
                return self._end("length", emit)
        return "interrupted" if self._stop.is_set() else None

    def _read(self) -> torch.Tensor | None:
        """Read what the cache does not hold, in chunks: the prompt, then each token. None when halted."""
        logits = None
        chunk = self._loaded.prompt_chunk
        for start in range(len(self._held), len(self._ids), chunk):
            logits = self._forward(self._ids[start : start + chunk])
            if logits is None:
                break
        return logits

    def _forward(self, ids: list[int]) -> torch.Tensor | None:
        """Call the model once; None when stopped before or meanwhile, or paused before.

        The only place that calls it.
        """
        if self._stop.is_set() or self._pause.is_set():
            return None
        logits = self._loaded.forward(ids, self._cache)
        self._held.extend(ids)
        self.forward_calls += 1
        if self._stop.is_set():
            self.forward_calls_after_stop += 1
            return None
        return logits

    def _show(self, text: str, emit: Callable[[str], None]) -> None:
        if text := self._stops.add(text):
            emit(text)

    def _end(self, reason: FinishReason, emit: Callable[[str], None]) -> FinishReason:
        """Show what was held back: half characters, and beginnings of stop strings."""
        self._show(self._detokenizer.flush(), emit)
        if self._stops.found:
            return "stop"
        if rest := self._stops.flush():
            emit(rest)
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
