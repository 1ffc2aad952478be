"""Trains the classifier that tells which topic a question is about. Takes a few minutes of one core."""

import random
from collections.abc import Sequence

import torch
from torch.nn import functional

from .classifier import FEATURES, Classifier, features
from .noise import dirty, pasted
from .topics import LANGUAGES, OFF_TOPIC, Topic, load_followups

_STEPS, _BATCH = 2000, 256
_LEARNING_RATE = 0.015
_SMOOTHING = 0.05
_OFF_TOPIC_SHARE = 0.3
_EARLIER_SHARE = 0.4
_FOLLOWUP_SHARE = 0.08
_PASTED_SHARE = 0.03


def train_classifier(topics: Sequence[Topic], rng: random.Random) -> Classifier:
    """Return a classifier trained on questions drawn from the topics, dirty as people type them."""
    questions = Questions(topics, rng)
    table = torch.zeros(FEATURES, len(topics), requires_grad=True)
    optimizer = torch.optim.Adam([table], betas=(0.9, 0.99))
    for step in range(_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * (1 - step / _STEPS)
        chats, wanted = zip(*(questions.draw() for _ in range(_BATCH)), strict=True)
        scores = _scores(table, chats)
        loss = functional.cross_entropy(scores, torch.tensor(wanted), label_smoothing=_SMOOTHING)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if step % 200 == 0 or step == _STEPS - 1:
            print(f"classifier: step {step:5d}  {loss:.3f}", flush=True)
    return Classifier([topic.id for topic in topics], _as_bytes(table.detach()))


class Questions:
    """Draws chats of one or two questions, with the number of the topic that the last is about."""

    def __init__(self, topics: Sequence[Topic], rng: random.Random) -> None:
        self._topics = topics
        self._off_topic = next(i for i, topic in enumerate(topics) if topic.id == OFF_TOPIC)
        self._known = [i for i in range(len(topics)) if i != self._off_topic]
        self._followups = load_followups()
        self._rng = rng

    def draw(self) -> tuple[list[str], int]:
        """Return a chat and its topic."""
        rng = self._rng
        chance = rng.random()
        if chance < _PASTED_SHARE:
            return [pasted(rng)], self._off_topic
        if chance < _PASTED_SHARE + _FOLLOWUP_SHARE:
            topic = rng.choice(self._known)
            chat = [self._about(topic), self._followups[rng.choice(LANGUAGES)].draw(rng)]
        else:
            topic = self._any()
            earlier = [self._about(self._any())] if rng.random() < _EARLIER_SHARE else []
            chat = [*earlier, self._about(topic)]
        return [dirty(question, rng) for question in chat], topic

    def _about(self, topic: int) -> str:
        return self._topics[topic].questions[self._rng.choice(LANGUAGES)].draw(self._rng)

    def _any(self) -> int:
        return self._off_topic if self._rng.random() < _OFF_TOPIC_SHARE else self._rng.choice(self._known)


def _scores(table: torch.Tensor, chats: Sequence[Sequence[str]]) -> torch.Tensor:
    rows = [features(chat) for chat in chats]
    lengths = torch.tensor([len(row) for row in rows])
    flat = torch.tensor([index for row in rows for index in row])
    # Divided by the root, a long question does not count for more than a short one.
    shares = lengths.float().rsqrt().repeat_interleave(lengths)
    return functional.embedding_bag(
        flat, table, lengths.cumsum(0) - lengths, mode="sum", per_sample_weights=shares
    )


def _as_bytes(table: torch.Tensor) -> bytes:
    """Round to signed bytes; the few largest weights are cut off, so that small ones are told apart."""
    scale = 127 / table.abs().flatten().topk(max(1, table.numel() // 5000)).values[-1]
    return bytes((table * scale).round().clamp(-127, 127).to(torch.int8).flatten().numpy().tobytes())
