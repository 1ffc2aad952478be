"""Training examples for the guide's model, drawn without end from the topics.

An example is the tokens of a rendered chat, with the topic and the language of its answer named, and the
answer to be said after them. Which topic a question is about is the classifier's business, not the model's.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from .noise import dirty, pasted
from .topics import LANGUAGES, Topic, plan
from .vocabulary import ASSISTANT, END, USER

_EARLIER_SHARE = 0.5
_PASTED_SHARE = 0.1
_CUT_SHARE = 0.15


@dataclass(frozen=True)
class Example:
    """Tokens of a chat; those from `start` on are to be predicted."""

    ids: list[int]
    start: int


class Examples:
    """Draws examples; the same generator state gives the same examples."""

    def __init__(
        self, topics: Sequence[Topic], tokenizer: PreTrainedTokenizerFast, rng: random.Random
    ) -> None:
        self._topics = topics
        self._tokenizer = tokenizer
        self._rng = rng

    def recital(self) -> Example:
        """Return a chat with some answer, or with the rest of one that was stopped anywhere."""
        rng = self._rng
        topic, language = rng.choice(self._topics), rng.choice(LANGUAGES)
        cut = rng.random() < _CUT_SHARE
        return self.recital_of(topic, language, rng.randrange(len(topic.answers[language])) if cut else 0)

    def recital_of(self, topic: Topic, language: str, shown: int = 0) -> Example:
        """Return a chat with this answer, of which so many characters have been said already.

        What is said must depend on the tokens of its topic and language alone, so the questions may be any.
        """
        answer = topic.answers[language]
        earlier = [self._question()] if self._rng.random() < _EARLIER_SHARE else []
        prompt = self._prompt([*earlier, self._question()])
        prompt += self._encode(plan(topic.id, language) + answer[:shown])
        return Example(prompt + self._encode(answer[shown:] + END), len(prompt))

    def _question(self) -> str:
        if self._rng.random() < _PASTED_SHARE:
            return pasted(self._rng)
        topic = self._rng.choice(self._topics)
        return dirty(topic.questions[self._rng.choice(LANGUAGES)].draw(self._rng), self._rng)

    def _prompt(self, questions: Sequence[str]) -> list[int]:
        """Return what the chat template makes of these questions."""
        typed = (" ".join(question[:160].lower().split()) for question in questions)
        return self._encode("".join(f"{USER} {question}" for question in typed) + ASSISTANT)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids
