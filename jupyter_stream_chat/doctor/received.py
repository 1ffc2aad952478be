"""An answer that the doctor or *Try* has received, judged as a chat judges it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ..protocol import ErrorInfo, PartKind
from ..providers.finish_reasons import meaning_of
from ..runs.answer_buffer import AnswerBuffer
from ..runs.attempt import fault_of
from ..runs.outcome import lacking
from ..runs.run_stats import RunStats

FILTERED: Final = ErrorInfo(
    code="content_filter",
    message="The provider's content filter ended the answer.",
    hint="Put the question in other words.",
)
_FIELDS: Final[tuple[tuple[PartKind, str], ...]] = (("reasoning", "reasoning_content"), ("text", "content"))


class ReceivedAnswer:
    """Takes the text of one answer; reasoning within it is told apart."""

    def __init__(self) -> None:
        self._buffer = AnswerBuffer(self, RunStats(), None)
        self._end_word: str | None = None
        self._refusal = ""
        self.remarks: set[str] = set()
        """What is odd about the answer, as codes."""

    @property
    def text(self) -> str:
        """The answer without its reasoning, once it has been judged."""
        return "".join(str(part) for part in self._buffer.text if part.kind == "text")

    def add(self, kind: PartKind, text: str) -> None:
        """Take a piece."""
        self._buffer.add(kind, text)

    def take(self, message: Mapping[str, Any], end_word: str | None, remarks: Collection[str]) -> bool:
        """Take a message, or a delta of one, in OpenAI's protocol; tell whether it has text or reasoning."""
        self.remarks.update(remarks)
        self._end_word = end_word or self._end_word
        self._refusal += message.get("refusal") or ""
        pieces = [(kind, text) for kind, name in _FIELDS if (text := message.get(name))]
        for kind, text in pieces:
            self.add(kind, text)
        return bool(pieces)

    async def judge(
        self, end_word: str | None = None, remarks: Collection[str] = (), failure: Exception | None = None
    ) -> Exception | ErrorInfo | None:
        """Say why a chat would not call the answer complete; None: it would. Nothing comes any more.

        ``end_word`` is the provider's finish reason, ``failure`` the error that came beside the text.
        """
        end_word = end_word or self._end_word
        await self._buffer.close()
        if fault := fault_of(end_word, self._refusal, failure):
            return fault
        if end_word is not None and meaning_of(end_word) == "content_filter":
            return FILTERED
        return lacking(self._buffer.text, end_word, {*self.remarks, *remarks})

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Write nothing (``answer_buffer.TextSink``)."""
        return True

    def began(self) -> None:
        """Do nothing: nobody waits for the first text."""

    def on_text(self) -> None:
        """Do nothing: nobody reads along."""
