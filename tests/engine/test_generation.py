"""One answer, made by the scheduler alone, against transformers' own on a real tiny model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import MambaConfig, MambaForCausalLM

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.messages import Parameters
from jupyter_stream_chat.engine.model import PREFILL_CHUNK, LoadedModel
from jupyter_stream_chat.engine.prompt import make_prompt
from jupyter_stream_chat.engine.scheduler.calls import PackedCalls, Read
from jupyter_stream_chat.engine.scheduler.outcome import Outcome
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_tiny_model, make_tokenizer

LONG = "今天天气很好 hello 😀 " * 250


def ask(loaded: LoadedModel, *contents: str) -> list[int]:
    """Return the prompt of a conversation that begins with the user."""
    roles = ("user", "assistant")
    return make_prompt(
        loaded.tokenizer, [{"role": roles[i % 2], "content": text} for i, text in enumerate(contents)]
    ).ids


class Chats:
    """The scheduler of a model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.scheduler = Scheduler(loaded, 10**9, clock=lambda: 0.0)

    def run(self, generation: Generation) -> Outcome:
        """Let a generation run until it leaves."""
        assert self.scheduler.admit(generation)
        while not (left := self.scheduler.step()):
            pass
        ((_, outcome),) = left
        return outcome

    def answer(
        self, prompt: list[int], flag: threading.Event | None = None, **parameters: Any
    ) -> tuple[str, Generation]:
        """Generate, and return the text and the generation."""
        pieces: list[str] = []
        generation = Generation(self.loaded, prompt, Parameters(**parameters), pieces.append, flag)
        self.run(generation)
        return "".join(pieces), generation


def answer(
    loaded: LoadedModel, prompt: list[int], flag: threading.Event | None = None, **parameters: Any
) -> tuple[str, Generation]:
    """Generate with a new scheduler, and return the text and the generation."""
    return Chats(loaded).answer(prompt, flag, **parameters)


def plain(loaded: LoadedModel, prompt: list[int], **options: Any) -> str:
    """Generate with transformers alone."""
    ids = torch.tensor([prompt])
    output = loaded.network.generate(ids, attention_mask=torch.ones_like(ids), **options)
    return str(loaded.tokenizer.decode(output[0, len(prompt) :], skip_special_tokens=True))


@pytest.mark.parametrize("question", ["Hello", "今天天气？", "テスト😀", LONG])
def test_a_greedy_answer_equals_transformers_generate(loaded: LoadedModel, question: str) -> None:
    prompt = ask(loaded, question)
    text, generation = answer(loaded, prompt, max_tokens=80)
    assert text == plain(loaded, prompt, max_new_tokens=80, do_sample=False)
    assert generation.output_tokens == 80
    assert generation.forward_calls == -(-len(prompt) // PREFILL_CHUNK) + 79


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": 0.7, "top_p": 0.8, "top_k": 20},
        {"temperature": 1.5},
        {"temperature": 0.9, "repetition_penalty": 1.3},
    ],
)
def test_a_sampled_answer_equals_transformers_generate(
    loaded: LoadedModel, parameters: dict[str, float]
) -> None:
    prompt = ask(loaded, "Hello")
    text, _ = answer(loaded, prompt, max_tokens=60, seed=11, **parameters)
    torch.manual_seed(11)
    assert text == plain(loaded, prompt, max_new_tokens=60, do_sample=True, **parameters)


def test_a_seed_repeats_an_answer_and_none_does_not(loaded: LoadedModel) -> None:
    prompt = ask(loaded, "Hello")
    one, again, other = (
        answer(loaded, prompt, max_tokens=40, temperature=1.0, seed=seed)[0] for seed in (1, 1, None)
    )
    assert one == again != other


def test_temperature_zero_is_greedy_even_where_the_model_samples(loaded: LoadedModel) -> None:
    prompt = ask(loaded, "Hello")
    loaded.generation_config.do_sample = True
    greedy = plain(loaded, prompt, max_new_tokens=30, do_sample=False)
    assert answer(loaded, prompt, max_tokens=30, temperature=0)[0] == greedy
    assert answer(loaded, prompt, max_tokens=30, seed=3)[0] != greedy


