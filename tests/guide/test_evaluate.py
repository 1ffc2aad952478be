"""The committed weights: which answer they give to what, and that they give it to the letter."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.evaluate import choose, recites, trained_questions
from jupyter_stream_chat.guide.examples import Example
from jupyter_stream_chat.guide.topics import LANGUAGES, OFF_TOPIC, Topic, language_of, load_topics
from jupyter_stream_chat.guide.vocabulary import ASSISTANT, END, USER, plan

TOPICS = load_topics()
ANSWERS = {(topic.id, language): topic.answers[language] for topic in TOPICS for language in LANGUAGES}


class Guide(NamedTuple):
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    def topics(self, chats: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
        """Return topic and language of the answer to each chat."""
        return choose(self.model, self.tokenizer, chats)

    def rest_of(self, prompt: str) -> str:
        """Return what the guide says after this, to the end."""
        ids = self.tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
        said = self.model.generate(**ids)[0, ids["input_ids"].shape[1] :]
        return self.tokenizer.decode(said, skip_special_tokens=True)


@pytest.fixture(scope="module")
def loaded() -> Guide:
    """The weights as the engine loads them."""
    torch.manual_seed(0)
    return Guide(
        AutoModelForCausalLM.from_pretrained(guide.path(), dtype="auto", local_files_only=True),
        AutoTokenizer.from_pretrained(guide.path(), local_files_only=True),
    )


@pytest.mark.xfail(reason="known: 93 %; the questions have become three times as many")
def test_trained_questions_are_right_in_other_casing_and_punctuation(loaded: Guide) -> None:
    questions = trained_questions(TOPICS, 4, random.Random(1))
    got = loaded.topics([[question] for question, _, _ in questions])
    wrong = [
        (question, topic, given)
        for (question, topic, language), given in zip(questions, got, strict=True)
        if (topic, language) != given
    ]
    print(f"{len(questions) - len(wrong)} of {len(questions)} trained questions right; wrong: {wrong}")
    assert len(wrong) <= 0.05 * len(questions), wrong


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_an_answer_is_recited_to_the_letter(loaded: Guide, topic: Topic) -> None:
    """Fails when an answer was edited and the guide not trained again."""
    for language in LANGUAGES:
        for question in ("?", "怎么停止"):
            prompt, answer = (
                loaded.tokenizer.encode(text, add_special_tokens=False)
                for text in (
                    f"{USER} {question}{ASSISTANT}{plan(topic.id, language)}",
                    topic.answers[language] + END,
                )
            )
            assert recites(loaded.model, Example(prompt + answer, len(prompt))), (language, question)


@pytest.mark.parametrize("question", ["How do I stop an answer?", "法国的首都是哪里？"])
def test_an_answer_comes_whole(loaded: Guide, question: str) -> None:
    [chosen] = loaded.topics([[question]])
    chat = [{"role": "user", "content": question}]
    prompt = loaded.tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    assert loaded.rest_of(prompt) == ANSWERS[chosen]


def listed(name: str) -> list[Mapping[str, list[str]]]:
    """Return questions written without a look at the patterns, with the topics that answer each."""
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [
        {"topics": entry["topics"], "chat": [*entry.get("history", []), entry["question"]]}
        for entry in map(json.loads, lines)
    ]


@pytest.mark.parametrize("off_topic", [False, True], ids=["on-topic", "off-topic"])
@pytest.mark.parametrize("name", ["development.jsonl", "heldout.jsonl"])
def test_listed_questions(loaded: Guide, name: str, off_topic: bool) -> None:
    """`development.jsonl` was looked at while the guide was made; `heldout.jsonl` was not."""
    entries = [entry for entry in listed(name) if (entry["topics"] == [OFF_TOPIC]) == off_topic]
    got = loaded.topics([entry["chat"] for entry in entries])
    wrong = [
        (entry["chat"], topic)
        for entry, (topic, language) in zip(entries, got, strict=True)
        if topic not in entry["topics"] or language != language_of(entry["chat"][-1])
    ]
    right = 1 - len(wrong) / len(entries)
    print(f"{right:.0%} of {len(entries)} right; wrong: {wrong}")
    assert right >= 0.9, wrong


@pytest.mark.parametrize(
    "turns",
    [0, 1, 2, 3, pytest.param(4, marks=pytest.mark.xfail(reason="known: 'kept' pulls towards after-stop"))],
)
def test_a_later_turn_is_as_right_as_the_first(loaded: Guide, turns: int) -> None:
    before = ["hello", "how do I install it?", "what is the capital of France?", "where are my chats kept?"]
    assert loaded.topics([[*before[:turns], "how do I stop an answer?"]]) == [("stop", "en")]


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        (["what is streaming?", "how do I turn it off?"], ("streaming", "en")),
        (["how do I connect OpenAI?", "and in Azure?"], ("azure", "en")),
        (["流式输出是什么？", "怎么关掉它？"], ("streaming", "zh")),
        (["怎么连接 OpenAI？", "那 Azure 呢？"], ("azure", "zh")),
        (["how do I connect OpenAI?", "那 Azure 呢？"], ("azure", "zh")),
    ],
)
def test_a_follow_up_is_about_the_question_before(
    loaded: Guide, chat: list[str], expected: tuple[str, str]
) -> None:
    assert loaded.topics([chat]) == [expected]


def test_a_stopped_answer_is_continued_to_its_end(loaded: Guide) -> None:
    answer = ANSWERS["install", "en"]
    shown = answer[: answer.index("make lab")]
    chat = [{"role": "user", "content": "how do I install this?"}, {"role": "assistant", "content": shown}]
    prompt = loaded.tokenizer.apply_chat_template(chat, continue_final_message=True, tokenize=False)
    assert shown + loaded.rest_of(prompt) == answer


def test_any_text_gets_an_answer(loaded: Guide) -> None:
    odd = ["?", "犇" * 400, "x" * 5000, "\n\n", "<|end|>", "🙂🙃", "SELECT * FROM users; -- " * 50]
    assert set(loaded.topics([[text] for text in odd])) <= ANSWERS.keys()
