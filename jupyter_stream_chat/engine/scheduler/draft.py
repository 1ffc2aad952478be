"""Guesses the next tokens of answers by a smaller model of the same vocabulary (speculative decoding).

The model itself reads a guess together with the last token, in one call; what it would not have chosen is
discarded, so the answer stays the same. The small model reads all answers in one call, as the large one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import EngineFailure
from ..generation import Generation
from ..model import LoadedModel
from .kv_cache import PackedCache
from .packing import Segment, forward
from .trial import prepare_packing

_MOST = 5
"""Tokens in a guess; the length follows how much of the earlier guesses was right."""


@dataclass
class _Reader:
    """What the small model has read of one answer."""

    cache: PackedCache
    held: int = 0
    """Tokens of the answer that the cache surely holds."""
    guess: list[int] = field(default_factory=list)
    length: int = _MOST


class Draft:
    """The small model beside one that answers. Belongs to one thread."""

    def __init__(self, loaded: LoadedModel, model: LoadedModel, name: str) -> None:
        """``loaded`` is the small one, called ``name``. Raises EngineFailure where the two do not fit."""
        if loaded.tokenizer.get_vocab() != model.tokenizer.get_vocab():
            raise _unfit(name, "its vocabulary is another one")
        found = prepare_packing(loaded) if loaded.reads_in_chunks else None
        if found is None:
            raise _unfit(name, "it cannot be stepped for several chats at once")
        self.loaded = loaded
        self.bytes_per_token = found
        self._readers: dict[Generation, _Reader] = {}

    def forget(self, generation: Generation) -> None:
        """Drop what was read of an answer."""
        self._readers.pop(generation, None)

    def guesses(self, generations: Sequence[Generation]) -> dict[Generation, list[int]]:
        """Return what may follow in each answer: each has one token left to read.

        An answer whose beginning is not read yet gets no guess in this step, but a part of it is read.
        """
        ready = [each for each in generations if self._catch_up(each)]
        wanted = {each: min(self._readers[each].length, _room(each)) for each in ready}
        guesses: dict[Generation, list[int]] = {each: [] for each in ready}
        while asking := [each for each in ready if len(guesses[each]) < wanted[each]]:
            ids = [(guesses[each] or each.ids)[-1:] for each in asking]
            best = self._read(asking, ids)
            for each, token in zip(asking, best, strict=True):
                guesses[each].append(token)
        for each in ready:
            self._readers[each].guess = guesses[each]
        return guesses

    def _catch_up(self, generation: Generation) -> bool:
        """Read all of an answer but its last token, as far as one call may; False: something is left."""
        reader = self._readers.setdefault(generation, _Reader(PackedCache(self.bytes_per_token)))
        ids = generation.ids
        right = 0
        for guessed, chosen in zip(reader.guess, ids[reader.held :], strict=False):
            if guessed != chosen:
                break
            right += 1
        if reader.guess:
            reader.length = min(_MOST, 2 * right + 1)
        reader.guess = []
        reader.cache.crop(min(reader.cache.length, reader.held + right, len(ids) - 1))
        begin = reader.cache.length
        end = min(len(ids) - 1, begin + self.loaded.prompt_chunk)
        if end > begin:
            self._read([generation], [ids[begin:end]])
        reader.held = len(ids)
        if end < len(ids) - 1:
            reader.held = end
            return False
        return True

    def _read(self, generations: Sequence[Generation], ids: Sequence[Sequence[int]]) -> list[int]:
        """Read ``ids`` of each answer; return the best token after each."""
        segments = []
        for generation, each in zip(generations, ids, strict=True):
            cache = self._readers[generation].cache
            cache.reserve(cache.length + len(each))
            segments.append(Segment(each, cache, 1))
        best: list[int] = forward(self.loaded, segments).argmax(dim=-1).tolist()
        return best


def _room(generation: Generation) -> int:
    """Return how many tokens may be guessed: an answer that has room for one more needs no guess."""
    return _MOST if generation.room_left is None else max(0, generation.room_left - 1)


def _unfit(name: str, why: str) -> EngineFailure:
    return EngineFailure(
        "unfit_draft_model",
        f"{name} cannot guess for this model: {why}.",
        "Choose a smaller model of the same family as the draft model, or none.",
    )