def test_an_end_token_ends_the_answer_and_is_not_shown(
    tmp_path: Path, load: Callable[[Path], LoadedModel]
) -> None:
    loaded = load(make_tiny_model(tmp_path / "ends", ends=True))
    prompt = ask(loaded, "Hello")
    pieces: list[str] = []
    parameters = Parameters(temperature=9.0, top_k=600, seed=1, max_tokens=3000)
    generation = Generation(loaded, prompt, parameters, pieces.append)
    assert Chats(loaded).run(generation) == "stop"
    assert generation.output_tokens < 3000
    assert "<|im_end|>" not in "".join(pieces)


def test_a_stop_string_ends_the_answer_wherever_tokens_cut_it(loaded: LoadedModel) -> None:
    prompt = ask(loaded, "Hello")
    whole, generation = answer(loaded, prompt, max_tokens=80)
    assert generation.output_tokens == 80
    for start in range(10, 30):
        stop = whole[start : start + 5]
        text, generation = answer(loaded, prompt, max_tokens=80, stop=[stop])
        assert text == whole[: whole.index(stop)]
        assert generation.output_tokens < 80


def test_what_looked_like_a_stop_string_is_shown_at_the_end(loaded: LoadedModel) -> None:
    prompt = ask(loaded, "Hello")
    whole, _ = answer(loaded, prompt, max_tokens=20)
    assert answer(loaded, prompt, max_tokens=20, stop=[whole[-3:] + "never"])[0] == whole


@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_stop_while_decoding_takes_effect_after_at_most_one_call(loaded: LoadedModel, after: int) -> None:
    stop = threading.Event()
    shown: list[str] = []

    def emit(text: str) -> None:
        shown.append(text)
        if len(shown) > after:
            stop.set()

    generation = Generation(loaded, ask(loaded, "Hello"), Parameters(max_tokens=500), emit, stop)
    assert Chats(loaded).run(generation) == "interrupted"
    assert len(shown) == after + 1
    assert generation.forward_calls_after_stop <= 1


def test_a_stop_while_the_prompt_is_read_takes_effect_after_that_chunk(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    lengths: list[int] = []
    call = PackedCalls.call

    def stopping_call(self: PackedCalls, reads: Sequence[Read]) -> torch.Tensor:
        lengths.append(sum(read.tokens for read in reads))
        if len(lengths) == 3:
            stop.set()
        return call(self, reads)

    monkeypatch.setattr(PackedCalls, "call", stopping_call)
    prompt = ask(loaded, LONG)
    assert len(prompt) > 2000
    text, generation = answer(loaded, prompt, stop, max_tokens=5)
    assert text == ""
    assert lengths == [PREFILL_CHUNK] * 3
    assert (generation.forward_calls, generation.forward_calls_after_stop) == (3, 1)


def test_a_stop_before_the_first_call_calls_nothing(loaded: LoadedModel) -> None:
    stop = threading.Event()
    stop.set()
    _, generation = answer(loaded, ask(loaded, "Hello"), stop)
    assert generation.forward_calls == 0


def test_the_next_turn_reads_only_what_is_new_and_answers_the_same(
    tiny_model: Path, loaded: LoadedModel, load: Callable[[Path], LoadedModel]
) -> None:
    chats = Chats(loaded)
    first, _ = chats.answer(ask(loaded, LONG), max_tokens=40)
    turn = ask(loaded, LONG, first, "And then?")
    text, generation = chats.answer(turn, max_tokens=40)
    assert generation.reused_tokens >= len(ask(loaded, LONG))
    assert generation.forward_calls <= 41
    assert text == answer(load(tiny_model), turn, max_tokens=40)[0]


def test_a_question_asked_again_is_not_read_again(loaded: LoadedModel) -> None:
    chats = Chats(loaded)
    chats.answer(ask(loaded, LONG), max_tokens=1)
    _, again = chats.answer(ask(loaded, LONG), max_tokens=1)
    assert again.forward_calls == 1


def test_a_sliding_window_answers_the_same_in_the_next_turn_as_well(
    tmp_path: Path, load: Callable[[Path], LoadedModel]
) -> None:
    folder = make_tiny_model(
        tmp_path / "sliding", use_sliding_window=True, sliding_window=64, max_window_layers=0
    )
    chats = Chats(load(folder))
    assert chats.scheduler.is_packed
    prompt = ask(chats.loaded, "今天天气很好 " * 30)
    first, _ = chats.answer(prompt, max_tokens=40)
    assert first == plain(chats.loaded, prompt, max_new_tokens=40, do_sample=False)
    turn = ask(chats.loaded, "今天天气很好 " * 30, "other", "And then?")
    text, generation = chats.answer(turn, max_tokens=30)
    assert generation.reused_tokens > 64
    assert text == plain(chats.loaded, turn, max_new_tokens=30, do_sample=False)


def test_a_state_space_model_reads_its_prompt_whole_and_answers_the_same(
    tmp_path: Path, load: Callable[[Path], LoadedModel]
) -> None:
    tokenizer = make_tokenizer()
    config = MambaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, pad_token_id=0, initializer_range=0.3
    )
    MambaForCausalLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    chats = Chats(load(tmp_path))
    assert not chats.scheduler.is_packed
    conversation = ["今天天气很好 " * 30, "other", "And then?"]
    for turns in (1, 3):
        prompt = ask(chats.loaded, *conversation[:turns])
        expected = plain(chats.loaded, prompt, max_new_tokens=20, do_sample=False)
        assert chats.answer(prompt, max_tokens=20)[0] == expected


