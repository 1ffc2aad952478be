"""Asks the guide questions in bulk and compares its answers with those of the topics.

Greedy, through plain `generate`: what is measured here is what the engine streams.
"""

import random
from collections.abc import Mapping, Sequence

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .noise import repunctuate
from .topics import LANGUAGES, Topic

_BATCH = 32

Answers = Mapping[str, tuple[str, str]]
"""Topic and language by the text of the answer."""


def answers_of(topics: Sequence[Topic]) -> Answers:
    """Return which topic and language each answer belongs to."""
    return {topic.answers[language]: (topic.id, language) for topic in topics for language in LANGUAGES}


def ask(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, chats: Sequence[Sequence[str]]
) -> list[str]:
    """Return the guide's answer to each chat, given as the user's questions, the last one open."""
    prompts = [_prompt(tokenizer, chat) for chat in chats]
    answers: list[str] = []
    for i in range(0, len(prompts), _BATCH):
        batch = tokenizer(prompts[i : i + _BATCH], padding=True, return_tensors="pt")
        with torch.no_grad():
            ids = model.generate(**batch)
        answers += tokenizer.batch_decode(ids[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
    return answers


def trained_questions(
    topics: Sequence[Topic], per_topic: int, rng: random.Random
) -> list[tuple[str, str, str]]:
    """Draw questions the guide was trained on, in other casing and punctuation, with topic and language."""
    casings = (str.upper, str.title, str.capitalize, str.lower)
    return [
        (repunctuate(rng.choice(casings)(topic.questions[language].draw(rng)), rng), topic.id, language)
        for topic in topics
        for language in LANGUAGES
        for _ in range(per_topic)
    ]


def _prompt(tokenizer: PreTrainedTokenizerFast, chat: Sequence[str]) -> str:
    messages = [{"role": "user", "content": question} for question in chat]
    prompt: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return prompt
