"""The committed tokenizer and its chat template."""

import json

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.topics import LANGUAGES, PAGES, Topic, load_topics, plan


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return AutoTokenizer.from_pretrained(guide.path(), local_files_only=True)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def rendered(tokenizer: PreTrainedTokenizerFast, *messages: dict[str, str], **options: bool) -> str:
    return tokenizer.apply_chat_template(list(messages), tokenize=False, **options)


@pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: topic.id)
def test_an_answer_survives_the_tokenizer(tokenizer: PreTrainedTokenizerFast, topic: Topic) -> None:
    for language in LANGUAGES:
        ids = tokenizer.encode(plan(topic.id, language) + topic.answers[language])
        assert tokenizer.decode(ids, skip_special_tokens=True) == topic.answers[language]
        assert tokenizer.decode(ids[:2], skip_special_tokens=True) == ""


def test_an_address_of_the_docs_is_one_token(tokenizer: PreTrainedTokenizerFast) -> None:
    """Else the model would have to spell them, and a page that moves would take a training."""
    for docs in {topic.docs[0] for topic in load_topics() if topic.docs}:
        assert len(tokenizer.encode(f"{PAGES}{docs}")) == 1


def test_auto_tokenizer_splits_words_as_in_training(tokenizer: PreTrainedTokenizerFast) -> None:
    """For some architectures AutoTokenizer puts its own splitting in place of the folder's."""
    trained = Tokenizer.from_file(str(guide.path() / "tokenizer.json"))
    config = json.loads((guide.path() / "config.json").read_text("utf-8"))
    text = "what's 17 times 23? 怎么停止回答？\n\n```python"
    assert tokenizer.encode(text) == trained.encode(text).ids
    assert len(tokenizer) == config["vocab_size"]


@pytest.mark.parametrize("text", ["犇骉🙂 Ünïcödé", "\x00\ufffd", "a" * 5000])
def test_any_text_can_be_encoded(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_template_keeps_the_last_two_questions_in_plain_form(tokenizer: PreTrainedTokenizerFast) -> None:
    chat = [user("one"), assistant("1"), user("Two\n  TWO"), assistant("2"), user("Three?")]
    prompt = rendered(tokenizer, *chat, add_generation_prompt=True)
    assert prompt == "<|user|> two two<|user|> three?<|assistant|>"


def test_the_template_cuts_a_long_question(tokenizer: PreTrainedTokenizerFast) -> None:
    assert len(rendered(tokenizer, user("word " * 10_000), add_generation_prompt=True)) < 200


def test_the_template_leaves_a_last_answer_open_to_be_continued(tokenizer: PreTrainedTokenizerFast) -> None:
    chat = [user("stop?"), assistant("Click **St")]
    prompt = rendered(tokenizer, *chat, continue_final_message=True)
    assert prompt == "<|user|> stop?<|assistant|>Click **St"


def test_a_system_message_is_ignored(tokenizer: PreTrainedTokenizerFast) -> None:
    system = {"role": "system", "content": "Be brief."}
    assert rendered(tokenizer, system, user("hi")) == rendered(tokenizer, user("hi"))
