"""Tells reasoning from the answer in a text that holds both, piece by piece.

Pure: knows no provider and no run. Used for whatever a model writes as its content, hosted or local. The tags
are those that vLLM's and SGLang's reasoning parsers list for their model families.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "reasoning"]
Piece = tuple[Kind, str]


@dataclass(frozen=True)
class Tags:
    """What stands around the reasoning of a model family."""

    open: str
    close: str
    closes_alone: bool = True
    """The closing tag is believed without an opening one, which the chat template may have written."""


TAGS: Final = (
    Tags("<think>", "</think>"),  # DeepSeek, Qwen, GLM, Kimi K2, MiniMax, Ernie, OLMo, Nemotron, Step
    Tags("[THINK]", "[/THINK]"),  # Mistral
    Tags("<seed:think>", "</seed:think>"),
    Tags("<mm:think>", "</mm:think>"),  # MiniMax M3
    Tags("<longcat_think>", "</longcat_think>"),
    Tags("◁think▷", "◁/think▷"),  # Kimi
    Tags("<|open|>think<|sep|>", "<|close|>think<|sep|>"),  # Kimi K3
    Tags("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere
    Tags("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Tags("<|channel>thought\n", "<channel|>"),  # Gemma 4
    Tags("[unused16]", "[unused17]"),  # Pangu
    # Words of XML as well: a closing tag alone proves nothing.
    Tags("<thought>", "</thought>", closes_alone=False),  # EXAONE, Gemini behind OpenAI's protocol
    Tags("<thinking>", "</thinking>", closes_alone=False),
    Tags("<reasoning>", "</reasoning>", closes_alone=False),  # Reka
    Tags("Here is my thought process:", "Here is my response:", closes_alone=False),  # Granite
    # Harmony (gpt-oss), with its special tokens and as they are left when a decoder drops them.
    Tags(
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
        closes_alone=False,
    ),
    Tags("analysis", "assistantfinal", closes_alone=False),
)

WRAPPERS: Final = {
    "<answer>": "</answer>",  # Hunyuan
    "<response>": "</response>",  # Ernie
    "<|START_RESPONSE|>": "<|END_RESPONSE|>",
    "<|START_TEXT|>": "<|END_TEXT|>",
    "<|open|>response<|sep|>": "<|close|>response<|sep|>",
    "<|channel|>final<|message|>": "<|return|>",
}
"""What some families put around the answer that follows the reasoning."""

_BY_OPENING: Final = {each.open: each for each in TAGS}
_ALONE: Final = {each.close: each for each in TAGS if each.closes_alone}
_HARMONY_WORD: Final = "analysis"
_WITHIN: Final = tuple(each for each in [*_BY_OPENING, *_ALONE] if not each[0].isalpha())
"""Tags that count in the middle of an answer as well."""
_FIRST_SIGN: Final = re.compile("[" + re.escape("".join({each[0] for each in [*_WITHIN, *WRAPPERS]})) + "]")
_FENCE: Final = re.compile(r" {0,3}(?:```|~~~)")
_MOST_HELD: Final = 1000
"""Code points of white space that are held back: an answer may consist of nothing else, without end."""
_LINE_BEGINNING: Final = 24
"""Code points of a line that tell a fence."""
_QUOTES: Final = "`'\"“”‘’«»「」"


class ReasoningSplitter:
    """Takes the content of one answer, cut anywhere; returns it as pieces of reasoning and of the answer.

    Holds back only what may be the beginning of a tag, and white space beside one.
    """

    def __init__(self, *, opened: bool = False, told_apart: bool = False) -> None:
        """``opened``: the prompt ends inside the reasoning, so the text begins there.

        ``told_apart``: the provider calls the text reasoning, so a closing tag that nothing opened counts
        only at the beginning or the end of a line.
        """
        self._told_apart = told_apart
        self.unopened: int | None = None
        """Code points of content before a closing tag that nothing had opened: these were reasoning.

        Known only when that tag comes. None: there was none.
        """
        self.is_reasoning = opened
        """The text ends inside the reasoning."""
        self.has_reasoning = opened
        """There was reasoning."""
        self.has_closed = False
        """Reasoning has ended in a closing tag."""
        self._tags: Tags | None = None
        """Of the reasoning that is open; None: whichever closes first."""
        self._held = ""
        self._at_start = True
        self._wrapper: str | None = None
        self._mentioned: set[Tags] = set()
        self._content = 0
        self._last = ""
        self._line = ""
        self._in_quotes = False
        self._in_fence = False

    def add(self, text: str) -> list[Piece]:
        """Take text; return what is told apart by now."""
        self._held += text
        return list(_merged(self._pieces(ended=False)))

    def close(self) -> list[Piece]:
        """Return what was held back, at the end of the text."""
        return list(_merged(self._pieces(ended=True)))

    def _pieces(self, *, ended: bool) -> Iterator[Piece]:
        before = None
        # Every step takes something of what is held or changes the state.
        while (now := (self._held, self.is_reasoning, self._at_start)) != before:
            before = now
            if self.is_reasoning:
                yield from self._reasoning(ended)
            elif self._at_start:
                self._start(ended)
            else:
                yield from self._answer(ended)

    # --- at the beginning of the text, and after reasoning -----------------------------------------

    def _start(self, ended: bool) -> None:
        core = self._held.lstrip()
        if self._opens(core):
            return
        for opening, closing in WRAPPERS.items():
            if core.startswith(opening) and (self.has_reasoning or opening.startswith("<|")):
                self._held, self._wrapper = core[len(opening) :], closing
                return
        for closing in _ALONE:
            if core.startswith(closing):
                self.unopened = self.unopened if self.has_reasoning else 0
                self._held, self.has_reasoning, self.has_closed = core[len(closing) :], True, True
                return
        is_open = len(self._held) <= _MOST_HELD
        if not ended and is_open and (not core or _may_become(core, [*_BY_OPENING, *WRAPPERS, *_ALONE])):
            return
        if self.has_reasoning:  # the white space between reasoning and answer belongs to neither
            self._held = core
        self._at_start = False

    def _opens(self, core: str) -> bool:
        """Begin the reasoning if its opening tag stands here."""
        for opening, tags in _BY_OPENING.items():
            if not core.startswith(opening):
                continue
            following = core[len(opening) :]
            if opening == _HARMONY_WORD and not following[:1].isupper():
                continue
            self._begin_reasoning(tags, following)
            return True
        return False

    def _begin_reasoning(self, tags: Tags, rest: str) -> None:
        self._tags, self._held, self._at_start, self._last = tags, rest, True, ""
        self.is_reasoning = self.has_reasoning = True

    # --- in the reasoning --------------------------------------------------------------------------

    def _reasoning(self, ended: bool) -> Iterator[Piece]:
        as_it_is = self._told_apart and self._tags is None
        if self._at_start:
            core = self._held.lstrip()
            openings = _BY_OPENING if self._tags is None else [self._tags.open]
            is_open = len(self._held) <= _MOST_HELD
            if not ended and is_open and (not core or _may_become(core, openings)):
                return
            if any(map(core.startswith, openings)) and self._opens(core):
                return  # written although the template, or the model itself, had written it
            self._held, self._at_start = self._held if as_it_is else core, False
        closings = [self._tags.close] if self._tags else list(_ALONE)
        found = min(((self._held.find(each), each) for each in closings if each in self._held), default=None)
        if found is None:
            keep = 0 if ended else _tail(self._held, closings, white_space=not as_it_is)
            yield self._emit("reasoning", len(self._held) - keep)
            return
        at, closing = found
        end = at + len(closing)
        before, following = (self._held[:at] or self._last)[-1:], self._held[end : end + 1]
        if not following and not ended and (before == "`" or as_it_is):
            yield self._emit("reasoning", at)
            return  # what stands behind the tag decides
        is_quoted = before == following == "`"
        if is_quoted or (as_it_is and following not in ("", "\n") and before != "\n"):
            yield self._emit("reasoning", end)
            return
        yield self._emit("reasoning", at) if as_it_is else ("reasoning", self._held[:at].rstrip())
        self._held = self._held[end - at if as_it_is else end :]
        self._wrapper = next((end for begin, end in WRAPPERS.items() if closing.endswith(begin)), None)
        self.is_reasoning, self._at_start, self.has_closed = False, True, True

    # --- in the answer -----------------------------------------------------------------------------

    def _answer(self, ended: bool) -> Iterator[Piece]:
        if _FIRST_SIGN.search(self._held) is None:  # most tokens
            yield self._emit("text", len(self._held))
            return
        markers = (*_WITHIN, self._wrapper) if self._wrapper else _WITHIN
        found = min(((self._held.find(each), each) for each in markers if each in self._held), default=None)
        if found is None:
            keep = 0 if ended else _tail(self._held, markers, white_space=False)
            yield self._emit("text", len(self._held) - keep)
            return
        at, marker = found
        if at:
            yield self._emit("text", at)
        following = self._held[len(marker) : len(marker) + 1]
        if not following and not ended:
            return  # what stands behind the tag decides
        if marker == self._wrapper:
            self._held, self._wrapper = self._held[len(marker) :], None
        elif marker in _ALONE and self._ends_unopened(_ALONE[marker], following):
            self.unopened, self.has_reasoning, self.has_closed = self._content, True, True
            self._held, self._at_start = self._held[len(marker) :], True
        elif marker in _BY_OPENING and self._opens_again(following):
            self._begin_reasoning(_BY_OPENING[marker], self._held[len(marker) :])
        else:
            if marker in _BY_OPENING:
                self._mentioned.add(_BY_OPENING[marker])
            yield self._emit("text", len(marker))

    def _opens_again(self, following: str) -> bool:
        """Tell whether a model that has reasoned before does so again: its tag has a line of its own."""
        return self.has_reasoning and not self._in_code() and not self._line.strip() and following == "\n"

    def _ends_unopened(self, tags: Tags, following: str) -> bool:
        """Tell a closing tag that ends reasoning from one that is only written about."""
        if self.has_reasoning or tags in self._mentioned or self._in_code():
            return False
        if self._last == "\n" or following in ("", "\n"):
            return True
        return not (self._last.isspace() or self._last in _QUOTES + "(") and following.isalnum()

    def _in_code(self) -> bool:
        return self._in_fence or self._in_quotes

    def _emit(self, kind: Kind, length: int) -> Piece:
        """Take so much of what is held as text of a kind."""
        text, self._held = self._held[:length], self._held[length:]
        self._last = text[-1:] or self._last
        if kind == "text":
            self._content += length
            *ended, rest = text.split("\n")
            for line in ended:
                self._in_fence ^= bool(_FENCE.match(self._line + line))
                self._line, self._in_quotes = "", False
            self._line = (self._line + rest)[:_LINE_BEGINNING]
            self._in_quotes ^= rest.count("`") % 2 == 1
        return kind, text


def _may_become(text: str, markers: Iterable[str]) -> bool:
    """Tell whether a text may be the beginning of a marker."""
    if text == _HARMONY_WORD:
        return True
    return any(len(text) < len(each) and each.startswith(text) for each in markers)


def _tail(text: str, markers: Iterable[str], *, white_space: bool = True) -> int:
    """Return how many code points at the end of a text may begin a marker, and the white space before it."""
    longest = 0
    for marker in markers:
        for length in range(min(len(marker) - 1, len(text)), longest, -1):
            if text.endswith(marker[:length]):
                longest = length
                break
    kept = text[: len(text) - longest]
    return longest + (min(len(kept) - len(kept.rstrip()), _MOST_HELD) if white_space else 0)


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join neighbours of one kind, and leave out empty ones."""
    kind: Kind | None = None
    joined = ""
    for each, text in pieces:
        if not text:
            continue
        if kind is not None and each != kind:
            yield kind, joined
            joined = ""
        kind, joined = each, joined + text
    if kind is not None:
        yield kind, joined
