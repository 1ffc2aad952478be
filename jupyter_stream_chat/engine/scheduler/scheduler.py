"""Steps all generations of a model together.

Owns which of them run, what each call of the model reads, and their caches. A step is one call: one token for
every answer, and as much of the prompts as the answers can wait for. Knows nothing of requests and queues.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from ..errors import EngineFailure, is_out_of_memory
from ..generation import Generation
from ..messages import Failed, FinishReason
from ..model import LoadedModel
from ..quantization import nbytes_of
from .calls import PackedCalls, Read, model_calls
from .chunks import ChunkSize, may_delay, shares
from .draft import Draft
from .outcome import Outcome, failed
from .prefix_cache import PrefixCache

log = logging.getLogger(__name__)

MOST_RUNNING = 32
_ANSWER_RESERVE = 128
"""Tokens: an answer is begun only if the budget has room for so many of them."""
_MIB = 2**20

Left = tuple[Generation, Outcome]


class Scheduler:
    """The generations of one model that run. Belongs to one thread."""

    def __init__(
        self,
        loaded: LoadedModel,
        budget: int,
        most_running: int = MOST_RUNNING,
        clock: Callable[[], float] = time.perf_counter,
        draft: Draft | None = None,
    ) -> None:
        """``budget``: most bytes of all caches, in use and idle. ``clock`` tells seconds.

        ``draft`` guesses tokens where the model is called for several generations at once.
        """
        self.loaded = loaded
        self._calls = model_calls(loaded)
        self._draft = draft if isinstance(self._calls, PackedCalls) else None
        if self._draft is not None and isinstance(self._calls, PackedCalls):
            own = self._calls.bytes_per_token
            budget = budget * own // (own + self._draft.bytes_per_token)
        self.steps = 0
        """Calls of the model so far."""
        self.step_answers = 0
        """Generations that took part in them, summed."""
        self.output_tokens = 0
        self.guessed_tokens = 0
        self.accepted_tokens = 0
        self._most_running = min(most_running, self._calls.most_sequences or most_running)
        chunk = self._calls.prompt_chunk
        self.prefixes = PrefixCache(self._calls.new_cache, budget if chunk else 0)
        self._chunk_size = ChunkSize(chunk) if chunk else None
        self._running: list[Generation] = []
        self._clock = clock

    @property
    def running(self) -> Sequence[Generation]:
        """The generations that run, longest running first."""
        return self._running

    @property
    def is_packed(self) -> bool:
        """Whether the model is called for several generations at once."""
        return self._calls.most_sequences is None

    @property
    def nbytes(self) -> int:
        """Bytes of the weights, the draft model's included."""
        networks = [self.loaded.network]
        if self._draft is not None:
            networks.append(self._draft.loaded.network)
        return sum(nbytes_of(network) for network in networks)

    def admit(self, generation: Generation) -> bool:
        """Let a generation run. False: there is no room for it now.

        Raises EngineFailure if there never will be.
        """
        if len(self._running) >= self._most_running:
            return False
        length = len(generation.ids)
        if not self.prefixes.fits(length + _ANSWER_RESERVE):
            if self._running:
                return False
            if not self.prefixes.fits(length + 1):
                raise self._no_room(length)
        cache = self.prefixes.checkout(generation.ids)
        self.prefixes.make_room(cache.growth(length))
        cache.reserve(length)
        generation.cache = cache
        generation.reused_tokens = cache.length
        self._running.append(generation)
        return True

    @torch.inference_mode()
    def step(self) -> list[Left]:
        """Call the model once for all that run; return those that left, and how.

        A generation that was stopped or paused takes no part. What one raises ends that one alone.
        """
        left = list(self._remove_flagged())
        reads = self._reserved(self._plan(), left)
        if not reads:
            return left
        ran_out = False
        try:
            outputs = [read.outputs for read in reads]
            begin = self._clock()
            logits = self._calls.call(reads)
            seconds = self._clock() - begin
        except Exception as error:  # noqa: BLE001 - whatever a model raises ends a generation, not the engine
            ran_out = is_out_of_memory(error)
            if len(self._running) == 1:
                return [*left, self._remove(self._running[0], failed(error))]
        else:
            if self._chunk_size and any(read.tokens > 1 for read in reads):
                self._chunk_size.measured(sum(read.tokens for read in reads), seconds)
            self.steps += 1
            self.step_answers += len(reads)
            return [*left, *self._advance(reads, outputs, logits)]
        # Only now: while the exception was handled, its trace held the tensors.
        return [*left, *(self._give_up_memory() if ran_out else self._each_alone(reads))]

    def remove(self, generation: Generation) -> None:
        """Take a generation out; its cache becomes idle."""
        assert generation.cache is not None
        self._running.remove(generation)
        self.prefixes.checkin(generation.cache)
        generation.cache = None
        if self._draft is not None:
            self._draft.forget(generation)

    def _plan(self) -> list[Read]:
        """Choose what the next call reads: the answers' last tokens, then parts of the prompts."""
        ready = [generation for generation in self._running if generation.unread == 1]
        guesses = self._guesses(ready)
        answers = [Read(generation, 1, guesses.get(generation, ())) for generation in ready]
        prompts = [generation for generation in self._running if generation.unread > 1]
        unread = [generation.unread for generation in prompts]
        if self._chunk_size:
            tokens = self._chunk_size.tokens(among_answers=not may_delay(len(answers), unread))
            unread = shares(unread, tokens)
        return answers + [
            Read(prompt, tokens) for prompt, tokens in zip(prompts, unread, strict=True) if tokens
        ]

    def _guesses(self, ready: Sequence[Generation]) -> Mapping[Generation, Sequence[int]]:
        """Guess from what the conversations have had; where that gives nothing, ask the draft model."""
        if not self.is_packed:
            return {}
        guesses = {generation: generation.lookup.guess() for generation in ready}
        if self._draft is not None:
            try:
                guesses |= self._draft.guesses([each for each in ready if not guesses[each]])
            except Exception:  # whatever it raises: answers need no guesses
                log.exception("the draft model is not used any more")
                self._draft = None
        return guesses

    def _reserved(self, reads: list[Read], left: list[Left]) -> list[Read]:
        """Return the reads whose caches have room, made at the cost of idle caches, then of the youngest."""
        for read in reads:
            generation = read.generation
            if generation not in self._running:
                continue
            length = read.cache.length + read.tokens + len(read.guess)
            if self._make_room(generation, length, left):
                read.cache.reserve(length)
        return [read for read in reads if read.generation in self._running]

    def _make_room(self, generation: Generation, length: int, left: list[Left]) -> bool:
        assert generation.cache is not None
        while not self.prefixes.make_room(generation.cache.growth(length)):
            youngest = self._running[-1]
            if len(self._running) == 1:
                left.append(self._remove(youngest, failed(self._no_room(length))))
            else:
                left.append(self._remove(youngest, "suspended"))
            if youngest is generation:
                return False
        return True

    def _advance(self, reads: Sequence[Read], outputs: Sequence[int], logits: torch.Tensor) -> Iterator[Left]:
        """Give each generation whose prompt is read its next token, or several where it guessed right.

        ``logits`` has so many ``outputs`` of each read, one after another.
        """
        best = logits.argmax(dim=-1).tolist()
        end = 0
        for read, count in zip(reads, outputs, strict=True):
            begin, end = end, end + count
            generation = read.generation
            generation.forward_calls += 1
            outcome: Outcome | None = None
            if generation.stop.is_set():
                generation.forward_calls_after_stop += 1
                outcome = "interrupted"
            elif count:
                outcome = self._add_tokens(read, logits[begin:end], best[begin:end])
            if read.guess:
                read.cache.crop(min(read.cache.length, len(generation.ids) - 1))
            if outcome is not None:
                yield self._remove(generation, outcome)

    def _add_tokens(
        self, read: Read, rows: torch.Tensor, best: Sequence[int]
    ) -> FinishReason | Failed | None:
        """Add the token that follows, and go on while it is the one that was guessed."""
        generation = read.generation
        end: FinishReason | None = None
        accepted = 0
        try:
            for row, token, guessed in zip(rows, best, [*read.guess, None], strict=True):
                if not generation.sampler.takes_best:
                    token = generation.sampler.choose(generation.ids, row)
                end = generation.add(token)
                if end or token != guessed:
                    break
                accepted += 1
        except Exception as error:  # noqa: BLE001 - a sampler or tokenizer that raises ends one generation
            return failed(error)
        self.output_tokens += accepted + 1
        if read.guess:
            generation.lookup.judged(len(read.guess), accepted)
            self.guessed_tokens += len(read.guess)
            self.accepted_tokens += accepted
        return end

    def _each_alone(self, reads: Sequence[Read]) -> Iterator[Left]:
        """Find out which generation makes the model raise: call it for one after another."""
        for read in reads:
            outputs = [read.outputs]
            try:
                logits = self._calls.call([read])
            except Exception as error:  # noqa: BLE001 - as in `step`
                yield self._remove(read.generation, failed(error))
            else:
                yield from self._advance([read], outputs, logits)

    def _give_up_memory(self) -> Iterator[Left]:
        """Memory ran out below the budget: lower it, drop what is idle, and go on with one less."""
        self.prefixes.budget = min(self.prefixes.budget, self.prefixes.nbytes * 9 // 10)
        yield self._remove(self._running[-1], "suspended")
        self.prefixes.clear()

    def _remove_flagged(self) -> Iterator[Left]:
        for generation in list(self._running):
            if generation.stop.is_set():
                yield self._remove(generation, "interrupted")
            elif generation.pause.is_set():
                yield self._remove(generation, "suspended")

    def _remove(self, generation: Generation, outcome: Outcome) -> Left:
        self.remove(generation)
        return generation, outcome

    def _no_room(self, tokens: int) -> EngineFailure:
        return EngineFailure(
            "out_of_memory",
            f"The chat has {tokens} tokens, which do not fit into the {self.prefixes.budget // _MIB} MiB "
            "that the engine uses for chats.",
            "Start a shorter chat, lower max_tokens, or raise c.StreamChat.engine_cache_mib.",
        )
