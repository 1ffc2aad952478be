"""Trains the guide from its topics: `python -m jupyter_stream_chat.guide.train`.

Runs on one core, seeded: the same machine and library versions give the same weights. Needs the `local`
extra. Two parts: the classifier learns which topic a question is about, the model learns the answers by
heart. Where only questions have changed, `--questions` trains the classifier alone, in two minutes; where
an answer was edited, `--resume` goes on with the model that is there. A new topic takes a whole training.
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
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from . import path
from .classifier import Classifier
from .evaluate import recites, trained_questions
from .examples import Example, Examples
from .topics import LANGUAGES, Topic, load_topics
from .train_classifier import train_classifier
from .vocabulary import build_tokenizer

_BATCH = 12
_GROUPS = 3
_LEARNING_RATE = 2e-3
_WARM_UP = 100
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
    parser.add_argument("--steps", type=int, default=1800, help="steps of learning the answers")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, default=path())
    parser.add_argument("--questions", action="store_true", help="train the classifier alone")
    parser.add_argument("--resume", action="store_true", help="go on with the folder's model")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    topics = load_topics()
    arguments.output.mkdir(parents=True, exist_ok=True)
    train_classifier(topics, random.Random(arguments.seed)).save(arguments.output)
    if not arguments.questions:
        rng = random.Random(arguments.seed)
        train_model(topics, arguments.steps, rng, arguments.output, arguments.resume)
    report(topics, arguments.output)


def train_model(
    topics: Sequence[Topic], steps: int, rng: random.Random, folder: Path, resume: bool = False
) -> None:
    """Train the model that says the answers, and save it with its tokenizer."""
    if resume:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    else:
        tokenizer = build_tokenizer(topics, rng)
        model = LlamaForCausalLM(configuration(tokenizer))
    examples = Examples(topics, tokenizer, rng)
    if not resume:
        practise(model, examples, steps)
    rehearse(model, examples, topics)
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=400,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def practise(model: LlamaForCausalLM, examples: Examples, steps: int) -> None:
    """Train the model for a number of steps, each on a fresh batch of examples."""
    model.train()
    average = [weight.detach().clone() for weight in model.parameters()]
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    started = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * learning_rate(step, steps)
        mean_loss = _step(model, optimizer, [examples.recital() for _ in range(_BATCH)])
        for mean, weight in zip(average, model.parameters(), strict=True):
            mean.lerp_(weight.detach(), 1 - min(_AVERAGED, step / (step + 10)))
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step:5d}  {mean_loss:.3f}  {time.monotonic() - started:.0f} s", flush=True)
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
        _step(model, optimizer, [*again, *(examples.recital() for _ in range(_BATCH))])
        for mean, weight in zip(average.parameters(), model.parameters(), strict=True):
            mean.detach().lerp_(weight.detach(), 1 - _REHEARSAL_AVERAGED)
    model.load_state_dict(average.state_dict())
    print(f"rehearsed  {len(forgotten(model, examples, topics))} answers are not right", flush=True)
    model.eval()


@torch.no_grad()
def forgotten(
    model: LlamaForCausalLM, examples: Examples, topics: Sequence[Topic]
) -> list[tuple[Topic, str]]:
    """Return the answers, with their languages, that the rounded model does not recite to the letter."""
    rounded = copy.deepcopy(model).to(torch.bfloat16).eval()
    return [
        (topic, language)
        for topic in topics
        for language in LANGUAGES
        if not recites(rounded, examples.recital_of(topic, language))
    ]


def learning_rate(step: int, steps: int) -> float:
    """Return a step's part of the peak rate: a short warm-up, then half a cosine down to nothing."""
    return min(1, (step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


def configuration(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    """Return the shape of the model: about 2.3 million parameters, 4.6 MB as bfloat16.

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
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )


def _step(model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, examples: Sequence[Example]) -> float:
    """Learn from a batch once, and return its mean loss."""
    of_tokens = losses(model, examples)
    optimizer.zero_grad()
    torch.autograd.backward(of_tokens.mean() + _mean_of_unsure(of_tokens))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return of_tokens.mean().item()


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


def report(topics: Sequence[Topic], folder: Path) -> None:
    """Print the share of right topics for trained questions in other casing and punctuation."""
    classifier = Classifier.load(folder)
    questions = trained_questions(topics, 4, random.Random(0))
    given = [(question, topic, classifier.topic([question])) for question, topic in questions]
    wrong = [(question, got) for question, topic, got in given if got != topic]
    print(f"trained questions: {len(questions) - len(wrong)} of {len(questions)} right")
    for question, got in wrong:
        print(f"  {question!r}: {got}")


if __name__ == "__main__":
    main()
