"""Looks how well the guide knows its topics and its answers."""

import random
from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from .examples import Example
from .noise import repunctuate
from .topics import LANGUAGES, Topic


@torch.no_grad()
def recites(model: PreTrainedModel, example: Example) -> bool:
    """Return whether greedy decoding says what the example asks for.

    All tokens are looked at in one pass: each must be the likeliest after those before it.
    """
    ids = torch.tensor([example.ids])
    said = model(ids).logits[0, example.start - 1 : -1].argmax(-1)
    return torch.equal(said, ids[0, example.start :])


def trained_questions(topics: Sequence[Topic], per_topic: int, rng: random.Random) -> list[tuple[str, str]]:
    """Draw questions the guide was trained on, in other casing and punctuation, each with its topic."""
    casings = (str.upper, str.title, str.capitalize, str.lower)
    drawn = [
        (topic.questions[language].draw(rng), topic.id)
        for topic in topics
        for language in LANGUAGES
        for _ in range(per_topic)
    ]
    return [(repunctuate(rng.choice(casings)(text), rng), topic) for text, topic in drawn]
