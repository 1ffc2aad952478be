"""Which models are called for several chats at once, and that the others still answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM as Auto
from transformers import (
    FalconMambaConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    Phi3Config,
    PreTrainedConfig,
    Qwen3Config,
)

from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.messages import Parameters
from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.scheduler import packing
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_tokenizer

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
}
TOKENS: dict[str, Any] = {
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": 0,
    "initializer_range": 0.3,
}
PACKED: dict[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**SIZES),
    "qwen3": Qwen3Config(**SIZES),
    "mistral with a window": MistralConfig(**SIZES, sliding_window=16),
    "gemma 3": Gemma3TextConfig(
        **SIZES, sliding_window=16, layer_types=["sliding_attention", "full_attention"]
    ),
    "phi 3": Phi3Config(**SIZES),
    "mixtral": MixtralConfig(**SIZES, num_local_experts=4),
    "gpt-neox": GPTNeoXConfig(**{**SIZES, "head_dim": 8}),
    "gpt-2": GPT2Config(n_embd=32, n_layer=2, n_head=4, **TOKENS),
}
SERIAL: dict[str, PreTrainedConfig] = {
    "gemma 2 caps its scores": Gemma2Config(**SIZES, sliding_window=16),
    "falcon-mamba has states": FalconMambaConfig(hidden_size=32, num_hidden_layers=2, state_size=4, **TOKENS),
}


def make(folder: Path, config: PreTrainedConfig) -> Path:
    """Write a model of any architecture with random weights."""
    tokenizer = make_tokenizer()
    tokenizer.eos_token = None
    config.vocab_size = len(tokenizer)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = Auto.from_config(config, attn_implementation=None)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def check_answers(loaded: LoadedModel, *, packed: bool) -> None:
    prompts = [[9, 8, 7], list(range(20, 60)), list(range(100, 300))]
    scheduler = Scheduler(loaded, 10**9)
    assert scheduler.is_packed is packed
    waiting = [Generation(loaded, ids, Parameters(max_tokens=12, temperature=0), print) for ids in prompts]
    everyone = list(waiting)
    while waiting or scheduler.running:
        while waiting and scheduler.admit(waiting[0]):
            waiting.pop(0)
        for _, outcome in scheduler.step():
            assert outcome == "length"
    for generation, ids in zip(everyone, prompts, strict=True):
        inputs = torch.tensor([ids])
        mask = torch.ones_like(inputs)
        expected = loaded.network.generate(inputs, attention_mask=mask, max_new_tokens=12, do_sample=False)
        assert generation.ids == expected[0].tolist()


@pytest.mark.parametrize("name", PACKED)
def test_these_answer_several_chats_at_once(
    tmp_path: Path, load: Callable[[Path], LoadedModel], name: str
) -> None:
    check_answers(load(make(tmp_path, PACKED[name])), packed=True)


@pytest.mark.parametrize("name", SERIAL)
def test_these_answer_one_chat_after_another(
    tmp_path: Path, load: Callable[[Path], LoadedModel], name: str
) -> None:
    check_answers(load(make(tmp_path, SERIAL[name])), packed=False)


def test_a_model_whose_packed_logits_differ_answers_one_chat_after_another(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    attend = packing.PackedRow.attend

    def wrong(self: packing.PackedRow, *arguments: Any) -> torch.Tensor:
        return attend(self, *arguments) * 1.1

    monkeypatch.setattr(packing.PackedRow, "attend", wrong)
    check_answers(loaded, packed=False)


def test_a_model_in_half_precision_is_packed(tiny_model: Path, load: Callable[[Path], LoadedModel]) -> None:
    loaded = load(tiny_model)
    loaded.network.to(torch.bfloat16)
    assert Scheduler(loaded, 10**9).is_packed
