"""Trains the guide from its topics: `python -m jupyter_stream_chat.guide.train`.

Runs on one core, seeded: the same machine and library versions give the same weights. Needs the `local`
extra. Writes the folder of weights and prints how well they answer the questions they were trained on.
Where answers or questions of a topic have changed, `--resume` begins with the weights that are there and
takes ten minutes; a new topic takes a whole training.
"""

import argparse
import copy
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
from .evaluate import choose, recites, trained_questions
from .examples import Example, Examples
from .topics import LANGUAGES, Topic, load_topics
from .vocabulary import build_tokenizer

_BAGS, _BAG_STEPS = 256, 1200
_CHOICES, _RECITALS = 96, 4
_GROUPS = 3
_WARM_UP = 100
_EMBEDDING_SCALE = 0.06
_LEARNING_RATE, _CHOOSING_WEIGHT = 2e-3, 2
_LATER_RATE, _LATER_CHOOSING_WEIGHT = 1e-3, 10
"""Once the answers are known, what is left to learn is which of them to give."""
_REHEARSAL_RATE, _REHEARSAL_AVERAGED = 2e-4, 0.95
_AGAIN = 8
_SURE = 0.05
"""Cross-entropy below which a token of an answer counts as known."""
_REHEARSAL_STEPS, _HEARD_EVERY = 100, 20
_AVERAGED = 0.99
"""Decay of the running average of the weights: the average answers better than any single step."""


