"""All chats of this server: the async façade that runs and server use.

Owns the order of things: a change is written by the store, on a thread of its own, then published on the
event loop; a snapshot shows both or neither. ``run_ownership`` knows which server owns a run, ``chat_store``
has the SQL, ``feed`` the sequence numbers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from ..protocol import (
    BranchSelected,
    ChatAdded,
    ChatDeleted,
    ChatInfo,
    ChatOpened,
    ChatUpdated,
    Deployment,
    DeploymentLimitation,
    ErrorInfo,
    Limitation,
    Message,
    MessageAdded,
    MessageChanged,
    Part,
    RunFinished,
    RunInfo,
    RunStarted,
    WorkspaceEvent,
)
from .attachments import StoredAttachment, hashes_of
from .chat_store import ChatChanges, ChatStore, StoredChat
from .command_error import ChatBusy, ChatReadOnly
from .feed import ChatFeed, Feed, Feeds
from .run_ownership import Reconciled, RemoteRun, RunOwnership
from .search import Hit
from .spool import Spool
from .steady_clock import steady_time
from .text import RunText
from .tree import Turn, conversation, parts_of, written

SNAPSHOT_MESSAGES = 50
WATCH_SECONDS = 2.0
"""Between two looks at runs of another server: when one ends, its chat can be written in again."""
RETRY_SECONDS = 5.0
"""Between two tries to save what is in memory only."""
REMEMBERED_DELETIONS = 1024
"""Chats of which it is known that they were deleted, and by whom."""
CHECK_SECONDS = 2.0
"""Between two looks whether the files that are written are still where they were opened."""

INDEXED_AT_ONCE = 50
"""Messages that enter the search index in one piece of work: others ask the store in between."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class OwnedRemoteRun:
    """A run that another server writes."""

    owner: str
    """The owner of its chat."""
    server: str
    """The server that writes it, in words."""


