"""Models with their clients: reused while a profile stays the same, closed when it has changed.

A client holds a TLS context (1.4 MB) and connections. One that a run is using is closed when the run ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ..protocol import Parameters
from .profiles.profile import Profile

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

M = TypeVar("M", bound="BaseChatModel")

KEPT: Final = 16
"""Models that are kept although no run uses them."""


@dataclass
class _Entry(Generic[M]):
    key: Profile
    model: M
    users: int = 0
    is_outdated: bool = False
    """The profile has changed since."""


class ModelCache(Generic[M]):
    """The models of one adapter, by what they were built from."""

    def __init__(self, build: Callable[[Profile], M], close: Callable[[M], Awaitable[None]]) -> None:
        """``build`` may block and raise; it is called in a thread."""
        self._build = build
        self._close = close
        self._entries: list[_Entry[M]] = []
        """The one that was used last comes last."""
        self._building = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def lease(self, key: Profile) -> M:
        """Return the model for these values. It stays open until ``release`` with the same values."""
        entry = self._find(key)
        if entry is None:
            async with self._building:
                entry = self._find(key)
                if entry is None:
                    entry = _Entry(key, await asyncio.to_thread(self._build, key))
                    self._entries.append(entry)
        entry.users += 1
        entry.is_outdated = False
        self._entries.remove(entry)
        for other in self._entries:
            if _name(other.key) == _name(key) and _base(other.key) != _base(key):
                other.is_outdated = True
        self._entries.append(entry)
        self._close_unused()
        return entry.model

    def release(self, key: Profile) -> None:
        """Say that a run has ended, for which ``lease`` was called with these values."""
        if entry := self._find(key):
            entry.users -= 1
        self._close_unused()

    async def close(self) -> None:
        """Close every model, used or not."""
        entries, self._entries = self._entries, []
        for entry in entries:
            await self._closed(entry.model)
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _find(self, key: Profile) -> _Entry[M] | None:
        return next((entry for entry in self._entries if entry.key == key), None)

    def _close_unused(self) -> None:
        surplus = len(self._entries) - KEPT
        for entry in list(self._entries):
            if entry.users <= 0 and (entry.is_outdated or surplus > 0):
                self._entries.remove(entry)
                surplus -= 1
                task = asyncio.get_running_loop().create_task(self._closed(entry.model))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def _closed(self, model: M) -> None:
        try:
            await self._close(model)
        except Exception:
            # Whatever a package's client raises: the others must be closed all the same.
            log.exception("A client could not be closed")


def _name(profile: Profile) -> Any:
    return profile.owner, profile.id


def _base(profile: Profile) -> Profile:
    return profile.model_copy(update={"parameters": Parameters()})
