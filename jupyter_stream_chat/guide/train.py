"""Trains the guide from its topics: `python -m jupyter_stream_chat.guide.train`.

Runs on one core, seeded: the same machine and library versions give the same weights. Needs the `local`
extra. Writes the folder of weights and prints how well they answer the questions they were trained on.
"""

import argparse
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from . import path
from .evaluate import answers_of, ask, trained_questions
from .examples import Example, Examples
from .topics import load_topics
from .vocabulary import build_tokenizer

_BAGS, _BAG_STEPS = 256, 500
_CHOICES, _RECITALS = 64, 8
_LEARNING_RATE = 2e-3
_WARM_UP = 100
_EMBEDDING_SCALE = 0.06
_AVERAGED = 0.99
"""Decay of the running average of the weights: the average answers better than any single step."""


def main() -> None:
    """Train, save and try the guide."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, default=path())
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    rng = random.Random(arguments.seed)
    tokenizer = build_tokenizer(load_topics(), rng)
    model = train(tokenizer, arguments.steps, rng)
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=400,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.to(torch.bfloat16).save_pretrained(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    report(arguments.output)


def train(tokenizer: PreTrainedTokenizerFast, steps: int, rng: random.Random) -> LlamaForCausalLM:
    """Return a model trained for a number of steps, each on a fresh batch of examples."""
    examples = Examples(load_topics(), tokenizer, rng)
    model = LlamaForCausalLM(configuration(tokenizer)).train()
    warm_up(model.model.embed_tokens.weight, examples, _BAG_STEPS)
    average = [weight.detach().clone() for weight in model.parameters()]
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    started = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        choosing = loss(model, [examples.choice() for _ in range(_CHOICES)])
        reciting = loss(model, [examples.recital() for _ in range(_RECITALS)])
        optimizer.zero_grad()
        torch.autograd.backward(2 * choosing + reciting)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        for mean, weight in zip(average, model.parameters(), strict=True):
            mean.lerp_(weight.detach(), 1 - min(_AVERAGED, step / (step + 10)))
        if step % 50 == 0 or step == steps - 1:
            elapsed = f"{time.monotonic() - started:.0f} s"
            print(f"step {step:5d}  choosing {choosing:.3f}  reciting {reciting:.3f}  {elapsed}", flush=True)
    with torch.no_grad():
        for mean, weight in zip(average, model.parameters(), strict=True):
            weight.copy_(mean)
    return model.eval()


def warm_up(table: torch.nn.Parameter, examples: Examples, steps: int) -> None:
    """Teach the embeddings which words speak for which topic, each question taken as a bag of words.

    Takes seconds and spares minutes: the transformer starts from words that mean something, and understands
    new phrasings better than one that has seen sentences only. The idea is fastText's (Joulin et al., 2016).
    """
    optimizer = torch.optim.Adam([table], lr=0.01)
    for _ in range(steps):
        bags = [bag for bag in (examples.bag() for _ in range(_BAGS)) if bag[0]]
        lengths = torch.tensor([len(ids) for ids, _ in bags])
        words = torch.tensor([token for ids, _ in bags for token in ids])
        sums = functional.embedding_bag(words, table, lengths.cumsum(0) - lengths, mode="sum")
        topics = sorted({topic for _, topic in bags})
        wanted = torch.tensor([topics.index(topic) for _, topic in bags])
        scores = 4 * (sums / lengths[:, None].sqrt()) @ table[topics].T
        optimizer.zero_grad()
        torch.autograd.backward(functional.cross_entropy(scores, wanted))
        optimizer.step()
    with torch.no_grad():
        table.mul_(_EMBEDDING_SCALE / table.std())


def learning_rate(step: int, steps: int) -> float:
    """Return the rate of a step: a short warm-up, then half a cosine down to nothing."""
    return _LEARNING_RATE * min(1, (step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def configuration(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """Return the shape of the model: about 2.1 million parameters, 4.3 MB as bfloat16.

    Llama and not Qwen2, because for the latter AutoTokenizer puts Qwen's own word splitting in place of ours.
    """
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        attention_dropout=0.1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )


def loss(model: LlamaForCausalLM, examples: Sequence[Example]) -> torch.Tensor:
    """Return the mean cross-entropy over the tokens that the examples ask for."""
    length = max(len(example.ids) for example in examples)
    ids = torch.tensor([example.ids + [0] * (length - len(example.ids)) for example in examples])
    asked = torch.zeros_like(ids, dtype=torch.bool)
    for row, example in zip(asked, examples, strict=True):
        row[example.start : len(example.ids)] = True
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[:, :-1][asked[:, 1:]])
    return functional.cross_entropy(logits, ids[:, 1:][asked[:, 1:]])


def report(folder: Path) -> None:
    """Print the share of right answers to trained questions in other casing and punctuation."""
    topics = load_topics()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    answers = answers_of(topics)
    questions = trained_questions(topics, 3, random.Random(0))
    given = ask(model, tokenizer, [[question] for question, _, _ in questions])
    wrong = [
        (question, answers.get(answer, ("not an answer", answer))[0])
        for (question, *expected), answer in zip(questions, given, strict=True)
        if answers.get(answer) != tuple(expected)
    ]
    print(f"{model.num_parameters():,} parameters")
    print(f"trained questions: {len(questions) - len(wrong)} of {len(questions)} right")
    for question, got in wrong:
        print(f"  {question!r}: {got}")


if __name__ == "__main__":
    main()
