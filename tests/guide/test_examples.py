import random

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.examples import Examples
from jupyter_stream_chat.guide.topics import LANGUAGES, load_topics
from jupyter_stream_chat.guide.vocabulary import ASSISTANT, END, USER, plan

TOPICS = load_topics()
PLANS = {plan(topic.id, language) for topic in TOPICS for language in LANGUAGES}
ENDS = {topic.answers[language] + END for topic in TOPICS for language in LANGUAGES}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(guide.path(), local_files_only=True)


@pytest.fixture
def examples(tokenizer: PreTrainedTokenizerFast) -> Examples:
    return Examples(TOPICS, tokenizer, random.Random(0))


def test_a_choice_asks_for_topic_and_language(examples: Examples, tokenizer: PreTrainedTokenizerFast) -> None:
    for example in (examples.choice() for _ in range(200)):
        begun = tokenizer.decode(example.ids[example.start :])
        assert any((chosen + end).startswith(begun) for chosen in PLANS for end in ENDS)
        assert len(example.ids) - example.start >= 4
        prompt = tokenizer.decode(example.ids[: example.start])
        assert prompt.startswith(USER)
        assert prompt.endswith(ASSISTANT)
        assert 1 <= prompt.count(USER) <= 2


def test_a_recital_asks_for_an_answer_to_its_end(
    examples: Examples, tokenizer: PreTrainedTokenizerFast
) -> None:
    for example in (examples.recital() for _ in range(200)):
        asked = tokenizer.decode(example.ids[example.start :])
        assert any((chosen + end).endswith(asked) for chosen in PLANS for end in ENDS)


def test_some_recitals_begin_in_the_middle(examples: Examples, tokenizer: PreTrainedTokenizerFast) -> None:
    drawn = [examples.recital() for _ in range(200)]
    asked = [tokenizer.decode(example.ids[example.start :]) for example in drawn]
    middles = [text for text in asked if text not in ENDS and any(end.endswith(text) for end in ENDS)]
    assert 10 < len(middles) < 60


def test_some_recitals_follow_a_long_paste(examples: Examples) -> None:
    assert max(examples.recital().start for _ in range(300)) > 100


def test_a_bag_names_its_topic(examples: Examples, tokenizer: PreTrainedTokenizerFast) -> None:
    names = {f"<|{topic.id}|>" for topic in TOPICS}
    assert {tokenizer.decode([topic]) for _, topic in (examples.bag() for _ in range(2000))} == names


def test_words_are_met_in_other_tokens_than_usual(tokenizer: PreTrainedTokenizerFast) -> None:
    def words(seed: int) -> list[tuple[str, int]]:
        drawn = Examples(TOPICS, tokenizer, random.Random(seed))
        return [(tokenizer.decode(ids), len(ids)) for ids, _ in (drawn.bag() for _ in range(300))]

    longer = [text for text, length in words(0) if length > len(tokenizer.encode(text))]
    assert 20 < len(longer) < 200
    assert words(0) == words(0), "the same seed cuts at the same places"