def test_a_prompt_that_fills_the_context_is_refused_before_any_call(loaded: LoadedModel) -> None:
    with pytest.raises(EngineFailure) as refused:
        Generation(loaded, [5] * 4096, Parameters(), print)
    assert refused.value.code == "context_too_long"
    assert refused.value.message.count("4096") == 2


def test_an_answer_ends_where_the_context_does(loaded: LoadedModel) -> None:
    generation = Generation(loaded, [5] * 4090, Parameters(), print)
    assert Chats(loaded).run(generation) == "length"
    assert generation.output_tokens == 6


# --- paused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampled", [{}, {"temperature": 0.8, "seed": 5}])
@pytest.mark.parametrize("evicted", [False, True])
def test_a_paused_answer_goes_on_as_if_nothing_had_been(
    loaded: LoadedModel, sampled: dict[str, float], evicted: bool
) -> None:
    prompt = ask(loaded, LONG)
    whole, _ = answer(loaded, prompt, max_tokens=60, **sampled)
    chats = Chats(loaded)
    pause = threading.Event()
    pieces: list[str] = []

    def emit(text: str) -> None:
        pieces.append(text)
        if len(pieces) in (3, 9):
            pause.set()

    generation = Generation(
        loaded, prompt, Parameters(max_tokens=60, **sampled), emit, threading.Event(), pause
    )
    ends = []
    for _ in range(3):
        ends.append(chats.run(generation))
        calls = generation.forward_calls
        pause.clear()
        if evicted:
            chats.scheduler.prefixes.clear()
        else:
            chats.answer(ask(loaded, "another chat's question"), max_tokens=5)
        assert generation.forward_calls == calls, "nothing is computed in a pause"
    assert ends == ["suspended", "suspended", "length"]
    assert ("".join(pieces), generation.output_tokens) == (whole, 60)


def test_a_pause_in_a_long_prompt_reads_no_further_and_goes_on_there(loaded: LoadedModel) -> None:
    prompt = ask(loaded, LONG)
    pause = threading.Event()
    pause.set()
    generation = Generation(loaded, prompt, Parameters(max_tokens=5), print, threading.Event(), pause)
    chats = Chats(loaded)
    assert chats.run(generation) == "suspended"
    assert generation.forward_calls == 0
    pause.clear()
    assert chats.run(generation) == "length"
    assert generation.forward_calls == -(-len(prompt) // PREFILL_CHUNK) + 4


def test_a_stop_in_a_pause_ends_it(loaded: LoadedModel) -> None:
    pause, stop = threading.Event(), threading.Event()
    pause.set()
    generation = Generation(loaded, ask(loaded, "Hello"), Parameters(), print, stop, pause)
    chats = Chats(loaded)
    assert chats.run(generation) == "suspended"
    stop.set()
    assert chats.run(generation) == "interrupted"
