"""Training examples for the guide, drawn without end from the topics.

An example is the tokens of a rendered chat and the position from which the model is to be right. Two kinds
are mixed: *choices* end where topic and language are named and the answer has begun, *recitals* with its end.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from .noise import dirty
from .topics import LANGUAGES, OFF_TOPIC, Topic, language_of, load_followups
from .vocabulary import ASSISTANT, END, USER, plan

_OFF_TOPIC_SHARE = 0.3
_EARLIER_SHARE = 0.5
_FOLLOWUP_SHARE = 0.08
_CONTINUED_SHARE = 0.15
_PASTED_SHARE = 0.1
_CUT_RATE = 0.08
_BEGINNING = 5
"""Tokens of a choice: topic, language, and the first words, which must not be taken from another answer."""


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
        self._known = [topic for topic in topics if topic.id != OFF_TOPIC]
        self._off_topic = next(topic for topic in topics if topic.id == OFF_TOPIC)
        self._followups = load_followups()
        self._tokenizer = tokenizer
        self._rng = rng

    def bag(self) -> tuple[list[int], int]:
        """Return the tokens of one question, and the token of its topic."""
        topic = self._any_topic()
        question = dirty(topic.questions[self._rng.choice(LANGUAGES)].draw(self._rng), self._rng)
        return self._encode_in_pieces(f" {question.lower()}"), self._encode(plan(topic.id, LANGUAGES[0]))[0]

    def choice(self) -> Example:
        """Return a chat whose last question is to be understood."""
        rng = self._rng
        if rng.random() < _FOLLOWUP_SHARE:
            topic, language = rng.choice(self._known), rng.choice(LANGUAGES)
            asked = [topic.questions[language].draw(rng), self._followups[language].draw(rng)]
        else:
            topic, language = self._any_topic(), rng.choice(LANGUAGES)
            asked = [*self._earlier(), topic.questions[language].draw(rng)]
        language = language_of(asked[-1])
        prompt = self._prompt(asked)
        answer = self._encode(plan(topic.id, language) + topic.answers[language])
        return Example(prompt + answer[:_BEGINNING], len(prompt))

    def recital(self) -> Example:
        """Return a chat with a whole answer.

        What the answer says must depend on the tokens of its topic and language alone, so the question may be
        any; some answers lack these tokens, as when a stopped answer is continued.
        """
        rng = self._rng
        if rng.random() < _PASTED_SHARE:
            return self._pasted()
        return self.recital_of(rng.choice(self._topics), rng.choice(LANGUAGES))

    def recital_of(self, topic: Topic, language: str) -> Example:
        """Return a chat with this answer, or with the rest of it."""
        rng = self._rng
        answer = self._encode(topic.answers[language] + END)
        if rng.random() < _CONTINUED_SHARE:
            prompt = self._prompt([topic.questions[language].draw(rng)])
            return Example(prompt + answer, len(prompt) + rng.randrange(6, max(7, len(answer) // 2)))
        asked = topic if rng.random() < 0.5 else self._any_topic()
        prompt = self._prompt([*self._earlier(), asked.questions[rng.choice(LANGUAGES)].draw(rng)])
        prompt += self._encode(plan(topic.id, language))
        return Example(prompt + answer, len(prompt))

    def _pasted(self) -> Example:
        """Return a chat in which somebody pastes a long text, or holds down a key: off-topic."""
        rng, language = self._rng, self._rng.choice(LANGUAGES)
        if rng.random() < 0.5:
            pasted = " ".join(self._off_topic.questions[language].draw(rng) for _ in range(12))
        else:
            keys = [
                chr(rng.choice((rng.randrange(33, 127), rng.randrange(0x3400, 0x9FFF)))) for _ in range(3)
            ]
            pasted = "".join(rng.choices(keys, k=160)) if rng.random() < 0.5 else keys[0] * 160
        prompt = self._prompt([pasted[: rng.randint(20, 160)]])
        answer = self._off_topic.answers[language]
        return Example(prompt + self._encode(plan(OFF_TOPIC, language) + answer + END), len(prompt))

    def _any_topic(self) -> Topic:
        return self._off_topic if self._rng.random() < _OFF_TOPIC_SHARE else self._rng.choice(self._known)

    def _earlier(self) -> list[str]:
        """Return the question before, if there was one."""
        rng = self._rng
        if rng.random() >= _EARLIER_SHARE:
            return []
        return [self._any_topic().questions[rng.choice(LANGUAGES)].draw(rng)]

    def _prompt(self, questions: Sequence[str]) -> list[int]:
        typed = (dirty(question, self._rng).lower().split() for question in questions)
        ids: list[int] = []
        for words in typed:
            ids += self._encode(USER) + self._encode_in_pieces(f" {' '.join(words)}")
        return ids + self._encode(ASSISTANT)

    def _encode_in_pieces(self, text: str) -> list[int]:
        """Encode a text cut at a few random places, so that words are met in other tokens than usual.

        As in BPE-dropout (Provilkov et al., 2020), but seeded: what an unknown or misspelt word is cut
        into has then been met before.
        """
        rng = self._rng
        rate = rng.choice((0, 0, _CUT_RATE))
        cuts = [i for i in range(1, len(text)) if rng.random() < rate] if rate else []
        pieces = (text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))
        return [token for piece in pieces for token in self._encode(piece)]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids
