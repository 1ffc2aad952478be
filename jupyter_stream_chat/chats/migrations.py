"""The tables of the database, and what brings an older version of them up to date.

Owns the steps from each version to the next. A step is written once and never changed.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any, Final

_FIRST: Final = """
CREATE TABLE chats (
    chat_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    profile_id TEXT,
    streaming TEXT
);
CREATE INDEX chats_by_owner ON chats (owner, updated_at);

-- position: the order of arrival.
CREATE TABLE messages (
    position INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    parent_id TEXT,
    role TEXT NOT NULL,
    author TEXT NOT NULL,
    content TEXT NOT NULL, -- JSON: the parts
    created_at REAL NOT NULL
);
CREATE INDEX messages_by_chat ON messages (chat_id, position);

CREATE TABLE runs (
    position INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    chat_id TEXT NOT NULL REFERENCES chats ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    info TEXT NOT NULL, -- JSON: RunInfo
    finished INTEGER NOT NULL
);
CREATE INDEX runs_by_chat ON runs (chat_id);
CREATE INDEX runs_by_message ON runs (message_id);
CREATE INDEX unfinished_runs ON runs (chat_id) WHERE finished = 0;

CREATE TABLE profiles (
    position INTEGER PRIMARY KEY,
    profile_id TEXT NOT NULL UNIQUE,
    fields TEXT NOT NULL -- JSON
);
"""

_DEPLOYMENTS: Final = """
CREATE TABLE deployment_limitations (
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    limitation TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (provider, endpoint, model, limitation)
);
"""

_PARAMETERS: Final = "ALTER TABLE chats ADD COLUMN parameters TEXT"  # JSON: the chat's own

_BRANCHES: Final = """
-- leaf_id: the last message of the active branch; null: the newest one.
ALTER TABLE chats ADD COLUMN leaf_id TEXT;
CREATE INDEX messages_by_parent ON messages (chat_id, parent_id);
"""

_ATTACHMENTS: Final = """
-- content: text, once for each owner and hash.
CREATE TABLE attachments (
    owner TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (owner, sha256)
);
CREATE TABLE attachment_uses (
    owner TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    message_id TEXT NOT NULL REFERENCES messages (message_id) ON DELETE CASCADE,
    PRIMARY KEY (owner, sha256, message_id)
);
CREATE INDEX attachment_uses_by_message ON attachment_uses (message_id);
"""

_LOCAL_ONLY: Final = "ALTER TABLE chats ADD COLUMN local_only INTEGER"  # 1: attachments to local models only


def _number_parts(db: sqlite3.Connection) -> None:
    """Bring runs and profiles to the words of protocol 2: lengths and digests per part, and new names.

    Until then a run had one text and one reasoning, each one part at most of its message.
    """
    for run_id, message_id, info in db.execute("SELECT run_id, message_id, info FROM runs").fetchall():
        row = db.execute("SELECT content FROM messages WHERE message_id = ?", (message_id,)).fetchone()
        with contextlib.suppress(*_DAMAGED):
            parts = [part for part in json.loads(row[0] if row else "[]") if part.get("run_id") == run_id]
            run = _run_with_parts(json.loads(info), [str(part["type"]) for part in parts])
            db.execute("UPDATE runs SET info = ? WHERE run_id = ?", (_json(run), run_id))
    for profile_id, fields in db.execute("SELECT profile_id, fields FROM profiles").fetchall():
        with contextlib.suppress(*_DAMAGED):
            profile = _renamed(json.loads(fields), limits="timeouts", early_stop="on_repetition")
            db.execute("UPDATE profiles SET fields = ? WHERE profile_id = ?", (_json(profile), profile_id))


_DAMAGED: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What a row raises whose JSON is none, or is of another shape. It stays as it is: its reader repairs it."""


def _run_with_parts(run: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    channels = ["content" if kind == "text" else kind for kind in kinds]
    for name in ("kept", "digest"):
        if run.get(name) is not None:
            run[name] = [run[name][channel] for channel in channels]
    for name, renames in _RENAMED_IN_RUNS.items():
        if run.get(name) is not None:
            run[name] = _renamed(run[name], **renames)
    return run


_RENAMED_IN_RUNS: Final = {
    "error": {"cure": "hint"},
    "time_limit": {"waited_for": "limit_kind"},
    "timings": {"released_ms": "disconnect_ms"},
    "pause": {"hold_seconds": "auto_end_seconds"},
}


def _renamed(values: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_OWNERS: Final = """
-- Profiles, and what is remembered of deployments, are their owner's; '' is the owner of what all share.
ALTER TABLE profiles RENAME TO shared_profiles;
CREATE TABLE profiles (
    position INTEGER PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    profile_id TEXT NOT NULL,
    fields TEXT NOT NULL, -- JSON
    UNIQUE (owner, profile_id)
);
INSERT INTO profiles SELECT position, '', profile_id, fields FROM shared_profiles;
DROP TABLE shared_profiles;
ALTER TABLE deployment_limitations RENAME TO shared_limitations;
CREATE TABLE deployment_limitations (
    owner TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    limitation TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (owner, provider, endpoint, model, limitation)
);
INSERT INTO deployment_limitations
SELECT '', provider, endpoint, model, limitation, until FROM shared_limitations;
DROP TABLE shared_limitations;
"""

_FINDING: Final = """
ALTER TABLE chats ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
CREATE TABLE preferences (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, name)
);
-- Messages whose text is not in the search index yet, newest last.
CREATE TABLE unindexed_messages (message_id TEXT PRIMARY KEY);
INSERT INTO unindexed_messages SELECT message_id FROM messages ORDER BY position;
CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
    INSERT INTO unindexed_messages SELECT new.message_id WHERE NOT EXISTS
    (SELECT 1 FROM unindexed_messages WHERE message_id = new.message_id); END;
CREATE TRIGGER message_changed AFTER UPDATE OF content ON messages BEGIN
    INSERT INTO unindexed_messages SELECT new.message_id WHERE NOT EXISTS
    (SELECT 1 FROM unindexed_messages WHERE message_id = new.message_id); END;
"""

STEPS: Final[tuple[str | Callable[[sqlite3.Connection], None], ...]] = (
    _FIRST,
    _DEPLOYMENTS,
    _PARAMETERS,
    _BRANCHES,
    _number_parts,
    _OWNERS,
    _ATTACHMENTS,
    _FINDING,
    _LOCAL_ONLY,
)
"""What leads from each version to the next: SQL, or a function within the same transaction."""
VERSION: Final = len(STEPS)


class NewerDatabase(Exception):
    """The database was written by a newer version of this software."""


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the tables of ``version`` up to date; 0 makes them. Call it within a transaction.

    Raises NewerDatabase.
    """
    if version > VERSION:
        raise NewerDatabase(f"version {version}; this software knows {VERSION}")
    for step in STEPS[version:]:
        if callable(step):
            step(db)
        else:
            for statement in step.split(";\n"):
                db.execute(statement)
    if version < VERSION:
        db.execute(f"PRAGMA user_version = {VERSION}")


def columns_of(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns of each table but the search index's, those first that others refer to."""
    select = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'message_texts*'"
    tables = db.execute(f"{select} ORDER BY rowid").fetchall()
    return {name: [row[1] for row in db.execute(f'PRAGMA table_info("{name}")')] for (name,) in tables}