class ChatService:
    """Chats, messages, runs and stored profiles. ``ChatService.open`` makes one.

    ``owner`` is "" for all (one shared list) or a user's name; who may ask for which is the server's matter.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        watch_seconds: float = WATCH_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        """Use ``open``."""
        self.epoch = secrets.token_hex(8)
        """Names this start of the server; sequence numbers count within it."""
        self.on_not_saved: Callable[[], None] = lambda: None
        """Called on the loop when ``not_saved`` changes: send every page its workspace again."""
        self.on_saved_again: Callable[[], None] = lambda: None
        """Called in a thread once chats are saved again: the data folder may be a new one."""
        self._data_dir = data_dir
        self._watch_seconds = watch_seconds
        self._retry_seconds = retry_seconds
        self._check_seconds = check_seconds
        # One thread: SQLite's connection stays in it, and calls are done in the order of their making.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stream-chat-store")
        self._feeds = Feeds(lambda seq: ChatFeed(seq=seq))
        # Their events are kept encoded, by who sends them to pages.
        self._workspaces: Feeds[Feed[WorkspaceEvent]] = Feeds(lambda seq: Feed(0, seq=seq))
        # Held from a write until it is published, and while a snapshot is read.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._remote: dict[str, OwnedRemoteRun] = {}
        self._deleted: dict[str, str] = {}
        self._announced: ErrorInfo | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._mender: asyncio.Task[None] | None = None
        self._checker: asyncio.Task[None] | None = None
        self._indexer: asyncio.Task[None] | None = None
        self._damage_announced = 0
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        watch_seconds: float = WATCH_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> ChatService:
        """Open the store in ``data_dir``, or one in memory under ``not_saved``, and recover lost runs."""
        chat_service = cls(
            data_dir, watch_seconds=watch_seconds, retry_seconds=retry_seconds, check_seconds=check_seconds
        )
        await chat_service._in_thread(chat_service._open)
        chat_service._notice()
        await chat_service.recover()
        chat_service._checker = asyncio.create_task(chat_service._check())
        chat_service._index_soon()
        return chat_service

    def _open(self) -> None:
        self._store = ChatStore(self._data_dir)
        self._ownership = RunOwnership(self._store, self._data_dir / "spool")

    async def close(self) -> None:
        """Close the store. Live runs must have ended."""
        for task in (self._watcher, self._mender, self._checker, self._indexer):
            if task:
                task.cancel()
        await self._in_thread(self._store.close)
        self._thread.shutdown(wait=False)

    @property
    def not_saved(self) -> ErrorInfo | None:
        """Why something lives in memory only; None while all is saved."""
        return self._store.not_saved or self._ownership.problem

    async def damaged(self) -> ErrorInfo | None:
        """Return what of the saved chats could not be read, and where it was put aside."""
        return await self._in_thread(lambda: self._store.damaged)

    # --- feeds --------------------------------------------------------------------------------------

    def feed(self, chat_id: str) -> ChatFeed:
        """Return the feed of a chat (which need not exist: ask ``owner_of`` first)."""
        return self._feeds[chat_id]

    def live_runs(self, chat_id: str) -> list[str]:
        """Return the runs of this server that write in a chat."""
        feed = self._feeds.get(chat_id)
        return list(feed.live) if feed else []

    def remote_run(self, run_id: str) -> OwnedRemoteRun | None:
        """Return a run that another server was found to write when its chat was last looked at."""
        return self._remote.get(run_id)

    def workspace(self, owner: str) -> Feed[WorkspaceEvent]:
        """Return the feed of an owner's chat list and profiles."""
        return self._workspaces[owner]

    # --- chats --------------------------------------------------------------------------------------

    async def create_chat(self, owner: str, chat: ChatInfo) -> bool:
        """Make a chat; False when it was there already. Raises IdTaken when it is somebody else's."""
        async with self._lock(chat.chat_id):
            created = await self._call(self._store.create_chat, owner, chat)
            if created:
                self._deleted.pop(chat.chat_id, None)
                self.workspace(owner).publish(lambda seq: ChatAdded(seq=seq, chat=chat))
        return created

    async def import_chat(
        self, owner: str, chat: ChatInfo, messages: Sequence[Message], attached: Mapping[str, str]
    ) -> None:
        """Store a chat that comes from a file, under new ids, and publish it."""
        async with self._lock(chat.chat_id):
            await self._call(self._store.import_chat, owner, chat, messages, attached)
            self.workspace(owner).publish(lambda seq: ChatAdded(seq=seq, chat=chat))
        self._index_soon()

    async def update_chat(self, chat_id: str, changes: ChatChanges) -> ChatInfo:
        """Change the fields that are present, of those that a user may. Raises UnknownChat."""
        async with self._lock(chat_id):
            chat = await self._call(self._store.update_chat, chat_id, changes)
            self._publish_chat(chat)
        return chat.info

    async def delete_chat(self, chat_id: str) -> None:
        """Delete a chat and all that is in it. Interrupt its live runs first.

        Raises UnknownChat, and ChatReadOnly while another server writes in it.
        """
        async with self._lock(chat_id):
            settled = await self._settle(chat_id)
            if settled.foreign:
                raise _read_only(settled.foreign[0])
            chat = await self._call(self._store.delete_chat, chat_id)
            self._deleted[chat_id] = chat.owner
            if len(self._deleted) > REMEMBERED_DELETIONS:
                del self._deleted[next(iter(self._deleted))]
            self.workspace(chat.owner).publish(lambda seq: ChatDeleted(seq=seq, chat_id=chat_id))
            self._forget(chat_id)

    def was_deleted(self, owner: str, chat_id: str) -> bool:
        """Return whether this server has deleted a chat of the owner's, and made none with its id since."""
        return self._deleted.get(chat_id) == owner

    async def chats(self, owner: str) -> list[ChatInfo]:
        """Return the owner's chats, latest first, as of ``workspace(owner).seq`` at the return."""
        feed = self.workspace(owner)
        while True:
            seq = feed.seq
            chats = await self._call(self._store.chats, owner)
            if feed.seq == seq:
                return chats

    async def chat(self, chat_id: str) -> ChatInfo:
        """Return a chat. Raises UnknownChat."""
        return (await self._call(self._store.chat, chat_id)).info

    async def stored_chat(self, chat_id: str) -> StoredChat:
        """Return a chat and whose it is, in one look. Raises UnknownChat."""
        return await self._call(self._store.chat, chat_id)

    async def owner_of(self, chat_id: str) -> str:
        """Return whose chat it is. Raises UnknownChat."""
        return (await self._call(self._store.chat, chat_id)).owner

    # --- messages -----------------------------------------------------------------------------------

    async def snapshot(self, chat_id: str) -> ChatOpened:
        """Return the last messages of the active branch, live runs with their text so far.

        It holds at the moment of the return: whoever subscribes before the next await misses nothing.
        Raises UnknownChat.
        """
        async with self._lock(chat_id):
            settled, messages, has_more = await self._call(self._read_snapshot, chat_id)
            # No await from here: no text may come between the lengths in the snapshot and the subscription.
            self._publish_settled(settled)
            return ChatOpened(
                chat_id=chat_id,
                seq=self.feed(chat_id).seq,
                messages=[self._as_of_now(message, settled.foreign) for message in messages],
                has_more=has_more,
                read_only=_read_only(settled.foreign[0]).error if settled.foreign else None,
            )

    def _read_snapshot(self, chat_id: str) -> tuple[Reconciled, list[Message], bool]:
        self._store.chat(chat_id)
        settled = self._ownership.settle(chat_id)
        return settled, *self._store.messages(chat_id, None, SNAPSHOT_MESSAGES)

    async def messages_before(self, chat_id: str, before: str, limit: int) -> tuple[list[Message], bool]:
        """Return up to ``limit`` messages before ``before``, oldest first, and whether there are more.

        Raises UnknownMessage.
        """
        return await self._call(self._store.messages, chat_id, before, limit)

    async def select_branch(self, chat_id: str, message_id: str) -> None:
        """Let the active branch lead through a message, then publish ``branch_selected`` if it did not.

        Raises UnknownMessage, ChatBusy, ChatReadOnly.
        """
        async with self._lock(chat_id):
            selected = await self._undisturbed(chat_id, self._store.select_branch, chat_id, message_id)
            if selected is not None:
                messages, has_more = selected
                self.feed(chat_id).publish(
                    lambda seq: BranchSelected(chat_id=chat_id, seq=seq, messages=messages, has_more=has_more)
                )

    async def edit_answer(self, chat_id: str, message_id: str, text: str | None) -> None:
        """Let ``text`` count of an answer (None: what was shown of it), then publish ``message_changed``.

        Raises UnknownMessage, ChatBusy, ChatReadOnly.
        """
        async with self._lock(chat_id):
            edit = self._store.edit_answer
            changed = await self._undisturbed(chat_id, edit, chat_id, message_id, text)
            if changed is not None:
                self.feed(chat_id).publish(
                    lambda seq: MessageChanged(chat_id=chat_id, seq=seq, message=changed)
                )

    async def message(self, chat_id: str, message_id: str) -> Message:
        """Return a message as it is in the store. Raises UnknownMessage."""
        return await self._call(self._store.message, chat_id, message_id)

    async def message_of_run(self, run_id: str) -> Message | None:
        """Return the answer that a run wrote, as it is in the store; None when there is no such run."""
        return await self._call(self._store.message_of_run, run_id)

    async def newest_message_id(self, chat_id: str) -> str | None:
        """Return the last message of the active branch; None where the chat has none."""
        messages, _ = await self._call(self._store.messages, chat_id, None, 1)
        return messages[-1].message_id if messages else None

    async def branch(self, chat_id: str) -> list[Message]:
        """Return the whole active branch, as it is in the store."""
        return await self._call(self._store.branch, chat_id)

    async def all_messages(self, chat_id: str) -> list[Message]:
        """Return the messages of all branches, as they are in the store."""
        return await self._call(self._store.all_messages, chat_id)

    async def context(self, chat_id: str, leaf_id: str) -> list[Turn]:
        """Return the conversation that ends with message ``leaf_id``, as a prompt has it.

        Raises UnknownMessage.
        """
        # On the store's thread: ten thousand messages take a second.
        return await self._call(lambda: conversation(self._store.path_to_root(chat_id, leaf_id)))

    # --- search -------------------------------------------------------------------------------------

    async def search(self, owner: str, query: str, limit: int) -> tuple[list[Hit], bool]:
        """Return where all words of a query occur in an owner's chats, and whether there are more hits."""
        return await self._call(self._search, owner, query, limit)

    def _search(self, owner: str, query: str, limit: int) -> tuple[list[Hit], bool]:
        self._store.index_messages(INDEXED_AT_ONCE)
        return self._store.search(owner, query, limit)

    def _index_soon(self) -> None:
        """Write new texts into the search index, a few at a time, between what others ask of the store."""
        if self._indexer is None or self._indexer.done():
            self._indexer = asyncio.create_task(self._index())

    async def _index(self) -> None:
        while await self._call(self._store.index_messages, INDEXED_AT_ONCE):
            pass

    # --- preferences --------------------------------------------------------------------------------

    async def preferences(self, name: str) -> dict[str, str]:
        """Return what each owner has chosen for one thing, as the default profile."""
        return await self._call(self._store.owners.preferences, name)

    async def set_preference(self, owner: str, name: str, value: str) -> None:
        """Keep what an owner has chosen."""
        await self._call(self._store.owners.set_preference, owner, name, value)

    # --- attachments --------------------------------------------------------------------------------

    async def put_attachment(self, owner: str, sha256: str, attachment: StoredAttachment) -> None:
        """Store the content of an attachment, which a message is to use within a day."""
        await self._call(self._store.put_attachment, owner, sha256, attachment, steady_time())

    async def attachment(self, owner: str, sha256: str) -> StoredAttachment:
        """Return the content of an attachment. Raises UnknownAttachment."""
        return await self._call(self._store.attachment, owner, sha256)

    async def attached_texts(self, chat_id: str, contents: Iterable[Sequence[Part]]) -> dict[str, str]:
        """Return by their hashes the attachments in contents of messages of a chat. Raises UnknownChat."""
        hashes = set(hashes_of(contents))
        return await self._call(self._store.attached_texts, chat_id, hashes) if hashes else {}

    def _as_of_now(self, message: Message, foreign: Sequence[RemoteRun]) -> Message:
        live = self.feed(message.chat_id).live
        for run in message.runs:
            if writing := live.get(run.run_id):
                message = written(message, writing.info, parts_of(run.run_id, writing.text))
        for other in foreign:
            if other.run.message_id == message.message_id:
                message = written(message, other.run, parts_of(other.run.run_id, other.spooled.text))
        return message

    # --- runs ---------------------------------------------------------------------------------------

    async def begin_run(self, question: Message | None, answer: Message, run: RunInfo) -> Spool | None:
        """Write a run and its messages, then publish ``message_added`` .. ``run_started``, ``chat_updated``.

        Returns the run's spool, locked and owned by the caller, or None when the run had been begun before
        (a command sent twice): then there is nothing to start. A chat without a title is named after the
        question. Enter the run in ``feed(chat_id).live`` before the next await.
        Raises UnknownChat, UnknownMessage (parent), UnknownAttachment, IdTaken, ChatBusy, ChatReadOnly.
        """
        async with self._lock(run.chat_id):
            begin = self._ownership.begin
            begun = await self._undisturbed(run.chat_id, begin, question, answer, run, self._spool_failed)
            if begun is None:
                return None
            feed = self.feed(run.chat_id)
            for message in begun.added:
                feed.publish(_message_added(message))
            feed.publish(lambda seq: RunStarted(chat_id=run.chat_id, seq=seq, run=run))
            self._publish_chat(begun.chat)
            return begun.spool

    async def end_run(self, run: RunInfo, text: RunText) -> None:
        """Write a run's end and text in one transaction, then publish ``run_finished`` and ``chat_updated``.

        Takes the run out of ``feed(chat_id).live``. The caller removes the spool afterwards. Does not raise
        for want of disk: see ``not_saved``.
        """
        parts = parts_of(run.run_id, text)
        chat: StoredChat | None = None
        async with self._lock(run.chat_id):
            try:
                chat = await self._call(self._ownership.end, run, parts)
            finally:
                # Whatever became of the write, the run is over, and no page may wait for its end.
                self._ownership.release(run.run_id)
                self._publish_end(run, chat)
        self._notice()
        self._index_soon()

    async def recover(self) -> None:
        """End runs whose server is gone: finish_reason ``lost``, with all the text of their spools."""
        for chat_id in await self._call(self._ownership.unsettled_chats):
            async with self._lock(chat_id):
                await self._settle(chat_id)
        await self._call(self._ownership.clean_up)

    async def _undisturbed(
        self, chat_id: str, change: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do what a run that writes forbids; one that is lost is ended first. Hold the chat's lock.

        Raises ChatBusy, and ChatReadOnly while another server writes.
        """
        try:
            return await self._call(change, *args, **kwargs)
        except ChatBusy as busy:
            if self._ownership.is_ours(busy.run_id):
                raise
            settled = await self._settle(chat_id)
            if settled.foreign:
                raise _read_only(settled.foreign[0]) from None
            return await self._call(change, *args, **kwargs)

    async def _settle(self, chat_id: str) -> Reconciled:
        """End the chat's lost runs. Hold the chat's lock."""
        settled = await self._call(self._ownership.settle, chat_id)
        self._publish_settled(settled)
        return settled

    def _publish_settled(self, settled: Reconciled) -> None:
        for run in settled.ended:
            self._remote.pop(run.run_id, None)
            self._publish_end(run, settled.chat)
        if settled.chat is not None:
            owner = settled.chat.owner
            self._remote |= {
                other.run.run_id: OwnedRemoteRun(owner, other.spooled.owner) for other in settled.foreign
            }
        if settled.foreign and self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Look after chats that are read-only until none is."""
        try:
            while await self._call(self._ownership.unsettled_chats):
                await asyncio.sleep(self._watch_seconds)
                await self.recover()
        finally:
            self._watcher = None

    def _publish_end(self, run: RunInfo, chat: StoredChat | None) -> None:
        feed = self.feed(run.chat_id)
        feed.live.pop(run.run_id, None)
        feed.publish(lambda seq: RunFinished(chat_id=run.chat_id, seq=seq, run=run))
        if chat:
            self._publish_chat(chat)
        else:
            self._forget(run.chat_id)

    # --- stored profiles ----------------------------------------------------------------------------

    async def profiles(self, owner: str = "") -> list[dict[str, Any]]:
        """Return an owner's stored profiles in the order of their making."""
        return await self._call(self._store.owners.profiles, owner)

    async def profile_owners(self) -> list[str]:
        """Return who has stored profiles."""
        return await self._call(self._store.owners.profile_owners)

    async def save_profile(self, profile_id: str, fields: Mapping[str, Any], owner: str = "") -> None:
        """Store or replace an owner's profile. Keys do not belong here."""
        await self._call(self._store.owners.save_profile, profile_id, fields, owner)

    async def delete_profile(self, profile_id: str, owner: str = "") -> bool:
        """Delete an owner's profile; False when there was none."""
        return await self._call(self._store.owners.delete_profile, profile_id, owner)

    # --- deployments --------------------------------------------------------------------------------

    async def limitations(self, now: float, owner: str = "") -> list[DeploymentLimitation]:
        """Return what an owner's questions found of deployments and still holds at ``now``."""
        return await self._call(self._store.owners.limitations, now, owner)

    async def remember_limitation(self, found: DeploymentLimitation, now: float, owner: str = "") -> None:
        """Remember what a deployment does not do, until its time is up."""
        await self._call(self._store.owners.remember_limitation, found, now, owner)

    async def forget_limitations(
        self, owner: str = "", deployment: Deployment | None = None, limitation: Limitation | None = None
    ) -> None:
        """Forget what an owner's questions found: of every deployment, of one, or one finding."""
        await self._call(self._store.owners.forget_limitations, owner, deployment, limitation)

    # --- machinery ----------------------------------------------------------------------------------

    def _lock(self, chat_id: str) -> asyncio.Lock:
        return self._locks.setdefault(chat_id, asyncio.Lock())

    def _forget(self, chat_id: str) -> None:
        """End the feed of a chat that is gone, unless a run still has its end to tell."""
        feed = self.feed(chat_id)
        if not feed.live:
            feed.end()
            self._feeds.drop(chat_id)

    def _publish_chat(self, chat: StoredChat) -> None:
        self.workspace(chat.owner).publish(lambda seq: ChatUpdated(seq=seq, chat=chat.info))

    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await self._in_thread(lambda: self._repairing(lambda: function(*args, **kwargs)))
        finally:
            self._notice()

    def _repairing(self, work: Callable[[], R]) -> R:
        """Do ``work``, then repair the records that it found damaged."""
        try:
            return work()
        finally:
            self._store.repair()

    async def _in_thread(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def _spool_failed(self, run_id: str, error: OSError) -> None:
        self._ownership.spool_failed(run_id, error)
        # A spool's first record is written on the store's thread.
        self._loop.call_soon_threadsafe(self._notice)

    def _notice(self) -> None:
        """Say when ``not_saved`` or ``damaged`` has changed; see to it that the first does."""
        damage = self._store.quarantine.count
        if self.not_saved != self._announced or damage != self._damage_announced:
            self._announced, self._damage_announced = self.not_saved, damage
            self.on_not_saved()
        if self.not_saved is not None and self._mender is None:
            self._mender = asyncio.create_task(self._mend())

    async def _check(self) -> None:
        """Find out, also while nobody writes, that files were deleted or replaced."""
        while True:
            await asyncio.sleep(self._check_seconds)
            for spool in await self._call(self._lost_spools):
                spool.lose(FileNotFoundError("its file was deleted or replaced"))
            self._notice()

    def _lost_spools(self) -> list[Spool]:
        self._store.check_file()
        return self._ownership.lost_spools()

    async def _mend(self) -> None:
        """Try again and again to save what is in memory only."""
        try:
            while self.not_saved is not None:
                await asyncio.sleep(self._retry_seconds)
                live = {
                    run_id: run.text for _, feed in self._feeds.items() for run_id, run in feed.live.items()
                }
                self._ownership.spool_again(live)
                if await self._call(self._ownership.return_to_disk):
                    await asyncio.to_thread(self.on_saved_again)
        finally:
            self._mender = None


def _read_only(foreign: RemoteRun) -> ChatReadOnly:
    return ChatReadOnly(foreign.run.run_id, foreign.spooled.owner)


def _message_added(message: Message) -> Callable[[int], MessageAdded]:
    return lambda seq: MessageAdded(chat_id=message.chat_id, seq=seq, message=message)
