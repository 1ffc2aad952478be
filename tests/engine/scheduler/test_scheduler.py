"""Many generations of one model at once: each is what it would be alone, and none waits or takes too much."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.messages import Failed, Parameters
from jupyter_stream_chat.engine.model import PREFILL_CHUNK, LoadedModel
from jupyter_stream_chat.engine.scheduler.calls import PackedCalls, Read
from jupyter_stream_chat.engine.scheduler.kv_cache import BLOCK
from jupyter_stream_chat.engine.scheduler.outcome import Outcome
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_tiny_model


class Chats:
    """A scheduler, its generations, the text of each, and how each left."""

    def __init__(self, loaded: LoadedModel, budget: int = 10**9, **options: Any) -> None:
        self.loaded = loaded
        self.scheduler = Scheduler(loaded, budget, clock=lambda: 0.0, **options)
        self.texts: defaultdict[Generation, str] = defaultdict(str)
        self.ends: dict[Generation, Outcome] = {}
        self.peak = 0

    def new(self, prompt: list[int], **parameters: Any) -> Generation:
        """Make a generation that does not run yet."""

        def emit(text: str) -> None:
            self.texts[generation] += text

        flags = threading.Event(), threading.Event()
        generation = Generation(self.loaded, prompt, Parameters(**parameters), emit, *flags)
        return generation

    def begin(self, prompt: list[int], **parameters: Any) -> Generation:
        """Let a generation run."""
        generation = self.new(prompt, **parameters)
        assert self.scheduler.admit(generation)
        return generation

    def step(self) -> None:
        """Step once."""
        for generation, outcome in self.scheduler.step():
            self.ends[generation] = outcome
        self.peak = max(self.peak, self.scheduler.prefixes.nbytes)

    def finish(self) -> None:
        """Step until nothing runs."""
        while self.scheduler.running:
            self.step()


def prompt(length: int, seed: int) -> list[int]:
    return random.Random(seed).choices(range(10, 500), k=length)


def generated(loaded: LoadedModel, ids: list[int], tokens: int, **options: Any) -> list[int]:
    """Return prompt and answer as transformers alone makes them."""
    inputs = torch.tensor([ids])
    options = {"do_sample": False} | options
    output = loaded.network.generate(
        inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=tokens, **options
    )
    found: list[int] = output[0].tolist()
    return found


# --- equal to `generate` ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("blocks", [10_000, 24])
def test_whatever_joins_leaves_pauses_and_stops_each_answer_is_what_generate_gives(
    loaded: LoadedModel, seed: int, blocks: int
) -> None:
    chance = random.Random(seed)
    budget = blocks * BLOCK * 512
    chats = Chats(loaded, budget, most_running=6)
    shared = prompt(100, 7)
    plans = []
    for number in range(14):
        own = prompt(chance.choice([1, 5, 40, 200, 600]), 100 + number)
        plans.append((shared + own if chance.random() < 0.4 else own, chance.choice([1, 10, 60])))
    waiting = [chats.new(ids, max_tokens=tokens) for ids, tokens in plans]
    everyone = list(waiting)
    stopped = set()
    while waiting or chats.scheduler.running:
        while waiting and chance.random() < 0.7 and chats.scheduler.admit(waiting[0]):
            waiting.pop(0).pause.clear()
        for generation in chats.scheduler.running:
            if chance.random() < 0.02:
                generation.pause.set()
            elif chance.random() < 0.005:
                generation.stop.set()
                stopped.add(generation)
        for generation, outcome in chats.scheduler.step():
            if outcome == "suspended":
                waiting.append(generation)
            else:
                chats.ends[generation] = outcome
        assert chats.scheduler.prefixes.nbytes <= budget
    for generation, (ids, tokens) in zip(everyone, plans, strict=True):
        expected = generated(loaded, ids, tokens)
        assert generation.ids == expected[: len(generation.ids)]
        assert chats.ends[generation] == ("interrupted" if generation in stopped else "length")
        if generation not in stopped:
            assert len(generation.ids) == len(expected)
            assert chats.texts[generation] == loaded.tokenizer.decode(
                expected[len(ids) :], skip_special_tokens=True
            )


@pytest.mark.parametrize(
    "config",
    [
        {"num_key_value_heads": 4},
        {"num_key_value_heads": 1},
        {"use_sliding_window": True, "sliding_window": 32, "max_window_layers": 0},
        {"use_sliding_window": True, "sliding_window": 32, "max_window_layers": 1},
    ],
)
def test_other_attentions_are_packed_as_exactly(
    tmp_path: Path, load: Callable[[Path], LoadedModel], config: dict[str, Any]
) -> None:
    loaded = load(make_tiny_model(tmp_path, **config))
    chats = Chats(loaded)
    assert chats.scheduler.is_packed
    prompts = [prompt(length, length) for length in (3, 50, 300)]
    generations = [chats.begin(ids, max_tokens=40) for ids in prompts]
    chats.finish()
    for generation, ids in zip(generations, prompts, strict=True):
        assert generation.ids == generated(loaded, ids, 40)


def test_a_seed_gives_the_same_answer_whoever_else_is_there(loaded: LoadedModel) -> None:
    asked = {"temperature": 1.2, "top_p": 0.9, "seed": 42, "max_tokens": 50}
    alone = Chats(loaded)
    one = alone.begin(prompt(20, 1), **asked)
    alone.finish()
    crowd = Chats(loaded)
    for number in range(5):
        crowd.begin(prompt(30, number), temperature=1.0, max_tokens=20 + 5 * number)
    crowd.step()
    other = crowd.begin(prompt(20, 1), **asked)
    crowd.finish()
    assert one.ids == other.ids


def test_each_has_its_own_parameters(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    ids = prompt(20, 1)
    plain = generated(loaded, ids, 40)
    text = loaded.tokenizer.decode(plain[20:], skip_special_tokens=True)
    greedy = chats.begin(ids, max_tokens=40)
    penalised = chats.begin(ids, max_tokens=40, repetition_penalty=1.5)
    stopping = chats.begin(ids, max_tokens=40, stop=[text[5:9]])
    chats.finish()
    assert greedy.ids == plain
    assert penalised.ids == generated(loaded, ids, 40, repetition_penalty=1.5) != plain
    assert chats.ends[stopping] == "stop"
    assert chats.texts[stopping] == text[: text.index(text[5:9])]


# --- steps ------------------------------------------------------------------------------------------


def test_while_a_long_prompt_is_read_each_step_gives_every_answer_a_token(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    answers = [chats.begin(prompt(10, seed), max_tokens=200) for seed in range(4)]
    chats.step()
    long = chats.begin(prompt(3900, 9), max_tokens=1)
    steps = 0
    while long in chats.scheduler.running:
        before = [answer.output_tokens for answer in answers]
        chats.step()
        steps += 1
        assert [answer.output_tokens for answer in answers] == [tokens + 1 for tokens in before]
    assert steps == -(-3900 // PREFILL_CHUNK)


def test_a_short_question_does_not_wait_for_a_long_prompt(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    chats.begin(prompt(3900, 9), max_tokens=1)
    chats.step()
    short = chats.begin(prompt(60, 1), max_tokens=3)
    chats.step()
    assert short.output_tokens == 1


def test_a_stop_takes_effect_within_the_step_and_leaves_the_others(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = Chats(loaded)
    reading, writing = chats.begin(prompt(3000, 1)), chats.begin(prompt(5, 2))
    other = chats.begin(prompt(6, 3), max_tokens=10)
    chats.step()
    call = PackedCalls.call

    def stopping_call(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        reading.stop.set()
        writing.stop.set()
        return call(self, reads)

    monkeypatch.setattr(PackedCalls, "call", stopping_call)
    text = chats.texts[writing]
    chats.step()
    assert chats.ends == {reading: "interrupted", writing: "interrupted"}
    assert (reading.forward_calls, reading.forward_calls_after_stop) == (2, 1)
    assert chats.texts[writing] == text
    chats.finish()
    assert other.ids == generated(loaded, prompt(6, 3), 10)


def test_a_lone_answer_takes_one_call_per_token_and_chunk(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    one = chats.begin(prompt(300, 1), max_tokens=20)
    chats.finish()
    assert one.forward_calls == 3 + 19


def test_a_system_prompt_in_common_is_read_once(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    system = prompt(500, 1)
    first = chats.begin([*system, 1, 2, 3], max_tokens=30)
    for _ in range(5):
        chats.step()
    second = chats.begin([*system, 4, 5, 6], max_tokens=30)
    chats.finish()
    assert (first.reused_tokens, second.reused_tokens) == (0, 500)
    assert second.ids == generated(loaded, [*system, 4, 5, 6], 30)


# --- faults -----------------------------------------------------------------------------------------


def test_what_makes_the_model_raise_ends_alone(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    chats = Chats(loaded)
    good, bad = chats.begin(prompt(5, 1), max_tokens=20), chats.begin(prompt(6, 2), max_tokens=20)
    chats.step()
    call = PackedCalls.call

    def failing_call(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        if any(read.generation is bad for read in reads):
            raise RuntimeError("device-side assert")
        return call(self, reads)

    monkeypatch.setattr(PackedCalls, "call", failing_call)
    chats.finish()
    end = chats.ends[bad]
    assert isinstance(end, Failed)
    assert "device-side assert" in (end.detail or "")
    assert good.ids == generated(loaded, prompt(5, 1), 20)


def test_a_sampler_that_raises_ends_its_own_answer(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    bad = chats.begin(prompt(5, 1), max_tokens=20, temperature=1.0)
    good = chats.begin(prompt(6, 2), max_tokens=20)
    bad.sampler.choose = None  # type: ignore[assignment,method-assign]
    chats.finish()
    assert isinstance(chats.ends[bad], Failed)
    assert good.ids == generated(loaded, prompt(6, 2), 20)


def test_when_memory_runs_out_the_youngest_waits_and_the_others_go_on(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = Chats(loaded)
    old, young = chats.begin(prompt(300, 1), max_tokens=20), chats.begin(prompt(300, 2), max_tokens=20)
    for _ in range(8):
        chats.step()
    call = PackedCalls.call

    def call_of_one(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        if len(reads) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return call(self, reads)

    monkeypatch.setattr(PackedCalls, "call", call_of_one)
    chats.step()
    assert chats.ends == {young: "suspended"}
    assert not chats.scheduler.admit(young), "it would run out again"
    chats.finish()
    assert chats.ends[old] == "length"
    assert chats.scheduler.admit(young)
    chats.finish()
    assert young.ids == generated(loaded, prompt(300, 2), 20)


# --- memory -----------------------------------------------------------------------------------------


def test_the_caches_of_32_long_chats_stay_within_the_budget(loaded: LoadedModel) -> None:
    budget = 40 * BLOCK * 512
    chats = Chats(loaded, budget)
    plans = [(prompt(300 + 10 * number, number), 100) for number in range(32)]
    waiting = [chats.new(ids, max_tokens=tokens) for ids, tokens in plans]
    everyone = list(waiting)
    together = 0
    while waiting or chats.scheduler.running:
        while waiting and chats.scheduler.admit(waiting[0]):
            waiting.pop(0)
        together = max(together, len(chats.scheduler.running))
        for generation, outcome in chats.scheduler.step():
            if outcome == "suspended":
                waiting.insert(0, generation)
            else:
                assert outcome == "length"
        assert chats.scheduler.prefixes.nbytes <= budget
    assert together >= 3
    for generation, (ids, tokens) in zip(everyone[::8], plans[::8], strict=True):
        assert generation.ids == generated(loaded, ids, tokens)


def test_the_bytes_that_are_counted_are_those_of_the_tensors(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    one = chats.begin(prompt(200, 1), max_tokens=90)
    for _ in range(60):
        chats.step()
    tensors = [tensor for pair in one.cache._layers.values() for tensor in pair]  # type: ignore[union-attr]
    assert chats.scheduler.prefixes.nbytes == sum(tensor.nbytes for tensor in tensors)


def test_a_pause_gives_its_memory_to_whoever_needs_it(loaded: LoadedModel) -> None:
    chats = Chats(loaded, 12 * BLOCK * 512)
    paused = chats.begin(prompt(500, 1), max_tokens=30)
    for _ in range(6):
        chats.step()
    waiting = chats.new(prompt(500, 2), max_tokens=30)
    assert not chats.scheduler.admit(waiting)
    paused.pause.set()
    chats.step()
    assert chats.ends == {paused: "suspended"}
    assert chats.scheduler.prefixes.nbytes == chats.scheduler.prefixes.idle_nbytes
    assert chats.scheduler.admit(waiting)
    assert chats.scheduler.prefixes.idle_nbytes == 0
    chats.finish()
    paused.pause.clear()
    assert chats.scheduler.admit(paused)
    chats.finish()
    assert paused.ids == generated(loaded, prompt(500, 1), 30)


def test_a_chat_that_never_fits_is_refused_with_the_sizes(loaded: LoadedModel) -> None:
    chats = Chats(loaded, 2 * BLOCK * 512)
    with pytest.raises(EngineFailure) as refused:
        chats.scheduler.admit(chats.new(prompt(500, 1)))
    assert refused.value.code == "out_of_memory"
    assert "500 tokens" in refused.value.message


def test_an_answer_that_outgrows_the_budget_alone_ends_with_what_it_has(loaded: LoadedModel) -> None:
    chats = Chats(loaded, 2 * BLOCK * 512)
    one = chats.begin(prompt(50, 1), max_tokens=500)
    chats.finish()
    end = chats.ends[one]
    assert isinstance(end, Failed)
    assert end.code == "out_of_memory"
    assert len(one.ids) > 2 * BLOCK


# --- prompt lookup ----------------------------------------------------------------------------------


def copying(loaded: LoadedModel) -> LoadedModel:
    """Return the model such that it repeats in an endless circle: each token says which one follows."""
    with torch.no_grad():
        for layer in loaded.network.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedded = torch.nn.functional.normalize(loaded.network.get_input_embeddings().weight)
        loaded.network.get_input_embeddings().weight.copy_(embedded)
        heads = loaded.network.get_output_embeddings().weight
        heads.zero_()
        heads[11:51] = embedded[10:50]
        heads[10] = embedded[50]
    return loaded


def test_guesses_save_calls_where_the_answer_repeats(loaded: LoadedModel) -> None:
    chats = Chats(copying(loaded))
    ids = list(range(10, 51))
    one = chats.begin(ids, max_tokens=200, prompt_lookup=10)
    chats.finish()
    assert one.ids == generated(loaded, ids, 200)
    assert one.forward_calls < 30
    assert one.lookup.accepted > 170


@pytest.mark.parametrize("seed", range(3))
def test_guesses_change_no_answer(loaded: LoadedModel, seed: int) -> None:
    chance = random.Random(seed)
    chats = Chats(copying(loaded), most_running=4)
    plans = [(list(range(10, 51)) + prompt(3, number), chance.choice([0.0, 0.2])) for number in range(8)]
    asked = [{"max_tokens": 60, "temperature": heat, "seed": 5} for _, heat in plans]
    waiting = [chats.new(ids, prompt_lookup=8, **each) for (ids, _), each in zip(plans, asked, strict=True)]
    everyone = list(waiting)
    while waiting or chats.scheduler.running:
        while waiting and chats.scheduler.admit(waiting[0]):
            waiting.pop(0).pause.clear()
        for generation in chats.scheduler.running:
            if chance.random() < 0.03:
                generation.pause.set()
        waiting.extend(left for left, outcome in chats.scheduler.step() if outcome == "suspended")
        assert all(each.unread > 0 for each in chats.scheduler.running)
    alone = Chats(loaded)
    for generation, (ids, _), each in zip(everyone, plans, asked, strict=True):
        plain = alone.begin(ids, **each)
        alone.finish()
        assert generation.ids == plain.ids
    assert sum(generation.lookup.guessed for generation in everyone) > 0


def test_a_stop_and_a_limit_hold_amid_a_guess(loaded: LoadedModel) -> None:
    chats = Chats(copying(loaded))
    ids = list(range(10, 51)) * 2
    limited = chats.begin(ids, max_tokens=7, prompt_lookup=20)
    stopping = chats.begin(ids, max_tokens=30, prompt_lookup=20, stop=[loaded.tokenizer.decode([14])])
    chats.finish()
    assert limited.output_tokens == 7
    assert chats.ends[limited] == "length"
    assert chats.ends[stopping] == "stop"
    again = chats.begin(limited.ids, max_tokens=7)
    chats.finish()
    assert again.ids == generated(loaded, limited.ids, 7)
