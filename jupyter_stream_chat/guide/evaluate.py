"""Asks the guide questions in bulk and looks which topic its answers begin with.

An answer begins with the two special tokens of its topic and language, and goes on with the answer to that
topic. So two tokens tell which answer is given, and that each is given to the letter is looked at apart.
"""

import random
from collections.abc import Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .examples import Example
from .noise import repunctuate
from .topics import LANGUAGES, Topic, language_of, load_topics
from .vocabulary import plan

_BATCH = 64


def choose(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, chats: Sequence[Sequence[str]]
) -> list[tuple[str, str]]:
    """Return topic and language of the answer to each chat, given as the user's questions, the last one open.

    A beginning that is none of an answer comes back as the topic `none`, with its text for a language.
    """
    plans = {
        plan(topic.id, language): (topic.id, language) for topic in load_topics() for language in LANGUAGES
    }
    prompts = [_prompt(tokenizer, chat) for chat in chats]
    chosen: list[tuple[str, str]] = []
    for i in range(0, len(prompts), _BATCH):
        batch = tokenizer(prompts[i : i + _BATCH], padding=True, return_tensors="pt")
        with torch.no_grad():
            ids = model.generate(**batch, max_new_tokens=2)
        begun = tokenizer.batch_decode(ids[:, batch["input_ids"].shape[1] :])
        chosen += [plans.get(text, ("none", text)) for text in begun]
    return chosen


@torch.no_grad()
def recites(model: PreTrainedModel, example: Example) -> bool:
    """Return whether greedy decoding says what the example asks for.

    All tokens are looked at in one pass: each must be the likeliest after those before it.
    """
    ids = torch.tensor([example.ids])
    said = model(ids).logits[0, example.start - 1 : -1].argmax(-1)
    return torch.equal(said, ids[0, example.start :])


def trained_questions(
    topics: Sequence[Topic], per_topic: int, rng: random.Random
) -> list[tuple[str, str, str]]:
    """Draw questions the guide was trained on, in other casing and punctuation, with topic and language."""
    casings = (str.upper, str.title, str.capitalize, str.lower)
    drawn = [
        (topic.questions[language].draw(rng), topic.id)
        for topic in topics
        for language in LANGUAGES
        for _ in range(per_topic)
    ]
    return [(repunctuate(rng.choice(casings)(text), rng), topic, language_of(text)) for text, topic in drawn]


def _prompt(tokenizer: PreTrainedTokenizerFast, chat: Sequence[str]) -> str:
    messages = [{"role": "user", "content": question} for question in chat]
    prompt: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return prompt
