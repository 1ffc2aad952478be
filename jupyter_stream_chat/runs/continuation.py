"""Going on with an answer that ended early: what the model is sent, and where new text joins the kept text.

Pure. Providers that go on exactly are sent the kept text as an open last message (``providers.prefix``); the
others are asked to go on, and what they repeat of the kept text is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from ..protocol import Notice

CONTINUE_INSTRUCTION: Final = (
    "Continue your last message exactly where it ended, even in the middle of a word. Write only what comes "
    "next: repeat nothing of it, and do not comment on this."
)
WINDOW: Final = 2000
"""Code points at the end of the kept text in which a repetition is looked for."""
_LEAST_OVERLAP: Final = 3
"""Letters and digits in a repetition. Brackets that close one after another look like one and are none."""
_FIRST_IDEOGRAPH: Final = "\u2e80"
"""From here on scripts (Chinese, Japanese, Korean) may begin a word anywhere."""


@dataclass(frozen=True)
class Prompt:
    """What a model is sent."""

    messages: Sequence[BaseMessage]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Given to the model with the call."""
    kept: str = ""
    """Text of the answer that is gone on with; empty: a new answer."""
    is_exact: bool = False
    """The provider goes on where the kept text ends, rather than being asked to."""
    notice: Notice | None = None
    """What of the conversation is not in it."""

    @property
    def question(self) -> str:
        """The reader's last question."""
        asked = (str(each.text) for each in reversed(self.messages) if isinstance(each, HumanMessage))
        return next((text for text in asked if text != CONTINUE_INSTRUCTION), "")

    def trimmer(self) -> OverlapTrimmer:
        """Return what joins the model's text to the kept one."""
        return OverlapTrimmer(self.kept, exact=self.is_exact)


def continuation(messages: Sequence[BaseMessage], options: Mapping[str, Any] | None) -> Prompt:
    """Return the prompt that goes on with the last message, an answer.

    ``options`` makes the model do it exactly; None: it can only be asked to. White space at the end is not
    sent: models that are given it rarely go on well, and the joint knows it.
    """
    last = messages[-1]
    kept = str(last.text)
    opened = [*messages[:-1], AIMessage(content=kept.rstrip())]
    if options is None:
        return Prompt([*opened, HumanMessage(content=CONTINUE_INSTRUCTION)], kept=kept)
    return Prompt(opened, options, kept, is_exact=True)


class OverlapTrimmer:
    """Takes from the beginning of new text what the kept text has already.

    Text is held back only as long as it may be a repetition. How the new text is cut makes no difference.
    """

    def __init__(self, kept: str, *, exact: bool) -> None:
        """``exact``: the model goes on where ``kept`` ends, but for its last white space."""
        text = kept.rstrip()
        self._gap = kept[len(text) :]
        self._end = "" if exact else text[-WINDOW:]
        self._held = ""
        self._is_open = bool(kept)

    def add(self, text: str) -> str:
        """Take text of the model; return what can be shown by now."""
        if not self._is_open:
            return text
        self._held += text
        return "" if len(self._held) <= 2 * WINDOW and self._may_repeat() else self.close()

    def flush(self) -> str:
        """Return what was held back, because a part of another kind follows; white space may wait."""
        return self.close() if self._held.strip() else ""

    def close(self) -> str:
        """Return what was held back, at the end of the model's text."""
        held, self._held, self._is_open = self._held, "", False
        repeated = self._repeated(held)
        rest = held[repeated:]
        return rest[_common(rest, self._gap) :]

    def _may_repeat(self) -> bool:
        core = self._held.lstrip()
        if self._end and (not core or any(len(core) < len(self._end) - at for at in self._starts(core))):
            return True
        rest = self._held[self._repeated(self._held) :]
        return len(rest) < len(self._gap) and self._gap.startswith(rest)

    def _starts(self, core: str) -> Iterator[int]:
        """Yield where in the kept text ``core`` may be the beginning of a repetition."""
        at = self._end.find(core)
        while at >= 0:
            if _begins_word(self._end, at):
                yield at
            at = self._end.find(core, at + 1)

    def _repeated(self, text: str) -> int:
        """Return the length of the beginning of ``text`` that is the end of the kept text."""
        core = text.lstrip()
        for at in range(max(0, len(self._end) - len(core)), len(self._end)):
            overlap = self._end[at:]
            if core.startswith(overlap) and _begins_word(self._end, at) and _counts(overlap):
                return len(text) - len(core) + len(overlap)
        return 0


def _begins_word(text: str, at: int) -> bool:
    if at == 0 or text[at] >= _FIRST_IDEOGRAPH:
        return True
    return not (text[at - 1].isalnum() and text[at].isalnum())


def _counts(overlap: str) -> bool:
    """Tell whether a repetition is long enough not to be chance."""
    letters = [character for character in overlap if character.isalnum()]
    return len(letters) >= _LEAST_OVERLAP and len(set(letters)) > 1


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
