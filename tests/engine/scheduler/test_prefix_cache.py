"""Which of the earlier prompts is handed out, what is copied, and which is dropped when room is short."""

from __future__ import annotations

import pytest
import torch

from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.scheduler.kv_cache import BLOCK, PackedCache
from jupyter_stream_chat.engine.scheduler.packing import Segment, forward
from jupyter_stream_chat.engine.scheduler.prefix_cache import PrefixCache, common_prefix
from jupyter_stream_chat.engine.scheduler.trial import prepare_packing

LONG = list(range(100, 140))


class Prompts:
    """A prefix cache, and what reads prompts into it."""

    def __init__(self, loaded: LoadedModel, blocks: float = 100) -> None:
        bytes_per_token = prepare_packing(loaded)
        assert bytes_per_token
        self.loaded = loaded
        self.block = BLOCK * bytes_per_token
        self.prefixes = PrefixCache(lambda: PackedCache(bytes_per_token), int(blocks * self.block))

    def checkout(self, ids: list[int]) -> PackedCache:
        cache = self.prefixes.checkout(ids)
        assert isinstance(cache, PackedCache)
        return cache

    def read(self, ids: list[int]) -> PackedCache:
        """Read ids into a cache that is in use then."""
        cache = self.checkout(ids)
        cache.reserve(len(ids))
        with torch.inference_mode():
            forward(self.loaded, [Segment(ids[cache.length :], cache, 0)])
        return cache

    def keep(self, ids: list[int]) -> PackedCache:
        """Read ids, and leave them idle."""
        cache = self.read(ids)
        self.prefixes.checkin(cache)
        return cache


@pytest.fixture
def prompts(loaded: LoadedModel) -> Prompts:
    return Prompts(loaded)


def test_common_prefix() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2
    for length in range(20):
        assert common_prefix([*range(length), -1, 7], [*range(length), -2, 7]) == length


def test_the_longest_beginning_is_handed_out_and_cropped(prompts: Prompts) -> None:
    prompts.keep([1, 2, 3, 4])
    longest = prompts.keep([1, 2, 3, 9, 9, 7])
    cache = prompts.checkout([1, 2, 3, 9, 9, 8, 8])
    assert cache is longest
    assert cache.length == 5


def test_one_id_is_always_left_to_read(prompts: Prompts) -> None:
    prompts.keep([1, 2, 3, 4])
    assert prompts.checkout([1, 2, 3, 4]).length == 3


def test_an_idle_cache_is_handed_out_once(prompts: Prompts) -> None:
    kept = prompts.keep([1, 2, 3, 4])
    assert prompts.checkout([1, 2, 3, 4, 5]) is kept
    assert prompts.checkout([1, 2, 3, 4, 5]).length == 0


def test_another_chats_cache_is_left_alone(prompts: Prompts) -> None:
    other = prompts.keep([1, 2, *LONG])
    cache = prompts.checkout([1, 2, 5, 6])
    assert cache is not other
    assert (cache.length, other.length) == (0, 42)


def test_what_another_chat_begins_with_is_copied_from_a_cache_in_use(prompts: Prompts) -> None:
    other = prompts.read([*LONG, 1, 2, 3])
    ids = [*LONG, 7, 8, 9]
    cache = prompts.checkout(ids)
    assert cache is not other
    assert (cache.length, other.length) == (40, 43)
    for each in (cache, fresh := PackedCache(1)):
        each.reserve(43)
        assert each is fresh or each.length == 40
    with torch.inference_mode():
        copied = forward(prompts.loaded, [Segment(ids[40:], cache, 1)])
        read = forward(prompts.loaded, [Segment(ids, fresh, 1)])
    torch.testing.assert_close(copied, read)


def test_no_more_is_copied_than_the_other_has_read(prompts: Prompts) -> None:
    prompts.checkout([*LONG, 1])
    assert prompts.checkout([*LONG, 2]).length == 0


def test_the_longest_unused_is_dropped_first(loaded: LoadedModel) -> None:
    prompts = Prompts(loaded, blocks=2.5)
    for start in (100, 200, 300):
        prompts.keep(list(range(start, start + 8)))
    assert prompts.checkout(list(range(100, 109))).length == 0
    assert prompts.checkout(list(range(300, 309))).length == 8


def test_idle_caches_make_room_and_caches_in_use_do_not(loaded: LoadedModel) -> None:
    prompts = Prompts(loaded, blocks=4)
    prompts.read([1, 2, 3])
    prompts.keep([4, 5, 6])
    prompts.keep([7, 8, 9])
    assert prompts.prefixes.nbytes == 3 * prompts.block
    assert prompts.prefixes.make_room(prompts.block)
    assert prompts.prefixes.idle_nbytes == 2 * prompts.block
    assert prompts.prefixes.make_room(3 * prompts.block)
    assert prompts.prefixes.idle_nbytes == 0
    assert not prompts.prefixes.make_room(4 * prompts.block)
    assert prompts.prefixes.fits(3 * BLOCK)
    assert not prompts.prefixes.fits(3 * BLOCK + 1)


def test_a_copy_is_not_made_above_the_budget(loaded: LoadedModel) -> None:
    prompts = Prompts(loaded, blocks=1)
    idle = prompts.keep([*LONG, *range(300, 320), *range(3)])
    cache = prompts.checkout([*LONG[:20], 7])
    assert cache is idle, "there is no room for both"
    assert cache.length == 20
    assert prompts.prefixes.nbytes == prompts.block


def test_without_a_budget_nothing_is_kept(loaded: LoadedModel) -> None:
    prompts = Prompts(loaded, blocks=0)
    prompts.keep([1, 2, 3])
    assert prompts.checkout([1, 2, 3, 4]).length == 0
