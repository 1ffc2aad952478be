"""Which topic the committed weights take a question for."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from jupyter_stream_chat import guide
from jupyter_stream_chat.guide.classifier import Classifier, features
from jupyter_stream_chat.guide.evaluate import trained_questions
from jupyter_stream_chat.guide.topics import OFF_TOPIC, load_topics

TOPICS = load_topics()


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(guide.path())


def test_it_knows_the_topics(classifier: Classifier) -> None:
    """Fails when a topic was added and the guide not trained again."""
    assert list(classifier.topics) == [topic.id for topic in TOPICS]


def test_trained_questions_are_right_in_other_casing_and_punctuation(classifier: Classifier) -> None:
    questions = trained_questions(TOPICS, 4, random.Random(1))
    wrong = [
        (question, topic, given)
        for question, topic in questions
        if (given := classifier.topic([question])) != topic
    ]
    print(f"{len(questions) - len(wrong)} of {len(questions)} trained questions right; wrong: {wrong}")
    assert len(wrong) <= 0.05 * len(questions), wrong


def listed(name: str) -> list[Mapping[str, list[str]]]:
    """Return questions written without a look at the patterns, with the topics that answer each."""
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [
        {"topics": entry["topics"], "chat": [*entry.get("history", []), entry["question"]]}
        for entry in map(json.loads, lines)
    ]


@pytest.mark.parametrize("off_topic", [False, True], ids=["on-topic", "off-topic"])
@pytest.mark.parametrize("name", ["development.jsonl", "heldout.jsonl"])
def test_listed_questions(classifier: Classifier, name: str, off_topic: bool) -> None:
    """`development.jsonl` was looked at while the guide was made; `heldout.jsonl` was not."""
    entries = [entry for entry in listed(name) if (entry["topics"] == [OFF_TOPIC]) == off_topic]
    got = [(entry, classifier.topic(entry["chat"])) for entry in entries]
    wrong = [(entry["chat"], topic) for entry, topic in got if topic not in entry["topics"]]
    right = 1 - len(wrong) / len(entries)
    print(f"{right:.0%} of {len(entries)} right; wrong: {wrong}")
    assert right >= 0.9, wrong


@pytest.mark.parametrize("turns", range(5))
def test_a_later_turn_is_as_right_as_the_first(classifier: Classifier, turns: int) -> None:
    before = ["hello", "how do I install it?", "what is the capital of France?", "where are my chats kept?"]
    assert classifier.topic([*before[:turns], "how do I stop an answer?"]) == "stop"


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        (["what is streaming?", "how do I turn it off?"], "streaming"),
        (["how do I connect OpenAI?", "and in Azure?"], "azure"),
        (["流式输出是什么？", "怎么关掉它？"], "streaming"),
        (["怎么连接 OpenAI？", "那 Azure 呢？"], "azure"),
        (["how do I connect OpenAI?", "那 Azure 呢？"], "azure"),
    ],
)
def test_a_follow_up_is_about_the_question_before(
    classifier: Classifier, chat: Sequence[str], expected: str
) -> None:
    assert classifier.topic(chat) == expected


@pytest.mark.parametrize(
    "text", ["犇" * 400, "zxqv" * 500, "SELECT * FROM users; -- " * 50, "🙂🙃", "", "\ud800"]
)
def test_what_is_no_question_is_owned_up_to(classifier: Classifier, text: str) -> None:
    assert classifier.topic([text]) == OFF_TOPIC


def test_a_slip_of_the_finger_leaves_most_features() -> None:
    right, typo = (set(features([text])) for text in ("how do I cancel it", "how do I cancell it"))
    assert len(right & typo) > 0.6 * len(right)
