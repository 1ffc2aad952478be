"""Which topic a question is about: a linear classifier over its words and pieces of words.

It chooses what the guide's model then says. Needs neither torch nor numpy: it runs in the server, in a
millisecond. The weights are made by `train_classifier.py`. The idea is fastText's (Joulin et al., 2016).
"""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FEATURES = 1 << 15
"""Features are hashed into so many rows of weights."""
_READ = 160
"""Characters of a question that are looked at."""
_TOPICS_FILE, _WEIGHTS_FILE = "classifier.json", "classifier.int8"
_WORDS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9%+#]+|[^\sa-z0-9\u3400-\u9fff]")
_HAN_SIZES, _LETTER_SIZES = (1, 2, 3), (3, 4, 5)


@dataclass(frozen=True)
class Classifier:
    """The weights: a row of one signed byte for each topic, `FEATURES` rows."""

    topics: Sequence[str]
    weights: bytes

    @classmethod
    def load(cls, folder: Path) -> "Classifier":
        """Read the weights from the guide's folder."""
        topics = json.loads((folder / _TOPICS_FILE).read_text("utf-8"))["topics"]
        return cls(topics, (folder / _WEIGHTS_FILE).read_bytes())

    def save(self, folder: Path) -> None:
        """Write the weights into the guide's folder."""
        topics = json.dumps({"topics": list(self.topics)}, indent=2)
        (folder / _TOPICS_FILE).write_text(f"{topics}\n", "utf-8")
        (folder / _WEIGHTS_FILE).write_bytes(self.weights)

    def topic(self, questions: Sequence[str]) -> str:
        """Return the topic of the last of these questions; the one before helps to understand it."""
        rows, width = memoryview(self.weights).cast("b"), len(self.topics)
        scores = [0] * width
        for row in features(questions):
            scores = list(map(int.__add__, scores, rows[row * width : (row + 1) * width]))
        return self.topics[scores.index(max(scores))]


@cache
def load_classifier(folder: Path) -> Classifier:
    """Read the weights once."""
    return Classifier.load(folder)


def features(questions: Sequence[str]) -> list[int]:
    """Return the rows of the weights that stand for the last question and for the words of the one before.

    Each counts once, however often it is said. The first is the same for all questions.
    """
    names = ["question", *_pieces(questions[-1])]
    if len(questions) > 1:
        earlier = (name for name in _pieces(questions[-2]) if name.startswith(("word", "han")))
        names += [f"before {name}" for name in earlier]
    return [zlib.crc32(name.encode("utf-8", "surrogatepass")) % FEATURES for name in dict.fromkeys(names)]


def _pieces(question: str) -> Iterator[str]:
    """Yield words, pairs of words and parts of words; of Chinese, one, two and three characters."""
    before = ""
    for word in _WORDS.findall(question[:_READ].lower()):
        if "\u3400" <= word[0] <= "\u9fff":
            yield from (f"han {part}" for part in _parts(word, _HAN_SIZES))
        else:
            yield f"word {word}"
            yield f"pair {before} {word}"
            yield from (f"part {part}" for part in _parts(f"<{word}>", _LETTER_SIZES))
            before = word


def _parts(word: str, sizes: Sequence[int]) -> Iterator[str]:
    return (word[i : i + size] for size in sizes for i in range(len(word) - size + 1))
