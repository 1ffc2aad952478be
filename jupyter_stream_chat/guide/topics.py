"""What the guide knows: the topics, their answers, and the patterns of the questions that ask for them.

Owns the format of `topics/*.md`, `followups.md` and `slots.md`. Neither adds noise (`noise.py`) nor trains.
The line `Docs:` of a topic names the pages (or sections) that it speaks of; its answers link to the first.

A pattern is a line such as `{how} (stop|cancel) (it|the answer|)`: parentheses hold alternatives, may be
nested and may be empty, and `{how}` stands for the line `how` of `slots.md`.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
OFF_TOPIC = "off-topic"
PAGES = "https://github.com/jupyter-stream-chat/jupyter-stream-chat/blob/main/"
_READ_MORE = {"en": "Read more", "zh": "详细说明"}

_HERE = Path(__file__).parent
_HEADINGS = {"Answer": "answer.en", "回答": "answer.zh", "Questions": "questions.en", "问题": "questions.zh"}
_INNERMOST = re.compile(r"\(([^()]*)\)")
_DOCS = re.compile(r"^Docs: (.+)$", re.MULTILINE)
_SLOT = re.compile(r"\{(\w+)\}")
_LARGE = 3000
"""A pattern that stands for more questions than this is drawn no oftener."""
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
    docs: Sequence[str]
    """Where the documentation has more: files of the repository, perhaps with a section."""
    answers: Mapping[str, str]
    questions: Mapping[str, Patterns]


def language_of(text: str) -> str:
    """Return `zh` for a text with Chinese characters, else `en`."""
    return "zh" if _HAN.search(text) else "en"


def plan(topic: str, language: str) -> str:
    """Return the two special tokens that an answer follows: they name it."""
    return f"<|{topic}|><|{language}|>"


def load_topics() -> list[Topic]:
    """Read all topics, in the order of their ids."""
    return [_load_topic(file) for file in sorted((_HERE / "topics").glob("*.md"))]


def load_followups() -> Mapping[str, Patterns]:
    """Read the questions that lean on the one before ("how do I turn it off?"), by language."""
    return _questions(_sections((_HERE / "followups.md").read_text("utf-8")))


def expand(pattern: str, rng: random.Random) -> str:
    """Fill in the slots of a pattern and choose one alternative of each group."""
    return " ".join(_draw(_parsed(_filled(pattern)), rng).split())


_Parsed = tuple["str | tuple[_Parsed, ...]", ...]
"""A sequence of plain text and groups; a group holds its alternatives, each a sequence again."""


@cache
def _parsed(pattern: str) -> _Parsed:
    """Read a pattern once: it is drawn from some thousand times."""
    tokens = re.split(r"([(|)])", pattern)
    open_groups: list[list[list[str | tuple[_Parsed, ...]]]] = [[[]]]
    for token in tokens:
        match token:
            case "(":
                open_groups.append([[]])
            case "|":
                open_groups[-1].append([])
            case ")":
                group = tuple(tuple(alternative) for alternative in open_groups.pop())
                open_groups[-1][-1].append(group)
            case _ if token:
                open_groups[-1][-1].append(token)
    return tuple(open_groups[0][0])


def _draw(parsed: _Parsed, rng: random.Random) -> str:
    return "".join(part if isinstance(part, str) else _draw(rng.choice(part), rng) for part in parsed)


def _load_topic(file: Path) -> Topic:
    text = file.read_text("utf-8")
    sections = _sections(text)
    docs = tuple(line[1].split() if (line := _DOCS.search(text)) else ())
    answers = {language: sections[f"answer.{language}"] for language in LANGUAGES}
    if docs:
        answers = {
            language: f"{answer}\n\n[{_READ_MORE[language]}]({PAGES}{docs[0]})"
            for language, answer in answers.items()
        }
    return Topic(file.stem, docs, answers, _questions(sections))


def _sections(markdown: str) -> dict[str, str]:
    """Split a file at its `## ` headings."""
    parts = re.split(r"^## (.+)\n", markdown, flags=re.MULTILINE)
    return {_HEADINGS[name]: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _questions(sections: Mapping[str, str]) -> dict[str, Patterns]:
    return {language: _patterns(sections[f"questions.{language}"]) for language in LANGUAGES}


def _patterns(text: str) -> Patterns:
    lines = tuple(_filled(line.removeprefix("- ")) for line in text.splitlines())
    return Patterns(lines, tuple(min(_size(line), _LARGE) ** 0.35 for line in lines))


def _filled(pattern: str) -> str:
    return _SLOT.sub(lambda slot: _SLOTS[slot[1]], pattern)


def _size(pattern: str) -> int:
    """Return an estimate of how many questions a pattern stands for."""
    return math.prod(group.count("|") + 1 for group in _INNERMOST.findall(pattern))


def _load_slots() -> dict[str, str]:
    lines = (_HERE / "slots.md").read_text("utf-8").splitlines()
    return dict(line.removeprefix("- ").split(": ", 1) for line in lines if line.startswith("- "))


_SLOTS = _load_slots()
