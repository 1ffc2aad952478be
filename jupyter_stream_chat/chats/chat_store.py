"""Chats, messages and runs in SQLite: synchronous, one connection, one thread.

Owns the queries and what one transaction holds. Inserts are idempotent by the ids that clients make.
Where the data live, on the disk or in memory, is ``sqlite``'s business. What owners have beside chats is in
``owner_store``.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..protocol import (
    ChatInfo,
    ErrorInfo,
    Message,
    Parameters,
    Part,
    Role,
    RunInfo,
)
from . import attachments, search
from .attachments import StoredAttachment
from .command_error import ChatBusy, IdTaken, UnknownChat, UnknownMessage
from .owner_store import OwnerStore
from .quarantine import Quarantine
from .records import LATEST, PARTS, RecordReader, Row, is_id
from .row_repair import RowRepair
from .search import Hit
from .sqlite import Database
from .tree import edited, run_id_of, text_of, title_of

log = logging.getLogger(__name__)

_CHANGEABLE = ("title", "profile_id", "streaming", "parameters", "archived", "local_only")
_CHAT = """
SELECT rowid, owner, chat_id, title, created_at, updated_at, profile_id, streaming, parameters,
    archived, local_only,
    EXISTS (SELECT 1 FROM runs WHERE runs.chat_id = chats.chat_id AND finished = 0) AS running
FROM chats
"""
_MESSAGE = "position, message_id, chat_id, parent_id, role, author, content, created_at"
# A parent comes before its children: with a damaged row that names a later one the path would have no end.
_PATH = f"""
WITH RECURSIVE path AS (
    SELECT 0 AS depth, * FROM messages WHERE message_id = :leaf AND chat_id = :chat
    UNION ALL
    SELECT depth + 1, messages.* FROM path JOIN messages ON messages.message_id = path.parent_id
    AND messages.position < path.position AND messages.chat_id = :chat
    LIMIT :limit
) SELECT {_MESSAGE} FROM path ORDER BY depth DESC
"""
_LEAF = """
SELECT coalesce(
    (
        SELECT message_id FROM chats JOIN messages ON messages.message_id = chats.leaf_id
        WHERE chats.chat_id = :chat AND messages.chat_id = :chat
    ),
    (SELECT message_id FROM messages WHERE chat_id = :chat ORDER BY position DESC LIMIT 1)
)
"""
_NEWEST_UNDER = """
WITH RECURSIVE under AS (
    SELECT position, message_id FROM messages WHERE message_id = :message
    UNION ALL
    SELECT messages.position, messages.message_id
    FROM under CROSS JOIN messages
    ON messages.chat_id = :chat AND messages.parent_id = under.message_id
    AND messages.position > under.position
) SELECT message_id FROM under ORDER BY position DESC LIMIT 1
"""
# A list as one JSON value: a statement has room for some thousands of single ones.
_RUN = "position, run_id, chat_id, message_id, info, finished"
_RUNS_OF = f"""
SELECT {_RUN} FROM runs WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY position
"""
_FOLLOWING = """
SELECT messages.parent_id, message_id
FROM (SELECT DISTINCT value FROM json_each(:parents))
CROSS JOIN messages ON messages.chat_id = :chat AND messages.parent_id IS value
ORDER BY position
"""
_SELECTED_AT_MOST = 200
"""Messages that a change of the branch brings: the rest is loaded when somebody scrolls up to it."""
_NO_LIMIT = -1
_AFTER_SECONDS = 0.001

ChatChanges = Mapping[str, str | bool | Parameters | None]
"""Fields of a chat by name; a null clears the chat's own choice."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class StoredChat:
    """A chat and whose it is."""

    owner: str
    info: ChatInfo


