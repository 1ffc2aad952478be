"""All chats of this server: the async façade that runs and server use.

Owns the order of things: a change is written by the store (one thread of its own), then published on the event
loop, and whoever takes a snapshot sees either both or neither. SQL is the store's, numbering the feed's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..protocol import (
    Channel,
    ChatInfo,
    ChatOpened,
    ErrorInfo,
    Message,
    RunInfo,
    WorkspaceEvent,
)
from .feed import ChatFeed, Feed
from .spool import Spool
from .text import StreamText
from .tree import Turn


class Library:
    """Chats, messages, runs and stored profiles. ``Library.open`` makes one.

    ``owner`` is "" for all (one shared list) or a user's name; who may ask for which is the server's business.
    """

    epoch: str
    """Names this start of the server; sequence numbers count within it."""
    on_not_saved: Callable[[], None]
    """Called on the loop when ``not_saved`` changes: the server sends every page its workspace again."""

    @classmethod
    async def open(cls, data_dir: Path) -> Library:
        """Open the store in ``data_dir``, or one in memory under ``not_saved``, and recover lost runs."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the store. Live runs must have ended."""
        raise NotImplementedError

    @property
    def not_saved(self) -> ErrorInfo | None:
        """Why chats live in memory only; None while they are saved."""
        raise NotImplementedError

    # --- feeds --------------------------------------------------------------------------------------

    def feed(self, chat_id: str) -> ChatFeed:
        """Return the feed of a chat (which need not exist: ask ``owner_of`` first)."""
        raise NotImplementedError

    def workspace(self, owner: str) -> Feed[WorkspaceEvent]:
        """Return the feed of an owner's chat list and profiles."""
        raise NotImplementedError

    @property
    def workspaces(self) -> Mapping[str, Feed[WorkspaceEvent]]:
        """Every workspace that anybody has followed, by owner."""
        raise NotImplementedError

    # --- chats --------------------------------------------------------------------------------------

    async def create_chat(self, owner: str, chat: ChatInfo) -> bool:
        """Make a chat; False when it was there already. Raises IdTaken when it is somebody else's."""
        raise NotImplementedError

    async def update_chat(self, chat_id: str, changes: Mapping[str, str | None]) -> ChatInfo:
        """Change ``title``, ``profile_id`` or ``streaming``, those that are present. Raises UnknownChat."""
        raise NotImplementedError

    async def delete_chat(self, chat_id: str) -> None:
        """Delete a chat and all that is in it. Interrupt its live runs first. Raises UnknownChat."""
        raise NotImplementedError

    async def chats(self, owner: str) -> list[ChatInfo]:
        """Return the owner's chats, latest first, as of ``workspace(owner).seq`` at the return."""
        raise NotImplementedError

    async def chat(self, chat_id: str) -> ChatInfo:
        """Return a chat. Raises UnknownChat."""
        raise NotImplementedError

    async def owner_of(self, chat_id: str) -> str:
        """Return whose chat it is. Raises UnknownChat."""
        raise NotImplementedError

    # --- messages -----------------------------------------------------------------------------------

    async def snapshot(self, chat_id: str) -> ChatOpened:
        """Return the last messages of the active branch, live runs with their text so far.

        It holds at the moment of the return: whoever subscribes before the next await misses nothing.
        Raises UnknownChat.
        """
        raise NotImplementedError

    async def messages_before(self, chat_id: str, before: str, limit: int) -> tuple[list[Message], bool]:
        """Return up to ``limit`` messages before ``before``, oldest first, and whether there are more."""
        raise NotImplementedError

    async def context(self, chat_id: str, leaf_id: str) -> list[Turn]:
        """Return the conversation that ends with message ``leaf_id``, as a prompt has it."""
        raise NotImplementedError

    # --- runs ---------------------------------------------------------------------------------------

    async def begin_run(self, question: Message | None, answer: Message, run: RunInfo) -> Spool | None:
        """Write a run and its messages, then publish ``message_added`` .. ``run_started`` and ``chat_updated``.

        Returns the run's spool, locked and owned by the caller, or None when the run had been begun before
        (a command sent twice): then there is nothing to start. A chat without a title is named after the
        question. Enter the run in ``feed(chat_id).live`` before the next await.
        Raises UnknownChat, UnknownMessage (parent), IdTaken, ChatBusy, ChatReadOnly.
        """
        raise NotImplementedError

    async def end_run(self, run: RunInfo, texts: Mapping[Channel, StreamText]) -> None:
        """Write a run's end and text in one transaction, then publish ``run_finished`` and ``chat_updated``.

        Takes the run out of ``feed(chat_id).live``. The caller removes the spool afterwards. Never raises for
        want of disk: see ``not_saved``.
        """
        raise NotImplementedError

    async def recover(self) -> None:
        """End runs whose server is gone: finish_reason ``lost``, with all the text of their spools."""
        raise NotImplementedError

    # --- stored profiles ----------------------------------------------------------------------------

    async def profiles(self) -> list[dict[str, Any]]:
        """Return the stored profiles in the order of their making."""
        raise NotImplementedError

    async def save_profile(self, profile_id: str, values: Mapping[str, Any]) -> None:
        """Store or replace a profile. Keys do not belong here."""
        raise NotImplementedError

    async def delete_profile(self, profile_id: str) -> bool:
        """Delete a stored profile; False when there was none."""
        raise NotImplementedError
