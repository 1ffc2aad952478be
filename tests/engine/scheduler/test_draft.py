"""A draft model guesses, and the text stays what the model alone would write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream_chat.engine.errors import EngineFailure
from jupyter_stream_chat.engine.generation import Generation
from jupyter_stream_chat.engine.loader import load_model
from jupyter_stream_chat.engine.messages import LoadOptions, Parameters
from jupyter_stream_chat.engine.model import LoadedModel
from jupyter_stream_chat.engine.scheduler.draft import Draft
from jupyter_stream_chat.engine.scheduler.scheduler import Scheduler
from tests.tiny_model import make_counting_model, make_tiny_model

BUDGET = 2**24


def load(folder: Path) -> LoadedModel:
    return load_model(str(folder), LoadOptions(device="cpu"), lambda stage, fraction: None)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("large"), layers=3, seed=1)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of the same vocabulary, which guesses wrongly nearly always."""
    return make_tiny_model(tmp_path_factory.mktemp("other"), layers=1, seed=2)


def texts(
    model: Path, draft: Path | None, prompts: list[list[int]], **more: Any
) -> tuple[list[str], Scheduler]:
    """Return what is answered to the prompts, side by side."""
    loaded = load(model)
    guessing = Draft(load(draft), loaded, "draft") if draft else None
    scheduler = Scheduler(loaded, BUDGET, draft=guessing)
    written: list[list[str]] = [[] for _ in prompts]
    parameters = Parameters(**{"max_tokens": 40} | more)
    waiting = [
        Generation(loaded, prompt, parameters, text.append)
        for prompt, text in zip(prompts, written, strict=True)
    ]
    for generation in waiting:
        assert scheduler.admit(generation)
        scheduler.step()
    while scheduler.running:
        scheduler.step()
    return ["".join(text) for text in written], scheduler


PROMPTS = [[5, 9, 17, 4], list(range(20, 320)), [11, 12]]


@pytest.mark.parametrize("more", [{}, {"temperature": 0.8, "seed": 3}], ids=["greedy", "sampled"])
@pytest.mark.parametrize("draft", ["large", "other"])
def test_the_text_is_the_models_own(request: Any, large: Path, draft: str, more: dict[str, Any]) -> None:
    alone, without = texts(large, None, PROMPTS, **more)
    guessed, scheduler = texts(large, request.getfixturevalue(draft), PROMPTS, **more)
    assert guessed == alone
    assert scheduler.guessed_tokens > 0
    assert without.guessed_tokens == 0
    if draft == "large" and not more:  # it guesses for itself
        assert scheduler.accepted_tokens > 0.9 * scheduler.guessed_tokens
        assert scheduler.steps < without.steps / 2


def test_no_more_is_written_than_asked_for(large: Path) -> None:
    alone, _ = texts(large, None, PROMPTS, max_tokens=3)
    assert texts(large, large, PROMPTS, max_tokens=3)[0] == alone


def test_what_is_read_of_an_answer_is_dropped_with_it(large: Path) -> None:
    _, scheduler = texts(large, large, PROMPTS)
    assert scheduler._draft is not None
    assert not scheduler._draft._readers


def test_both_caches_keep_to_the_budget(large: Path) -> None:
    loaded = load(large)
    draft = Draft(load(large), loaded, "draft")
    assert Scheduler(loaded, BUDGET, draft=draft).prefixes.budget == BUDGET // 2


def test_a_draft_that_fails_is_not_used_any_more(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Draft, generations: Any) -> Any:
        raise RuntimeError("broken")

    alone, _ = texts(large, None, PROMPTS)
    monkeypatch.setattr(Draft, "guesses", failing)
    assert texts(large, large, PROMPTS)[0] == alone


def test_another_vocabulary_is_refused(
    large: Path, tmp_path: Path, loaded: LoadedModel, load: Callable[[Path], LoadedModel]
) -> None:
    counting = load(make_counting_model(tmp_path / "counting", numbers=50, layers=1))
    with pytest.raises(EngineFailure, match="vocabulary") as refused:
        Draft(counting, loaded, "org/other")
    assert refused.value.code == "unfit_draft_model"
