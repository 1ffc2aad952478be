"""Every causal architecture that can be made tiny: equal to transformers alone, or refused by name."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    BertConfig,
    BertLMHeadModel,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.loader import prepare
from jupyter_stream_chat.engine.messages import Parameters
from jupyter_stream_chat.engine.model import PREFILL_CHUNK, LoadedModel
from jupyter_stream_chat.engine.scheduler.kv_cache import SerialCache
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_tokenizer

VOCABULARY = 600
MOST_PARAMETERS = 2_000_000
NEW_TOKENS = 5

SMALL: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "word_embed_proj_dim", "attention_hidden_size"), 32),
    **dict.fromkeys(
        (
            "intermediate_size",
            "n_inner",
            "d_ff",
            "ffn_dim",
            "encoder_ffn_dim",
            "decoder_ffn_dim",
            "ffn_hidden_size",
        ),
        48,
    ),
    **dict.fromkeys(("num_hidden_layers", "num_layers"), 2),
    **dict.fromkeys(("n_layer", "encoder_layers", "decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "num_heads", "mamba_n_heads", "n_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 24),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank", "mamba_d_head"), 16),
    **dict.fromkeys(("head_dim", "v_head_dim", "mamba_d_state", "state_size"), 8),
    **dict.fromkeys(("n_group", "topk_group", "mamba_n_groups"), 1),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 2048),
    "num_key_value_heads": 2,
    "num_experts_per_tok": 2,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 4,
    "mamba_chunk_size": 16,
    "conv_kernel": 4,
    "sliding_window": 64,
    "vocab_size": VOCABULARY,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "is_decoder": True,
}
"""Fields that make a configuration small, whatever the architecture calls them."""

OWN: dict[str, dict[str, Any]] = {
    "bamba": {"attn_layer_indices": [1]},
    "codegen": {"rotary_dim": 8},
    "dbrx": {
        "vocab_size": VOCABULARY,
        "d_model": 32,
        "n_heads": 4,
        "n_layers": 2,
        "attn_config": {"kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 1e4},
        "ffn_config": {"ffn_hidden_size": 48, "moe_num_experts": 4, "moe_top_k": 2},
    },
    "dots1": {"first_k_dense_replace": 1, "n_shared_experts": 1},
    "falcon_h1": {"mamba_d_ssm": 64},
    "gpt_neo": {"attention_types": [[["global", "local"], 2]], "window_size": 64},
    "gptj": {"rotary_dim": 8},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"]},
    "jamba": {
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "expert_layer_period": 2,
        "expert_layer_offset": 1,
    },
    "kimi_linear": {
        "linear_attn_config": {
            "kda_layers": [1],
            "full_attn_layers": [2],
            "num_heads": 2,
            "head_dim": 8,
            "short_conv_kernel_size": 4,
        }
    },
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "mamba2": {"num_heads": 4, "head_dim": 16, "n_groups": 1},
    "xmod": {"default_language": "en_XX"},
    "zaya": {"num_experts_per_tok": 1},
}
"""What an architecture needs to be consistent at this size."""


class NotComparable(Exception):
    """An architecture has no tiny network with which transformers alone answers."""


def small_config(kind: str) -> PreTrainedConfig:
    """Return a tiny configuration. Raises whatever an architecture raises that cannot be so small."""
    cls = CONFIG_MAPPING[kind]
    usual = cls()
    fields = {name: value for name, value in SMALL.items() if _has(usual, name)}
    if "kv_lora_rank" in fields:  # its heads are made of the ranks
        fields.pop("head_dim", None)
        fields["num_key_value_heads"] = 4
    for name in ("layer_types", "layers_block_type"):
        kinds = getattr(usual, name, None)
        if isinstance(kinds, list) and len(set(kinds)) > 1 and _has(usual, name):
            fields[name] = list(dict.fromkeys(kinds))
            fields["num_hidden_layers"] = len(fields[name])
    return cls(**{**fields, **OWN.get(kind, {})})


def _has(config: PreTrainedConfig, name: str) -> bool:
    if isinstance(getattr(type(config), name, None), property) or not hasattr(config, name):
        return False
    return name != "sliding_window" or config.sliding_window is not None


def tiny_network(kind: str) -> PreTrainedModel:
    """Return a network with random weights. Raises NotComparable for what cannot be so small."""
    try:
        config = small_config(kind)
        with torch.device("meta"):
            size = sum(weight.numel() for weight in AutoModelForCausalLM.from_config(config).parameters())
    except Exception as error:
        raise NotComparable("it has no tiny configuration") from error
    if size > MOST_PARAMETERS:
        raise NotComparable(f"{size} parameters")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network: PreTrainedModel = AutoModelForCausalLM.from_config(config).float().eval()
    network.generation_config = GenerationConfig(eos_token_id=None, pad_token_id=0)
    return network


def plain(network: PreTrainedModel, prompt: list[int]) -> list[int]:
    """Answer with transformers alone. Raises NotComparable for what it cannot run either."""
    ids = torch.tensor([prompt])
    try:
        output = network.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False
        )
    except Exception as error:
        raise NotComparable("transformers alone does not run it") from error
    answer: list[int] = output[0, len(prompt) :].tolist()
    return answer


def ours(scheduler: Scheduler, prompt: list[int]) -> list[int]:
    parameters = Parameters(max_tokens=NEW_TOKENS, temperature=0)
    generation = Generation(scheduler.loaded, prompt, parameters, lambda text: None)
    assert scheduler.admit(generation)
    while not (left := scheduler.step()):
        pass
    assert left[0][1] == "length"
    return generation.ids[len(prompt) :]


def prepared(network: PreTrainedModel, tokenizer: Any) -> LoadedModel | None:
    """Return the network as the engine uses it; None: it is refused by name."""
    try:
        return prepare(network, tokenizer, "some/model")
    except EngineFailure as error:
        refusal = error
    assert refusal.code in ("unsupported_architecture", "not_causal")
    assert network.config.model_type in refusal.message
    return None


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    tokenizer = make_tokenizer(VOCABULARY, chat_template=None)
    tokenizer.eos_token = None  # no token ends an answer
    return tokenizer


tried: list[str] = []
compared: list[str] = []
refused: list[str] = []


@pytest.mark.parametrize("kind", list(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES))
def test_an_architecture_answers_as_transformers_alone_or_is_refused_by_name(
    kind: str, tokenizer: Any
) -> None:
    tried.append(kind)
    dice = random.Random(1)
    first = [dice.randrange(10, VOCABULARY) for _ in range(2 * PREFILL_CHUNK + 20)]
    try:
        network = tiny_network(kind)
        answer = plain(network, first)
        second = [*first, *answer, *first[:40]]
        other = [*first[:200], *first[:30]]
        expected = [answer, answer, plain(network, second), plain(network, other)]
    except NotComparable:
        return
    loaded = prepared(network, tokenizer)
    if loaded is None:
        refused.append(kind)
        return
    scheduler = Scheduler(loaded, 10**9)
    assert [ours(scheduler, prompt) for prompt in (first, first, second, other)] == expected
    compared.append(kind)


def test_most_architectures_were_compared() -> None:
    if len(tried) < len(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES):
        return  # only some were selected
    assert len(compared) > 120
    # These were wrong once.
    assert {"bamba", "rwkv", "openai-gpt", "lfm2", "minimax"} <= {*compared, *refused}
    assert {"llama", "qwen3", "qwen3_next", "gpt_oss", "gemma3_text", "deepseek_v3", "mamba2"} <= {*compared}


def test_an_encoder_is_refused_as_what_it_is(tokenizer: Any) -> None:
    network = BertLMHeadModel(BertConfig(hidden_size=32, num_attention_heads=4, num_hidden_layers=2)).eval()
    with pytest.raises(EngineFailure, match="encoder") as refused:
        prepare(network, tokenizer, "some/bert")
    assert refused.value.code == "not_causal"


def test_states_count_in_the_budget_of_kept_prompts(tokenizer: Any) -> None:
    loaded = prepare(tiny_network("qwen3_next"), tokenizer, "hybrid")
    scheduler = Scheduler(loaded, 10**9)
    ours(scheduler, list(range(10, 40)))
    ((_, cache),) = scheduler.prefixes._idle
    assert isinstance(cache, SerialCache)
    states = sum(
        state.nbytes
        for layer in cache.states.layers
        for states in (getattr(layer, "recurrent_states", {}), getattr(layer, "conv_states", {}))
        for state in states.values()
        if state is not None
    )
    assert 0 < states < scheduler.prefixes.idle_nbytes
    scheduler.prefixes.budget = states
    ours(scheduler, list(range(50, 90)))
    assert scheduler.prefixes.idle_nbytes == 0, "with keys and values the budget is exceeded"
