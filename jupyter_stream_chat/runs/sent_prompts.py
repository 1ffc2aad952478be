"""What models were sent, as it went out: the requests of the last runs, in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from langchain_core.messages import BaseMessage

MOST_RUNS: Final = 50
MOST_CHARACTERS: Final = 20_000_000
"""Of all together; pictures count by their base64."""


class SentPrompts:
    """The newest requests, within bounds of number and size."""

    def __init__(self, *, most_runs: int = MOST_RUNS, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_runs = most_runs
        self._most_characters = most_characters
        self._prompts: OrderedDict[str, tuple[Sequence[BaseMessage], int]] = OrderedDict()
        self._characters = 0

    def add(self, run_id: str, messages: Sequence[BaseMessage]) -> None:
        """Remember a run's request; the oldest are forgotten where there is no room."""
        size = sum(_size(message) for message in messages)
        self._forget(run_id)
        self._prompts[run_id] = (messages, size)
        self._characters += size
        while len(self._prompts) > self._most_runs or self._characters > self._most_characters:
            self._forget(next(iter(self._prompts)))

    def of(self, run_id: str) -> Sequence[BaseMessage] | None:
        """Return a run's request; None: it is not remembered."""
        found = self._prompts.get(run_id)
        return found[0] if found else None

    def _forget(self, run_id: str) -> None:
        _, size = self._prompts.pop(run_id, ((), 0))
        self._characters -= size


def _size(message: BaseMessage) -> int:
    if isinstance(message.content, str):
        return len(message.content)
    return sum(
        len(part) if isinstance(part, str) else sum(len(str(value)) for value in part.values())
        for part in message.content
    )
