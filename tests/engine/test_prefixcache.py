"""Which of the earlier prompts is lent, and which goes when room is short."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache

from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.prefixcache import PrefixCache, common_prefix


def keep(prefixes: PrefixCache, loaded: LoadedModel, ids: list[int]) -> DynamicCache:
    """Read ids into a fresh cache and give it back for keeping."""
    cache = DynamicCache(config=loaded.network.config)
    with torch.inference_mode():
        loaded.forward(ids, cache)
    prefixes.give_back(list(ids), cache)
    return cache


@pytest.fixture
def prefixes(loaded: LoadedModel) -> PrefixCache:
    return PrefixCache(loaded.network.config, 10**9)


def test_common_prefix() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2


def test_the_longest_beginning_is_lent_and_cropped(prefixes: PrefixCache, loaded: LoadedModel) -> None:
    keep(prefixes, loaded, [1, 2, 3, 4])
    longest = keep(prefixes, loaded, [1, 2, 3, 9, 9, 7])
    held, cache = prefixes.lend([1, 2, 3, 9, 9, 8, 8])
    assert held == [1, 2, 3, 9, 9]
    assert cache is longest
    assert cache.get_seq_length() == 5


def test_one_id_is_always_left_to_read(prefixes: PrefixCache, loaded: LoadedModel) -> None:
    keep(prefixes, loaded, [1, 2, 3, 4])
    assert prefixes.lend([1, 2, 3, 4])[0] == [1, 2, 3]


def test_an_entry_is_lent_once(prefixes: PrefixCache, loaded: LoadedModel) -> None:
    keep(prefixes, loaded, [1, 2, 3, 4])
    prefixes.lend([1, 2, 3, 4, 5])
    assert prefixes.lend([1, 2, 3, 4, 5])[0] == []


def test_another_chats_entry_is_left_alone(prefixes: PrefixCache, loaded: LoadedModel) -> None:
    other = keep(prefixes, loaded, [1, 2, *range(10, 30)])
    held, cache = prefixes.lend([1, 2, 5, 6])
    assert held == []
    assert cache is not other
    assert other.get_seq_length() == 22


def test_the_longest_unused_goes_first(loaded: LoadedModel) -> None:
    size = sum(layer.keys.nbytes + layer.values.nbytes for layer in _read(loaded, 8).layers)
    prefixes = PrefixCache(loaded.network.config, int(2.5 * size))
    for start in (100, 200, 300):
        keep(prefixes, loaded, list(range(start, start + 8)))
    assert prefixes.lend(list(range(100, 109)))[0] == []
    assert len(prefixes.lend(list(range(300, 309)))[0]) == 8


def test_without_a_budget_nothing_is_kept(loaded: LoadedModel) -> None:
    prefixes = PrefixCache(loaded.network.config, 0)
    keep(prefixes, loaded, [1, 2, 3])
    assert prefixes.lend([1, 2, 3, 4])[0] == []


def _read(loaded: LoadedModel, length: int) -> DynamicCache:
    cache = DynamicCache(config=loaded.network.config)
    with torch.inference_mode():
        loaded.forward(list(range(length)), cache)
    return cache
