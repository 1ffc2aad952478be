"""Makes tiny causal chat models: real transformers folders, without a network.

The weights are random, or such that the model counts. The same arguments give the same model, bit for bit.
``python -m tests.tiny_model FOLDER`` makes one that counts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

# Some of each script, so that characters are cut into several tokens, some into whole words.
_CORPUS = [
    "The quick brown fox jumps over the lazy dog. A chat model answers a question, token by token.",
    "def stream(text):\n    for word in text.split():\n        print(word, end=' ')\n    return None\n",
    "今天天气很好，我们去公园散步吧。模型一个字一个字地回答问题。",
    "これはストリーミングのテストです。日本語の文章を一文字ずつ表示します。",
    "스트리밍 응답을 한 글자씩 보여 줍니다.",
    "😀 🎉 👩‍🚀 🇯🇵 naïve café — “quotes” … ∑∫√",
]


def make_tiny_model(
    folder: Path,
    *,
    layers: int = 2,
    hidden: int = 64,
    vocabulary: int = 600,
    context: int = 4096,
    seed: int = 0,
    chat_template: str | None = CHAT_TEMPLATE,
    ends: bool = False,
    dtype: str = "float32",
    **config: Any,
) -> Path:
    """Write a Qwen2 model with random weights to ``folder`` and return it.

    ``ends=False``: no token ends an answer, so it goes on to its ``max_tokens``. ``config`` overrides fields
    of Qwen2Config.
    """
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    tokenizer = make_tokenizer(vocabulary, chat_template)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    fields = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
        "initializer_range": 0.3,  # far from uniform, else greedy answers hang on one token
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": end if ends else None,
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(Qwen2Config(**{**fields, **config})).to(getattr(torch, dtype))
    model.generation_config = GenerationConfig(eos_token_id=end if ends else None, do_sample=False)
    if not ends:
        tokenizer.eos_token = None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_counting_model(folder: Path, *, numbers: int = 2000, layers: int = 8) -> Path:
    """Write a model that answers everything by ``t0 t1 t2 ...``, one token each, and ends at ``numbers``.

    Its layers compute in earnest and add nothing: the next token follows from the last alone. More of
    them make it slower; with 8 a core gives about 150 tokens per second.
    """
    make_tiny_model(folder, layers=layers, hidden=128, context=2 * numbers + 200, ends=True)
    _teach(folder, [f"t{n} " for n in range(numbers)], frozenset())
    return folder


def make_reciting_model(
    folder: Path,
    tokens: list[str],
    *,
    special: frozenset[str] = frozenset(),
    chat_template: str = CHAT_TEMPLATE,
) -> Path:
    """Write a model that answers everything by these tokens, which are all different, and ends.

    ``special``: which of them are special tokens of its tokenizer.
    """
    make_tiny_model(folder, layers=1, hidden=128, ends=True, chat_template=chat_template)
    _teach(folder, tokens, special)
    return folder


def _teach(folder: Path, tokens: list[str], special: frozenset[str]) -> None:
    """Make the model of a folder write these tokens after any prompt, and end."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([token for token in tokens if token not in special])
    tokenizer.add_tokens([token for token in tokens if token in special], special_tokens=True)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "?"}], add_generation_prompt=True, return_dict=False
    )
    written = tokenizer.convert_tokens_to_ids(tokens)
    chain = [prompt[-1], *written, model.generation_config.eos_token_id]
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        embedded = torch.nn.functional.normalize(torch.randn(len(tokenizer), 128))
        model.get_input_embeddings().weight.copy_(embedded)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        heads = model.get_output_embeddings().weight
        heads.zero_()
        heads[chain[1:]] = embedded[chain[:-1]]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_tokenizer(vocabulary: int = 600, chat_template: str | None = CHAT_TEMPLATE) -> Any:
    """Return a byte-level BPE tokenizer (every text and every byte has ids) with ChatML's template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=SPECIAL_TOKENS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL_TOKENS})
    tokenizer.chat_template = chat_template
    return tokenizer


def make_byte_fallback_tokenizer() -> Any:
    """Return a tokenizer of the kind of Llama: words with ``▁``, and a token for each byte of others."""
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [*"▁abcdefgh今天»\ufffd", "▁a", "▁今", "ab", "cd"]
    vocabulary = {token: token_id for token_id, token in enumerate(tokens)}
    backend = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=[("▁", "a"), ("▁", "今"), ("a", "b"), ("c", "d")],
            unk_token="<unk>",
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def plain_answer(folder: Path, messages: list[dict[str, str]], begun: str = "", **options: Any) -> str:
    """Answer with transformers alone, ``generate`` and ``decode``: what the engine must equal.

    ``begun`` is the beginning of an answer that is gone on with.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=False
    )
    begun_ids = tokenizer(begun, add_special_tokens=False, return_tensors="pt").input_ids.long()
    prompt = torch.cat([prompt, begun_ids], dim=1)
    ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)[0, prompt.shape[1] :]
    return str(tokenizer.decode(ids, skip_special_tokens=True))


if __name__ == "__main__":
    # More numbers than a busy machine counts while it loads a page.
    make_counting_model(Path(sys.argv[1]), numbers=10_000)
