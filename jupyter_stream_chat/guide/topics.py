"""What the guide knows: the topics, their answers, and the patterns of the questions that ask for them.

Owns the format of `topics/*.md`, `followups.md` and `slots.md`. Neither adds noise (`noise.py`) nor trains.

A pattern is a line such as `{how} (stop|cancel) (it|the answer|)`: parentheses hold alternatives, may be
nested and may be empty, and `{how}` stands for the line `how` of `slots.md`.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "zh")
OFF_TOPIC = "off-topic"

_HERE = Path(__file__).parent
_HEADINGS = {"Answer": "answer.en", "回答": "answer.zh", "Questions": "questions.en", "问题": "questions.zh"}
_INNERMOST = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Patterns:
    """Patterns of questions in one language, drawn from at random."""

    lines: tuple[str, ...]
    weights: tuple[float, ...]

    def draw(self, rng: random.Random) -> str:
        """Return one question; patterns with more alternatives are drawn somewhat more often."""
        return expand(rng.choices(self.lines, self.weights)[0], rng)


@dataclass(frozen=True)
class Topic:
    """One thing the guide knows: an answer and the questions that ask for it, both by language."""

    id: str
    answers: Mapping[str, str]
    questions: Mapping[str, Patterns]


def language_of(text: str) -> str:
    """Return `zh` for a text with Chinese characters, else `en`."""
    return "zh" if _HAN.search(text) else "en"


def load_topics() -> list[Topic]:
    """Read all topics, in the order of their ids."""
    return [_load_topic(file) for file in sorted((_HERE / "topics").glob("*.md"))]


def load_followups() -> Mapping[str, Patterns]:
    """Read the questions that lean on the one before ("how do I turn it off?"), by language."""
    return _questions(_sections((_HERE / "followups.md").read_text("utf-8")))


def expand(pattern: str, rng: random.Random) -> str:
    """Fill in the slots of a pattern and choose one alternative of each group."""
    pattern = _filled(pattern)
    while group := _INNERMOST.search(pattern):
        choice = rng.choice(group[1].split("|"))
        pattern = pattern[: group.start()] + choice + pattern[group.end() :]
    return " ".join(pattern.split())


def _load_topic(file: Path) -> Topic:
    sections = _sections(file.read_text("utf-8"))
    answers = {language: sections[f"answer.{language}"] for language in LANGUAGES}
    return Topic(file.stem, answers, _questions(sections))


def _sections(markdown: str) -> dict[str, str]:
    """Split a file at its `## ` headings."""
    parts = re.split(r"^## (.+)\n", markdown, flags=re.MULTILINE)
    return {_HEADINGS[name]: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _questions(sections: Mapping[str, str]) -> dict[str, Patterns]:
    return {language: _patterns(sections[f"questions.{language}"]) for language in LANGUAGES}


def _patterns(text: str) -> Patterns:
    lines = tuple(_filled(line.removeprefix("- ")) for line in text.splitlines())
    return Patterns(lines, tuple(_size(line) ** 0.35 for line in lines))


def _filled(pattern: str) -> str:
    return _SLOT.sub(lambda slot: _SLOTS[slot[1]], pattern)


def _size(pattern: str) -> int:
    """Return an estimate of how many questions a pattern stands for."""
    return math.prod(group.count("|") + 1 for group in _INNERMOST.findall(pattern))


def _load_slots() -> dict[str, str]:
    lines = (_HERE / "slots.md").read_text("utf-8").splitlines()
    return dict(line.removeprefix("- ").split(": ", 1) for line in lines if line.startswith("- "))


_SLOTS = _load_slots()
