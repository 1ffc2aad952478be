"""The committed weights, asked through plain `generate`."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.evaluate import answers_of, ask, trained_questions
from jupyter_stream_chat.guide.topics import OFF_TOPIC, Topic, language_of, load_topics

TOPICS = load_topics()
ANSWERS = answers_of(TOPICS)


class Guide(NamedTuple):
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    def topics(self, chats: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
        """Return topic and language of each answer; an answer that is none of the guide's fails here."""
        return [ANSWERS.get(answer, ("none", answer)) for answer in ask(self.model, self.tokenizer, chats)]


@pytest.fixture(scope="module")
def loaded() -> Guide:
    torch.manual_seed(0)
    return Guide(
        AutoModelForCausalLM.from_pretrained(guide.path(), dtype="auto", local_files_only=True),
        AutoTokenizer.from_pretrained(guide.path(), local_files_only=True),
    )


def test_trained_questions_are_right_in_other_casing_and_punctuation(loaded: Guide) -> None:
    questions = trained_questions(TOPICS, 4, random.Random(1))
    got = loaded.topics([[question] for question, _, _ in questions])
    right = [(topic, language) == given for (_, topic, language), given in zip(questions, got, strict=True)]
    assert sum(right) >= 0.95 * len(right)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_each_answer_is_recited_to_the_letter(loaded: Guide, topic: Topic) -> None:
    """Fails when an answer was edited and the guide not trained again."""
    for language, patterns in topic.questions.items():
        chats = [[patterns.draw(random.Random(seed))] for seed in range(8)]
        assert (topic.id, language) in loaded.topics(chats)


def held_out() -> list[Mapping[str, list[str]]]:
    """Return the questions that were written before training, without a look at the patterns."""
    lines = (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
    return [
        {"topics": entry["topics"], "chat": [*entry.get("history", []), entry["question"]]}
        for entry in map(json.loads, lines)
    ]


@pytest.mark.parametrize(("off_topic", "floor"), [(False, 0.92), (True, 0.92)], ids=["on-topic", "off-topic"])
def test_held_out_questions(loaded: Guide, off_topic: bool, floor: float) -> None:
    entries = [entry for entry in held_out() if (entry["topics"] == [OFF_TOPIC]) == off_topic]
    got = loaded.topics([entry["chat"] for entry in entries])
    wrong = [
        (entry["chat"], topic)
        for entry, (topic, language) in zip(entries, got, strict=True)
        if topic not in entry["topics"] or language != language_of(entry["chat"][-1])
    ]
    right = 1 - len(wrong) / len(entries)
    print(f"{right:.0%} of {len(entries)} right; wrong: {wrong}")
    assert right >= floor, wrong


def test_later_turns_are_as_right_as_the_first(loaded: Guide) -> None:
    before = ["hello", "how do I install it?", "what is the capital of France?", "where are my chats kept?"]
    chats = [[*before[:turns], "how do I stop an answer?"] for turns in range(len(before) + 1)]
    assert loaded.topics(chats) == [("stop", "en")] * len(chats)


def test_a_follow_up_is_about_the_question_before(loaded: Guide) -> None:
    assert loaded.topics([["what is streaming?", "how do I turn it off?"]]) == [("streaming", "en")]


def test_a_stopped_answer_is_continued_to_its_end(loaded: Guide) -> None:
    answer = next(topic.answers["en"] for topic in TOPICS if topic.id == "install")
    shown = answer[: answer.index("make lab")]
    chat = [{"role": "user", "content": "how do I install this?"}, {"role": "assistant", "content": shown}]
    ids = loaded.tokenizer.apply_chat_template(
        chat, continue_final_message=True, return_tensors="pt", return_dict=True
    )
    rest = loaded.model.generate(**ids)[0, ids["input_ids"].shape[1] :]
    assert shown + loaded.tokenizer.decode(rest, skip_special_tokens=True) == answer


def test_any_text_gets_a_whole_answer(loaded: Guide) -> None:
    """Whatever is asked, the guide says one of its answers and comes to an end."""
    odd = ["?", "犇" * 400, "x" * 5000, "\n\n", "<|end|>", "🙂🙃", "SELECT * FROM users; -- " * 50]
    assert "none" not in {topic for topic, _ in loaded.topics([[text] for text in odd])}
