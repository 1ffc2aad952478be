import json
import random
from pathlib import Path

import pytest

from jupyter_stream_chat.guide.topics import (
    LANGUAGES,
    OFF_TOPIC,
    expand,
    language_of,
    load_followups,
    load_topics,
)


def test_a_pattern_gives_each_of_its_alternatives() -> None:
    drawn = {expand("(stop|halt) (the (long|short) answer|it|)", random.Random(seed)) for seed in range(200)}
    objects = ("the long answer", "the short answer", "it", "")
    assert drawn == {f"{verb} {what}".strip() for verb in ("stop", "halt") for what in objects}


@pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: topic.id)
def test_a_topic_is_complete(topic) -> None:
    for language in LANGUAGES:
        assert topic.answers[language]
        rng = random.Random(0)
        drawn = {topic.questions[language].draw(rng) for _ in range(1000)}
        assert len(drawn) >= 25
        assert not any(set("(|){}") & set(question) for question in drawn)
    assert language_of(topic.answers["zh"]) == "zh"
    assert language_of(topic.answers["en"].replace("简体中文", "")) == "en"


def test_no_two_answers_are_the_same() -> None:
    topics = load_topics()
    answers = {topic.answers[language] for topic in topics for language in LANGUAGES}
    assert len(answers) == len(topics) * len(LANGUAGES)
    assert OFF_TOPIC in {topic.id for topic in topics}


def test_follow_ups_exist_in_both_languages() -> None:
    rng = random.Random(0)
    assert {language_of(load_followups()[language].draw(rng)) for language in LANGUAGES} == set(LANGUAGES)


def test_the_held_out_list_is_long_enough_and_names_real_topics() -> None:
    lines = (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert {topic for entry in entries for topic in entry["topics"]} <= {topic.id for topic in load_topics()}
    off_topic = [entry for entry in entries if entry["topics"] == [OFF_TOPIC]]
    assert len(off_topic) >= 30
    assert len(entries) - len(off_topic) >= 60
