import json
import random
import re
from pathlib import Path

import pytest

from jupyter_stream_chat.guide.topics import (
    LANGUAGES,
    OFF_TOPIC,
    PAGES,
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


def test_hardly_any_question_asks_for_two_topics() -> None:
    """Such a question can be trained for neither, and pulls its neighbours along."""
    rng = random.Random(0)
    asked: dict[str, set[str]] = {}
    for topic in load_topics():
        for language in LANGUAGES:
            for _ in range(400):
                question = topic.questions[language].draw(rng).lower().rstrip("?!.。！？")
                asked.setdefault(question, set()).add(topic.id)
    shared = {question: topics for question, topics in asked.items() if len(topics) > 1}
    assert len(shared) <= len(asked) / 1000, shared


def test_follow_ups_exist_in_both_languages() -> None:
    rng = random.Random(0)
    assert {language_of(load_followups()[language].draw(rng)) for language in LANGUAGES} == set(LANGUAGES)


@pytest.mark.parametrize("name", ["development.jsonl", "heldout.jsonl"])
def test_the_lists_are_long_enough_and_name_real_topics(name: str) -> None:
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert {topic for entry in entries for topic in entry["topics"]} <= {topic.id for topic in load_topics()}
    off_topic = [entry for entry in entries if entry["topics"] == [OFF_TOPIC]]
    assert len(off_topic) >= 30
    assert len(entries) - len(off_topic) >= 60


PROJECT = Path(__file__).parents[2]


def anchors(page: Path) -> set[str]:
    """Return the sections of a page as GitHub names them in addresses."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sections_of_the_docs() -> list[str]:
    """Return what somebody may ask about: the pages of docs/, and the README's sections."""
    readme = re.findall(r"^## (.+)$", (PROJECT / "README.md").read_text("utf-8"), re.MULTILINE)
    pages = sorted(page.name for page in (PROJECT / "docs").glob("*.md") if page.name != "index.md")
    return [f"docs/{page}" for page in pages] + [
        f"README.md#{heading.lower().replace(' ', '-')}" for heading in readme
    ]


@pytest.mark.parametrize("section", sections_of_the_docs())
def test_the_guide_knows_every_page_of_the_docs(section: str) -> None:
    known = {docs for topic in load_topics() for docs in topic.docs}
    known |= {docs.partition("#")[0] for docs in known}
    assert section in known, (
        f"The guide knows nothing of {section}: add a topic, or name it in the line Docs: of one, "
        "in jupyter_stream_chat/guide/topics; then `make guide`."
    )


@pytest.mark.parametrize("docs", sorted({docs for topic in load_topics() for docs in topic.docs}))
def test_what_an_answer_links_to_is_there(docs: str) -> None:
    page, _, section = docs.partition("#")
    assert (PROJECT / page).is_file()
    assert not section or section in anchors(PROJECT / page)


def test_an_answer_ends_with_the_link_to_its_page() -> None:
    topic = next(topic for topic in load_topics() if topic.id == "stop")
    assert topic.answers["en"].endswith(f"\n\n[Read more]({PAGES}docs/using.md#stop-pause-continue)")
    assert topic.answers["zh"].endswith(f"({PAGES}docs/using.md#stop-pause-continue)")
