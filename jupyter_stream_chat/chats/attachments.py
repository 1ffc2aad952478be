"""Contents of attachments in the database: each once per owner and hash, as long as a message uses it.

Owns their tables' queries; ``chat_store`` calls it within its transactions. A content that is uploaded and
never used (a draft that was given up) is deleted after a day.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..protocol import AttachmentPart, ErrorInfo, Message, Part
from .command_error import CommandError
from .sqlite import Database

UNUSED_SECONDS: Final = 24 * 3600.0
"""How long a content waits for the message that uses it."""

_OF_NO_MESSAGE: Final = """
DELETE FROM attachments WHERE NOT EXISTS (
    SELECT 1 FROM attachment_uses
    WHERE attachment_uses.owner = attachments.owner AND attachment_uses.sha256 = attachments.sha256
)
"""
_OF_CHAT: Final = """
SELECT DISTINCT sha256 FROM attachment_uses
WHERE message_id IN (SELECT message_id FROM messages WHERE chat_id = ?)
"""


@dataclass(frozen=True)
class StoredAttachment:
    """The content of an attachment."""

    media_type: str
    text: str


class UnknownAttachment(CommandError, LookupError):
    """The user has uploaded no content with this hash."""

    def __init__(self, sha256: str, field: str) -> None:
        """``field`` is the request's field that names the hash."""
        super().__init__(
            ErrorInfo(
                code="unknown_attachment",
                message="The content of an attachment is not on the server.",
                hint="Attach it again.",
                field=field,
                detail=sha256,
            )
        )


def put(db: Database, owner: str, sha256: str, attachment: StoredAttachment, now: float) -> None:
    """Store a content; the same one again begins its day anew. Delete what has waited too long."""
    db.execute(f"{_OF_NO_MESSAGE} AND created_at < ?", (now - UNUSED_SECONDS,))
    insert = "INSERT INTO attachments (owner, sha256, media_type, content, created_at) VALUES (?, ?, ?, ?, ?)"
    again = "ON CONFLICT (owner, sha256) DO UPDATE SET created_at = excluded.created_at"
    row = (owner, sha256, attachment.media_type, attachment.text, now)
    db.execute(f"{insert} {again}", row)


def get(db: Database, owner: str, sha256: str) -> StoredAttachment:
    """Return a content. Raises UnknownAttachment."""
    select = "SELECT media_type, content FROM attachments WHERE owner = ? AND sha256 = ?"
    row = db.execute(select, (owner, sha256)).fetchone()
    if row is None:
        raise UnknownAttachment(sha256, "sha256")
    return StoredAttachment(*row)


def texts(db: Database, owner: str, hashes: Collection[str]) -> dict[str, str]:
    """Return the contents that there are of these hashes."""
    wanted = "SELECT value FROM json_each(?)"
    select = f"SELECT sha256, content FROM attachments WHERE owner = ? AND sha256 IN ({wanted})"
    return dict(db.execute(select, (owner, json.dumps(sorted(hashes)))).fetchall())


def use(db: Database, owner: str, message: Message) -> None:
    """Note what a message uses. Raises UnknownAttachment where its content is not there."""
    for sha256 in hashes_of([message.content]):
        known = "SELECT 1 FROM attachments WHERE owner = ? AND sha256 = ?"
        if db.execute(known, (owner, sha256)).fetchone() is None:
            raise UnknownAttachment(sha256, "content")
        insert = "INSERT INTO attachment_uses (owner, sha256, message_id) VALUES (?, ?, ?)"
        db.execute(f"{insert} ON CONFLICT DO NOTHING", (owner, sha256, message.message_id))


def used_in(db: Database, chat_id: str) -> list[str]:
    """Return the hashes that messages of a chat use."""
    return [sha256 for (sha256,) in db.execute(_OF_CHAT, (chat_id,))]


def release(db: Database, owner: str, hashes: Collection[str]) -> None:
    """Delete the contents of these hashes that no message uses any more."""
    mine = "owner = ? AND sha256 IN (SELECT value FROM json_each(?))"
    db.execute(f"{_OF_NO_MESSAGE} AND {mine}", (owner, json.dumps(list(hashes))))


def hashes_of(contents: Iterable[Sequence[Part]]) -> list[str]:
    """Return the hashes of the attachments in contents of messages, in their order, each once."""
    found = (part.sha256 for parts in contents for part in parts if isinstance(part, AttachmentPart))
    return list(dict.fromkeys(found))
