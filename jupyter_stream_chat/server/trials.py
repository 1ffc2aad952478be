"""How many profiles each owner tries or lets the doctor examine at once.

Each may hold a connection for minutes, or a local model in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..chats.command_error import CommandError
from ..protocol import ErrorInfo


class Trials:
    """The trials under way."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()

    def running(self, owner: str) -> int:
        """Return how many of an owner's are under way."""
        return self._running[owner]

    @contextmanager
    def enter(self, owner: str, most: int) -> Iterator[None]:
        """Count one more. Raises CommandError where ``most`` are under way."""
        if self._running[owner] >= most:
            raise CommandError(
                ErrorInfo(
                    code="too_many_trials",
                    message=f"{most} profiles are already being tried or examined.",
                    hint="Wait for one of them to end.",
                )
            )
        self._running[owner] += 1
        try:
            yield
        finally:
            self._running[owner] -= 1
            if not self._running[owner]:
                del self._running[owner]
