import random

import pytest
import torch

from jupyter_stream_chat.guide.examples import Example, Examples
from jupyter_stream_chat.guide.topics import load_topics
from jupyter_stream_chat.guide.train import learning_rate, loss, warm_up
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
    cost = loss(model, [Example([1, 2, 3, 4], 2), Example([1, 2, 3, 4, 5, 6, 7], 4)])
    assert model.asked == 2 + 3
    assert cost.item() == pytest.approx(torch.log(torch.tensor(11.0)).item())


def test_the_same_seed_gives_the_same_vocabulary_and_warm_up() -> None:
    def warmed() -> tuple[dict[str, int], torch.Tensor]:
        torch.manual_seed(1)
        rng = random.Random(1)
        tokenizer = build_tokenizer(load_topics(), rng)
        table = torch.nn.Embedding(len(tokenizer), 16).weight
        warm_up(table, Examples(load_topics(), tokenizer, rng), steps=3)
        return tokenizer.get_vocab(), table

    (words, table), (same_words, same_table) = warmed(), warmed()
    assert words == same_words
    assert torch.equal(table, same_table)
