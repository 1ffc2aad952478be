import random

import pytest
import torch

from jupyter_stream_chat.guide.examples import Example, Examples
from jupyter_stream_chat.guide.topics import load_topics
from jupyter_stream_chat.guide.train import learning_rate, losses
from jupyter_stream_chat.guide.vocabulary import build_tokenizer


def test_the_learning_rate_warms_up_and_falls_to_nothing() -> None:
    rates = [learning_rate(step, 1000) for step in range(1000)]
    peak = rates.index(max(rates))
    assert 50 <= peak <= 150
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[-1] < 1e-4 * max(rates)


def test_the_loss_counts_the_asked_tokens_only() -> None:
    """Padding and the prompt must not matter: one example alone and beside a longer one lose the same."""

    class Flat(torch.nn.Module):
        """Scores all tokens alike, so that each asked token costs log(vocabulary)."""

        asked = 0

        def model(self, input_ids: torch.Tensor, use_cache: bool) -> object:
            return type("Output", (), {"last_hidden_state": torch.zeros(*input_ids.shape, 4)})

        def lm_head(self, hidden: torch.Tensor) -> torch.Tensor:
            self.asked += len(hidden)
            return torch.zeros(len(hidden), 11)

    model = Flat()
    costs = losses(model, [Example([1, 2, 3, 4], 2), Example([1, 2, 3, 4, 5, 6, 7], 4)])
    assert model.asked == 2 + 3 == len(costs)
    assert costs.mean().item() == pytest.approx(torch.log(torch.tensor(11.0)).item())


def test_the_same_seed_gives_the_same_vocabulary_and_examples() -> None:
    def made() -> tuple[dict[str, int], list[Example]]:
        rng = random.Random(1)
        tokenizer = build_tokenizer(load_topics(), rng)
        examples = Examples(load_topics(), tokenizer, rng)
        return tokenizer.get_vocab(), [examples.recital() for _ in range(20)]

    assert made() == made()