def _change(method: Callable[Concatenate[ChatStore, P], R]) -> Callable[Concatenate[ChatStore, P], R]:
    """Make a method one transaction, which the disk cannot make fail."""

    @wraps(method)
    def change(self: ChatStore, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._db.change(lambda: method(self, *args, **kwargs))

    return change


class ChatStore:
    """The database of all chats."""

    def __init__(self, folder: Path) -> None:
        """Open the database in ``folder``; where that is impossible, one in memory."""
        self._db = Database(folder)
        self._quarantine = Quarantine(folder)
        self._repair = RowRepair(self._db, self._quarantine)
        self._reader = RecordReader(self._repair.put_aside)
        self.owners = OwnerStore(self._db, self._reader)
        """What owners have beside chats."""

    @property
    def quarantine(self) -> Quarantine:
        """Where damaged records and spools are put."""
        return self._quarantine

    @property
    def not_saved(self) -> ErrorInfo | None:
        """Why nothing is written to the disk; None while it is."""
        return self._db.not_saved

    @property
    def damaged(self) -> ErrorInfo | None:
        """What of the saved chats could not be read, and where it was put aside."""
        return self._db.damaged or self._quarantine.notice

    def check_file(self) -> None:
        """Move into memory, under ``not_saved``, where the database's file was deleted or replaced."""
        self._db.check_file()

    def return_to_disk(self) -> bool:
        """Save what is in memory only; False while the disk refuses."""
        return self._db.return_to_disk()

    def repair(self) -> None:
        """Repair the rows that were found damaged and are copied. Call it outside of a transaction."""
        self._repair.repair()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # --- chats --------------------------------------------------------------------------------------

    @_change
    def create_chat(self, owner: str, chat: ChatInfo) -> bool:
        """Insert a chat; False when it is there. Raises IdTaken when it is another owner's."""
        return self._create(owner, chat)

    def _create(self, owner: str, chat: ChatInfo) -> bool:
        row = (chat.chat_id, owner, chat.title, chat.created_at, chat.updated_at)
        own = (chat.profile_id, chat.streaming, _column(chat.parameters))
        inserted = self._insert("chats", (*row, *own, None, bool(chat.archived), chat.local_only))
        if not inserted and self.chat(chat.chat_id).owner != owner:
            raise IdTaken("chat_id", chat.chat_id)
        return inserted

    @_change
    def update_chat(self, chat_id: str, changes: ChatChanges) -> StoredChat:
        """Change the fields that are present. Raises UnknownChat."""
        for name in _CHANGEABLE:
            if name in changes:
                value = _column(changes[name])
                self._db.execute(f"UPDATE chats SET {name} = ? WHERE chat_id = ?", (value, chat_id))
        return self.chat(chat_id)

    @_change
    def delete_chat(self, chat_id: str) -> StoredChat:
        """Delete a chat with its messages and runs, and return it. Raises UnknownChat."""
        chat = self.chat(chat_id)
        attached = attachments.used_in(self._db, chat_id)
        search.forget_chat(self._db, chat_id)
        self._db.execute("DELETE FROM chats WHERE chat_id = ?", (chat_id,))
        attachments.release(self._db, chat.owner, attached)
        return chat

    def chat(self, chat_id: str) -> StoredChat:
        """Return a chat. Raises UnknownChat."""
        rows = self._db.rows(f"{_CHAT} WHERE chat_id = ?", (chat_id,))
        found = self._reader.chat(rows[0]) if rows else None
        if found is None:
            raise UnknownChat(chat_id)
        return StoredChat(*found)

    def chats(self, owner: str) -> list[ChatInfo]:
        """Return an owner's chats, the one last asked in first."""
        rows = self._db.rows(f"{_CHAT} WHERE owner = ? ORDER BY updated_at DESC, rowid DESC", (owner,))
        return [found[1] for row in rows if (found := self._reader.chat(row))]

    # --- messages -----------------------------------------------------------------------------------

    def messages(self, chat_id: str, before: str | None, limit: int) -> tuple[list[Message], bool]:
        """Return up to ``limit`` messages of the active branch, oldest first, and whether older ones exist.

        ``before``: the message that they lead to; None: the branch's end is included. Raises UnknownMessage.
        """
        with self._db.transaction():
            leaf = self._leaf(chat_id) if before is None else self._parent(chat_id, before)
            if leaf is None:
                return [], False
            path = self._path(chat_id, leaf, limit + 1)
            return self._with_siblings(chat_id, path[-limit:]), len(path) > limit

    def message(self, chat_id: str, message_id: str) -> Message:
        """Return a message. Raises UnknownMessage."""
        with self._db.transaction():
            return self._only(chat_id, message_id)

    def branch(self, chat_id: str) -> list[Message]:
        """Return the whole active branch, oldest message first."""
        with self._db.transaction():
            leaf = self._leaf(chat_id)
            return [] if leaf is None else self._path(chat_id, leaf, _NO_LIMIT)

    def all_messages(self, chat_id: str) -> list[Message]:
        """Return the messages of all branches in the order of their arrival."""
        with self._db.transaction():
            select = f"SELECT {_MESSAGE} FROM messages WHERE chat_id = ? ORDER BY position"
            return self._messages(self._db.rows(select, (chat_id,)))

    def path_to_root(self, chat_id: str, leaf_id: str) -> list[Message]:
        """Return a message and all that it follows, oldest first. Raises UnknownMessage."""
        with self._db.transaction():
            path = self._path(chat_id, leaf_id, _NO_LIMIT)
        if not path:
            raise UnknownMessage(leaf_id, "parent_id")
        return path

    @_change
    def select_branch(self, chat_id: str, message_id: str) -> tuple[list[Message], bool] | None:
        """Let the active branch lead through a message to the newest one under it; None where it does.

        Returns that branch's end, from the message on or shorter, and whether there are messages before it.
        Raises UnknownMessage, ChatBusy.
        """
        self._chat_of(message_id, chat_id, "message_id")
        leaf = self._newest_under(chat_id, message_id)
        if leaf == self._leaf(chat_id):
            return None
        self._refuse_while_writing(chat_id)
        self._set_leaf(chat_id, leaf)
        path = self._path(chat_id, leaf, _SELECTED_AT_MOST)
        first = next((at for at, message in enumerate(path) if message.message_id == message_id), 0)
        has_more = bool(path) and path[first].parent_id is not None
        return self._with_siblings(chat_id, path[first:]), has_more

    @_change
    def edit_answer(self, chat_id: str, message_id: str, text: str | None) -> Message | None:
        """Let ``text`` count of an answer, or what was shown of it (None); None when it does already.

        Raises UnknownMessage, also for a message that is no answer, and ChatBusy.
        """
        self._chat_of(message_id, chat_id, "message_id", role="assistant")
        self._refuse_while_writing(chat_id)
        message = self._only(chat_id, message_id)
        changed = edited(message, text)
        if changed == message:
            return None
        self._set_content(message_id, changed.content)
        return self._with_siblings(chat_id, [changed])[0]

    @_change
    def import_chat(
        self, owner: str, chat: ChatInfo, messages: Sequence[Message], attached: Mapping[str, str]
    ) -> None:
        """Insert a chat of an owner with all its messages, their runs, and the contents that they use.

        All ids are new, see ``imported``.
        """
        self._create(owner, chat)
        for sha256, text in attached.items():
            attachments.put(self._db, owner, sha256, StoredAttachment("text/plain", text), chat.updated_at)
        for message in messages:
            self._add(message)
            attachments.use(self._db, owner, message)
            for run in message.runs:
                info = run.model_dump_json(exclude_none=True)
                self._insert("runs", (None, run.run_id, run.chat_id, run.message_id, info, True))

    # --- search -------------------------------------------------------------------------------------

    def index_messages(self, limit: int) -> int:
        """Write up to ``limit`` new or changed messages into the search index; return how many were left.

        The index is derived: where it cannot be written, searching finds less, and nothing else changes.
        """
        try:
            with self._db.transaction("IMMEDIATE"):
                return self._index(limit) if search.is_available(self._db) else 0
        except sqlite3.DatabaseError as error:
            log.debug("The search index cannot be written: %s", error)
            return 0

    def _index(self, limit: int) -> int:
        newest = "SELECT message_id FROM unindexed_messages ORDER BY rowid DESC LIMIT ?"
        ids = [message_id for (message_id,) in self._db.execute(newest, (limit,))]
        marks = ", ".join("?" * len(ids))
        rows = self._db.rows(f"SELECT {_MESSAGE} FROM messages WHERE message_id IN ({marks})", ids)
        positions = {row["message_id"]: int(row["position"]) for row in rows}
        texts = [(positions[each.message_id], text_of(each)) for each in self._messages(rows)]
        search.store_texts(self._db, texts)
        self._db.execute(f"DELETE FROM unindexed_messages WHERE message_id IN ({marks})", ids)
        return int(self._db.execute("SELECT count(*) FROM unindexed_messages").fetchone()[0])

    def search(self, owner: str, query: str, limit: int) -> tuple[list[Hit], bool]:
        """Return where all words of a query occur, titles first, and whether there are more hits."""
        words = search.words_of(query)
        if not words:
            return [], False
        with self._db.transaction():
            hits = search.find_titles(self._db, owner, words, limit + 1)
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_texts'").fetchone():
                hits += search.find_messages(self._db, owner, words, limit + 1 - len(hits))
        return hits[:limit], len(hits) > limit

    # --- runs ---------------------------------------------------------------------------------------

    def start_run(self, question: Message | None, answer: Message, run: RunInfo) -> list[Message] | None:
        """Insert a run and its messages; name the chat after its first question.

        Returns the messages that were new, or None when the run is there already. Raises UnknownChat,
        UnknownMessage (the parent), UnknownAttachment, IdTaken, ChatBusy (an unfinished run).
        """
        # The reader waits for this one, and the end of the run makes it durable.
        return self._db.change(lambda: self._start_run(question, answer, run), durable=False)

    def _start_run(self, question: Message | None, answer: Message, run: RunInfo) -> list[Message] | None:
        if self.has_run(run):
            return None
        stored = self.chat(run.chat_id)
        chat = stored.info
        self._refuse_while_writing(run.chat_id)
        if question is None and answer.parent_id is not None:
            self._chat_of(answer.parent_id, run.chat_id, "message_id", role="user")
        added = [message for message in (question, answer) if message and self._add(message)]
        for message in added:
            attachments.use(self._db, stored.owner, message)
        row = (None, run.run_id, run.chat_id, run.message_id, run.model_dump_json(exclude_none=True), False)
        self._insert("runs", row)
        title = chat.title or (title_of(question) if question else "")
        changes = (title, self._after_all(answer.created_at, stored.owner), run.chat_id)
        self._db.execute("UPDATE chats SET title = ?, updated_at = ? WHERE chat_id = ?", changes)
        if added:
            self._set_leaf(run.chat_id, answer.message_id)
        return self._with_siblings(run.chat_id, added)

    @_change
    def finish_run(self, run: RunInfo, parts: Sequence[Part]) -> bool:
        """Write a run's end and its text; False when it has ended already, or its chat was deleted.

        It is on the disk when this returns: the spool may go.
        """
        info = run.model_dump_json(exclude_none=True)
        update = "UPDATE runs SET info = ?, finished = 1 WHERE run_id = ? AND finished = 0"
        if not self._db.execute(update, (info, run.run_id)).rowcount:
            return False
        select = f"SELECT {_MESSAGE} FROM messages WHERE message_id = ?"
        for row in self._db.rows(select, (run.message_id,)):
            message = self._reader.message(row, [run])
            others = [part for part in message.content if run_id_of(part) != run.run_id] if message else []
            self._set_content(run.message_id, [*others, *parts])
        return True

    def has_run(self, run: RunInfo) -> bool:
        """Tell whether a run has been begun. Raises IdTaken when its id is that of another chat's run."""
        known = self.run(run.run_id)
        if known and known.chat_id != run.chat_id:
            raise IdTaken("run_id", run.run_id)
        return known is not None

    def run(self, run_id: str) -> RunInfo | None:
        """Return a run."""
        rows = self._db.rows(f"SELECT {_RUN} FROM runs WHERE run_id = ?", (run_id,))
        return self._reader.run(rows[0]) if rows else None

    def message_of_run(self, run_id: str) -> Message | None:
        """Return the answer that a run writes or wrote."""
        with self._db.transaction():
            run = self.run(run_id)
            path = self._path(run.chat_id, run.message_id, 1) if run else []
            return path[0] if path else None

    def unfinished_runs(self, chat_id: str | None = None) -> list[RunInfo]:
        """Return the runs without an end, of one chat or of all."""
        where = "finished = 0" + (" AND chat_id = ?" if chat_id else "")
        parameters = (chat_id,) if chat_id else ()
        rows = self._db.rows(f"SELECT {_RUN} FROM runs WHERE {where} ORDER BY position", parameters)
        return [run for row in rows if (run := self._reader.run(row)) and run.status != "finished"]

    # --- attachments --------------------------------------------------------------------------------

    @_change
    def put_attachment(self, owner: str, sha256: str, attachment: StoredAttachment, now: float) -> None:
        """Store the content of an attachment, which a message is to use within a day."""
        attachments.put(self._db, owner, sha256, attachment, now)

    def attachment(self, owner: str, sha256: str) -> StoredAttachment:
        """Return the content of an attachment. Raises UnknownAttachment."""
        return attachments.get(self._db, owner, sha256)

    def attached_texts(self, chat_id: str, hashes: Collection[str]) -> dict[str, str]:
        """Return those of the contents that the chat's owner has, by their hashes. Raises UnknownChat."""
        return attachments.texts(self._db, self.chat(chat_id).owner, hashes)

    # --- within a transaction -----------------------------------------------------------------------

    def _insert(self, table: str, row: Sequence[object]) -> bool:
        """Insert a row; False when its id is there already."""
        marks = ", ".join("?" * len(row))
        return bool(
            self._db.execute(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO NOTHING", row).rowcount
        )

    def _add(self, message: Message) -> bool:
        if message.parent_id is not None:
            self._chat_of(message.parent_id, message.chat_id, "parent_id")
        content = PARTS.dump_json(message.content, exclude_none=True).decode()
        row = (message.message_id, message.chat_id, message.parent_id, message.role, message.author)
        inserted = self._insert("messages", (None, *row, content, message.created_at))
        if not inserted and not self._has(message):
            raise IdTaken("message_id", message.message_id)
        return inserted

    def _has(self, message: Message) -> bool:
        """Tell whether a message is there, in this place and role: its content is not asked about."""
        select = "SELECT 1 FROM messages WHERE message_id = ? AND chat_id = ? AND role = ? AND parent_id IS ?"
        place = (message.message_id, message.chat_id, message.role, message.parent_id)
        return self._db.execute(select, place).fetchone() is not None

    def _after_all(self, now: float, owner: str) -> float:
        """Return ``now``, or a time after all of an owner's chats: what was asked in last comes first."""
        newest = "SELECT max(updated_at) FROM chats WHERE owner = ? AND updated_at BETWEEN ? AND ?"
        (at,) = self._db.execute(newest, (owner, now, LATEST)).fetchone()
        return now if at is None else min(float(at) + _AFTER_SECONDS, LATEST)

    def _refuse_while_writing(self, chat_id: str) -> None:
        """Raise ChatBusy while a run of the chat has no end."""
        if unfinished := self.unfinished_runs(chat_id):
            raise ChatBusy(unfinished[0].run_id)

    def _chat_of(self, message_id: str, chat_id: str, field: str, role: Role | None = None) -> None:
        """Raise UnknownMessage unless the message is in the chat, and in that role."""
        select = "SELECT role FROM messages WHERE message_id = ? AND chat_id = ?"
        row = self._db.execute(select, (message_id, chat_id)).fetchone()
        if row is None or role not in (None, row[0]):
            raise UnknownMessage(message_id, field)

    def _set_content(self, message_id: str, parts: Sequence[Part]) -> None:
        content = PARTS.dump_json(list(parts), exclude_none=True).decode()
        self._db.execute("UPDATE messages SET content = ? WHERE message_id = ?", (content, message_id))

    def _set_leaf(self, chat_id: str, message_id: str) -> None:
        self._db.execute("UPDATE chats SET leaf_id = ? WHERE chat_id = ?", (message_id, chat_id))

    def _leaf(self, chat_id: str) -> str | None:
        """Return the last message of the active branch: the newest one where none has been chosen."""
        row = self._db.execute(_LEAF, {"chat": chat_id}).fetchone()
        return row[0] if row else None

    def _newest_under(self, chat_id: str, message_id: str) -> str:
        """Return the newest of a message and all that follow it."""
        row = self._db.execute(_NEWEST_UNDER, {"chat": chat_id, "message": message_id}).fetchone()
        return str(row[0])

    def _parent(self, chat_id: str, message_id: str) -> str | None:
        self._chat_of(message_id, chat_id, "before")
        select = "SELECT parent_id FROM messages WHERE message_id = ?"
        parent = self._db.execute(select, (message_id,)).fetchone()[0]
        return parent if isinstance(parent, str) else None

    def _path(self, chat_id: str, leaf: str, limit: int) -> list[Message]:
        values = {"chat": chat_id, "leaf": leaf, "limit": limit}
        return self._messages(self._db.rows(_PATH, values))

    def _only(self, chat_id: str, message_id: str) -> Message:
        path = self._path(chat_id, message_id, 1)
        if not path:
            raise UnknownMessage(message_id, "message_id")
        return path[0]

    def _messages(self, rows: Sequence[Row]) -> list[Message]:
        """Return rows of messages with their runs."""
        runs: dict[str, list[RunInfo]] = {}
        ids = json.dumps([row["message_id"] for row in rows if isinstance(row["message_id"], str)])
        for row in self._db.rows(_RUNS_OF, (ids,)):
            if run := self._reader.run(row):
                runs.setdefault(run.message_id, []).append(run)
        read = (self._reader.message(row, runs.get(row["message_id"], [])) for row in rows)
        return [message for message in read if message]

    def _with_siblings(self, chat_id: str, messages: list[Message]) -> list[Message]:
        """Return the messages with what else follows their parents."""
        parents = json.dumps([message.parent_id for message in messages])
        following: dict[str | None, list[str]] = {}
        for parent_id, message_id in self._db.execute(_FOLLOWING, {"chat": chat_id, "parents": parents}):
            if is_id(message_id):
                following.setdefault(parent_id, []).append(message_id)
        return [
            message.model_copy(update={"siblings": siblings})
            if len(siblings := following.get(message.parent_id, [])) > 1
            else message
            for message in messages
        ]


def _column(value: str | bool | Parameters | None) -> str | bool | None:
    """Return a chat's field as its column has it."""
    return value.model_dump_json(exclude_none=True) if isinstance(value, Parameters) else value
