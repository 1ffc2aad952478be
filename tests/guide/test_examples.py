import random

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.examples import Examples
from jupyter_stream_chat.guide.topics import LANGUAGES, load_topics, plan
from jupyter_stream_chat.guide.vocabulary import ASSISTANT, END, USER

TOPICS = load_topics()
ENDS = {plan(topic.id, language): topic.answers[language] + END for topic in TOPICS for language in LANGUAGES}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(guide.path(), local_files_only=True)


@pytest.fixture
def examples(tokenizer: PreTrainedTokenizerFast) -> Examples:
    return Examples(TOPICS, tokenizer, random.Random(0))


def test_a_recital_is_a_chat_with_an_answer_or_the_rest_of_it(
    examples: Examples, tokenizer: PreTrainedTokenizerFast
) -> None:
    cut = 0
    for example in (examples.recital() for _ in range(200)):
        prompt, said = (
            tokenizer.decode(ids) for ids in (example.ids[: example.start], example.ids[example.start :])
        )
        assert prompt.startswith(USER)
        assert 1 <= prompt.count(USER) <= 2
        begun = prompt.split(ASSISTANT)[1]
        assert any(begun + said == named + answer for named, answer in ENDS.items())
        cut += begun not in ENDS
    assert 10 < cut < 60


def test_what_is_asked_is_rendered_as_the_chat_template_does(
    examples: Examples, tokenizer: PreTrainedTokenizerFast
) -> None:
    for example in (examples.recital() for _ in range(50)):
        prompt = tokenizer.decode(example.ids[: example.start]).split(ASSISTANT)[0]
        chat = [{"role": "user", "content": question.strip()} for question in prompt.split(USER)[1:]]
        assert tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) == (
            prompt + ASSISTANT
        )


def test_some_recitals_follow_a_long_paste(examples: Examples) -> None:
    assert max(examples.recital().start for _ in range(300)) > 100