def main() -> None:
    """Train, save and try the guide."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="of learning answers and questions")
    parser.add_argument(
        "--more", type=int, default=900, help="steps after them, of learning questions mostly"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, default=path())
    parser.add_argument("--resume", action="store_true", help="begin with the folder's weights")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    rng = random.Random(arguments.seed)
    if arguments.resume:
        tokenizer = AutoTokenizer.from_pretrained(arguments.output)
        model = LlamaForCausalLM.from_pretrained(arguments.output, dtype=torch.float32)
        examples = Examples(load_topics(), tokenizer, rng)
    else:
        tokenizer = build_tokenizer(load_topics(), rng)
        model = LlamaForCausalLM(configuration(tokenizer))
        examples = Examples(load_topics(), tokenizer, rng)
        warm_up(model.model.embed_tokens.weight, examples, _BAG_STEPS)
        practise(model, examples, arguments.steps, _LEARNING_RATE, _CHOOSING_WEIGHT)
    practise(model, examples, arguments.more, _LATER_RATE, _LATER_CHOOSING_WEIGHT)
    rehearse(model, Examples(load_topics(), tokenizer, random.Random(arguments.seed)), load_topics())
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=400,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.to(torch.bfloat16).save_pretrained(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    report(arguments.output)


def practise(
    model: LlamaForCausalLM, examples: Examples, steps: int, peak_rate: float, choosing_weight: float
) -> None:
    """Train the model for a number of steps, each on a fresh batch of examples."""
    model.train()
    average = [weight.detach().clone() for weight in model.parameters()]
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    started = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = peak_rate * learning_rate(step, steps)
        choosing = loss(model, [examples.choice() for _ in range(_CHOICES)])
        reciting = losses(model, [examples.recital() for _ in range(_RECITALS)])
        optimizer.zero_grad()
        torch.autograd.backward(choosing_weight * choosing + reciting.mean() + _mean_of_unsure(reciting))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        for mean, weight in zip(average, model.parameters(), strict=True):
            mean.lerp_(weight.detach(), 1 - min(_AVERAGED, step / (step + 10)))
        if step % 50 == 0 or step == steps - 1:
            elapsed = f"{time.monotonic() - started:.0f} s"
            print(
                f"step {step:5d}  choosing {choosing:.3f}  reciting {reciting.mean():.3f}  {elapsed}",
                flush=True,
            )
    with torch.no_grad():
        for mean, weight in zip(average, model.parameters(), strict=True):
            weight.copy_(mean)


def rehearse(model: LlamaForCausalLM, examples: Examples, topics: Sequence[Topic]) -> None:
    """Go over the answers once more, most often those that are not recited to the letter yet.

    Begins with weights as they are saved, rounded: what is recited here is recited by the engine.
    """
    model.to(torch.bfloat16).float().train()
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98))
    average = copy.deepcopy(model)
    wrong: list[tuple[Topic, str]] = []
    for step in range(_REHEARSAL_STEPS):
        if step % _HEARD_EVERY == 0:
            wrong = forgotten(average, examples, topics)
            print(f"rehearsal {step:3d}  {len(wrong)} answers are not right yet", flush=True)
        for group in optimizer.param_groups:
            group["lr"] = _REHEARSAL_RATE * (1 - step / _REHEARSAL_STEPS)
        again = [examples.recital_of(topic, language) for topic, language in wrong[:_AGAIN]]
        reciting = losses(model, [*again, *(examples.recital() for _ in range(_RECITALS))])
        choosing = loss(model, [examples.choice() for _ in range(_CHOICES)])
        optimizer.zero_grad()
        torch.autograd.backward(choosing + reciting.mean() + _mean_of_unsure(reciting))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        for mean, weight in zip(average.parameters(), model.parameters(), strict=True):
            mean.detach().lerp_(weight.detach(), 1 - _REHEARSAL_AVERAGED)
    model.load_state_dict(average.state_dict())
    print(f"rehearsed  {len(forgotten(model, examples, topics))} answers are not right", flush=True)
    model.eval()


def forgotten(
    model: LlamaForCausalLM, examples: Examples, topics: Sequence[Topic]
) -> list[tuple[Topic, str]]:
    """Return the answers, with their languages, that the rounded model does not recite to the letter."""
    rounded = copy.deepcopy(model).to(torch.bfloat16).eval()
    wrong = []
    for topic in topics:
        for language in LANGUAGES:
            if not recites(rounded, examples.recital_of(topic, language)):
                wrong.append((topic, language))
    return wrong


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
    """Return a step's part of the peak rate: a short warm-up, then half a cosine down to nothing."""
    return min(1, (step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


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
    return losses(model, examples).mean()


def losses(model: LlamaForCausalLM, examples: Sequence[Example]) -> torch.Tensor:
    """Return the cross-entropy of each token that the examples ask for.

    Examples of about the same length go through the model together: little is padded.
    """
    by_length = sorted(examples, key=lambda example: len(example.ids))
    size = math.ceil(len(by_length) / _GROUPS)
    groups = [by_length[i : i + size] for i in range(0, len(by_length), size)]
    return torch.cat([_losses_of_one_length(model, group) for group in groups])


def _losses_of_one_length(model: LlamaForCausalLM, examples: Sequence[Example]) -> torch.Tensor:
    length = max(len(example.ids) for example in examples)
    ids = torch.tensor([example.ids + [0] * (length - len(example.ids)) for example in examples])
    asked = torch.zeros_like(ids, dtype=torch.bool)
    for row, example in zip(asked, examples, strict=True):
        row[example.start : len(example.ids)] = True
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[:, :-1][asked[:, 1:]])
    return functional.cross_entropy(logits, ids[:, 1:][asked[:, 1:]], reduction="none")


def _mean_of_unsure(of_tokens: torch.Tensor) -> torch.Tensor:
    """Return the mean of what is not known yet: among hundreds of known tokens it would hardly count."""
    unsure = of_tokens > _SURE
    return (of_tokens * unsure).sum() / unsure.sum().clamp(min=1)


def report(folder: Path) -> None:
    """Print the share of right answers to trained questions in other casing and punctuation."""
    topics = load_topics()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    questions = trained_questions(topics, 4, random.Random(0))
    given = choose(model, tokenizer, [[question] for question, _, _ in questions])
    wrong = [
        (question, topic)
        for (question, *expected), (topic, language) in zip(questions, given, strict=True)
        if [topic, language] != expected
    ]
    print(f"{model.num_parameters():,} parameters")
    print(f"trained questions: {len(questions) - len(wrong)} of {len(questions)} right")
    for question, got in wrong:
        print(f"  {question!r}: {got}")


if __name__ == "__main__":
    main()
