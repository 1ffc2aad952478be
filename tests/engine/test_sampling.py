"""The next token is chosen as ``generate`` chooses it, whatever the model's own configuration asks for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.messages import Parameters
from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler

PROMPT = [5, 9, 200, 33, 9, 200, 41, 7]
OTHERS = [[50, 60, 70], [80, 81, 82, 83, 84]]

GREEDY: list[dict[str, Any]] = [
    {"repetition_penalty": 1.4},
    {"no_repeat_ngram_size": 2},
    {"encoder_repetition_penalty": 1.3},
    {"encoder_no_repeat_ngram_size": 1},
    {"bad_words_ids": [[100], [200, 41]]},
    {"suppress_tokens": list(range(0, 300, 2))},
    {"begin_suppress_tokens": list(range(0, 600, 3))},
    {"sequence_bias": [[[120], 50.0], [[130, 131], 9.0]]},
    {"forced_bos_token_id": 7},
    {"remove_invalid_values": True},
    {"renormalize_logits": True},
    {"guidance_scale": 1.5},
]
SAMPLED: list[dict[str, Any]] = [
    {"temperature": 1.7},
    {"top_k": 5},
    {"top_k": 0, "top_p": 0.6},
    {"min_p": 0.2},
    {"typical_p": 0.5},
    {"epsilon_cutoff": 0.02},
    {"eta_cutoff": 0.05},
    {"top_h": 0.5},
    {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05},
    {
        "watermarking_config": {
            "greenlist_ratio": 0.3,
            "bias": 3.0,
            "hashing_key": 15485863,
            "context_width": 1,
        }
    },
]


def among_others(loaded: LoadedModel, **parameters: Any) -> list[int]:
    """Answer the prompt while two others are answered."""
    scheduler = Scheduler(loaded, 10**9)
    for other in OTHERS:
        assert scheduler.admit(Generation(loaded, other, Parameters(max_tokens=50), lambda text: None))
    scheduler.step()
    generation = Generation(loaded, PROMPT, Parameters(max_tokens=30, **parameters), lambda text: None)
    assert scheduler.admit(generation)
    while generation in scheduler.running:
        for left, outcome in scheduler.step():
            assert left is not generation or outcome in ("length", "stop"), outcome
    return generation.ids


def generated(loaded: LoadedModel, seed: int | None = None) -> list[int]:
    ids = torch.tensor([PROMPT])
    if seed is not None:
        torch.manual_seed(seed)
    found: list[int] = loaded.network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=30)[
        0
    ].tolist()
    return found


@pytest.mark.parametrize("config", GREEDY, ids=lambda config: next(iter(config)))
def test_a_greedy_answer_heeds_the_models_configuration(loaded: LoadedModel, config: dict[str, Any]) -> None:
    loaded.network.generation_config = GenerationConfig(do_sample=False, **config)
    assert among_others(loaded) == generated(loaded)


@pytest.mark.parametrize("config", SAMPLED, ids=lambda config: "-".join(config))
def test_a_sampled_answer_heeds_the_models_configuration(loaded: LoadedModel, config: dict[str, Any]) -> None:
    loaded.network.generation_config = GenerationConfig(do_sample=True, **config)
    assert among_others(loaded, seed=3) == generated(loaded, seed=3)


@pytest.mark.parametrize(
    "config", [{"min_new_tokens": 12}, {"min_length": 20}, {"exponential_decay_length_penalty": (5, 1.5)}]
)
def test_what_concerns_the_end_is_heeded(loaded: LoadedModel, config: dict[str, Any]) -> None:
    plain = among_others(loaded)
    end = plain[len(PROMPT) + 3]
    object.__setattr__(loaded, "end_tokens", frozenset({end}))
    loaded.network.generation_config = GenerationConfig(do_sample=False, eos_token_id=end, **config)
    expected = generated(loaded)
    assert among_others(loaded) == expected
    assert expected != plain


def test_the_models_own_stop_strings_end_an_answer(loaded: LoadedModel) -> None:
    text = loaded.tokenizer.decode(among_others(loaded)[len(PROMPT) :], skip_special_tokens=True)
    loaded.network.generation_config = GenerationConfig(do_sample=False, stop_strings=text[6:10])
    pieces: list[str] = []
    generation = Generation(loaded, PROMPT, Parameters(max_tokens=30), pieces.append)
    scheduler = Scheduler(loaded, 10**9)
    scheduler.admit(generation)
    while scheduler.running:
        scheduler.step()
    assert "".join(pieces) == text[: text.index(text[6:10])]


def test_a_request_comes_before_the_models_configuration(loaded: LoadedModel) -> None:
    loaded.network.generation_config = GenerationConfig(do_sample=True, temperature=5.0, top_k=3)
    greedy = among_others(loaded, temperature=0)
    loaded.network.generation_config = GenerationConfig(do_sample=False)
    assert greedy == generated(loaded)


def test_beams_of_the_models_configuration_are_left_out(loaded: LoadedModel) -> None:
    plain = generated(loaded)
    loaded.network.generation_config = GenerationConfig(do_sample=False, num_beams=4)
    assert among_others(loaded) == plain
