"""Search in the texts of messages: the full-text index and the queries on it.

Owns the index, which is derived: triggers (see ``migrations``) note the messages that changed, and their
texts are written later (``store_texts``), so that no answer's end waits for it. The tokenizer is SQLite's
trigram, which finds parts of words and Chinese alike. A word of one or two characters is looked up among the
trigrams that begin with it. Without FTS5 nothing is found in messages, and titles are searched all the same.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .sqlite import Database

WORDS_AT_MOST: Final = 8
_TRIGRAM: Final = 3
_TERMS_AT_MOST: Final = 300
"""Trigrams that a short word stands for; a word with more is so frequent that reading finds it soon."""
_PADDING: Final = "\n\n"
"""Behind each text: its last two characters begin a trigram as well."""
_EXCERPT: Final = 160
"""Code points of an excerpt."""
_BEFORE: Final = 40
"""Code points of an excerpt before its first hit."""
_TABLES: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS message_texts USING fts5 (text, tokenize = 'trigram')",
    "CREATE VIRTUAL TABLE IF NOT EXISTS message_texts_terms USING fts5vocab (message_texts, row)",
)
_FOUND: Final = """
SELECT messages.chat_id, messages.message_id, chats.title, messages.role, messages.created_at,
    message_texts.text
FROM message_texts
CROSS JOIN messages ON messages.position = message_texts.rowid
CROSS JOIN chats ON chats.chat_id = messages.chat_id
WHERE chats.owner = :owner
"""


@dataclass(frozen=True)
class Piece:
    """A piece of an excerpt."""

    text: str
    is_match: bool


@dataclass(frozen=True)
class Hit:
    """A message or a title in which all words occur."""

    chat_id: str
    title: str
    message_id: str | None
    """None: the words are in the title."""
    role: str | None
    created_at: float
    excerpt: Sequence[Piece]


def words_of(query: str) -> list[str]:
    """Return what is searched for: each word once, without control characters."""
    legible = "".join(character if character.isprintable() else " " for character in query)
    return list(dict.fromkeys(legible.lower().split()))[:WORDS_AT_MOST]


def is_available(db: Database) -> bool:
    """Make the index where there is none; False where SQLite has no trigram tokenizer (before 3.34)."""
    try:
        for table in _TABLES:
            db.execute(table)
    except sqlite3.OperationalError:
        return False
    return True


def store_texts(db: Database, texts: Iterable[tuple[int, str]]) -> None:
    """Write the texts of messages, by their position, into the index."""
    for position, text in texts:
        db.execute("DELETE FROM message_texts WHERE rowid = ?", (position,))
        db.execute("INSERT INTO message_texts (rowid, text) VALUES (?, ?)", (position, text + _PADDING))


def forget_chat(db: Database, chat_id: str) -> None:
    """Delete the texts of a chat from the index, before its messages are deleted."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'message_texts'").fetchone():
        positions = "SELECT position FROM messages WHERE chat_id = ?"
        db.execute(f"DELETE FROM message_texts WHERE rowid IN ({positions})", (chat_id,))


def find_messages(db: Database, owner: str, words: Sequence[str], limit: int) -> list[Hit]:
    """Return the newest messages of an owner in which all words occur."""
    matches: list[str] = []
    values: dict[str, object] = {"owner": owner, "limit": limit}
    conditions: list[str] = []
    for number, word in enumerate(words):
        match = _match(db, word)
        if match == "":
            return []
        if match is None:
            values[f"word{number}"] = f"%{_escaped(word)}%"
            conditions.append(f"message_texts.text LIKE :word{number} ESCAPE '\\'")
        else:
            matches.append(match)
    if matches:
        values["match"] = " AND ".join(matches)
        conditions.append("message_texts MATCH :match")
    where = "".join(f" AND {condition}" for condition in conditions)
    rows = db.execute(f"{_FOUND} {where} ORDER BY message_texts.rowid DESC LIMIT :limit", values)
    return [
        Hit(chat_id, _text(title), message_id, role, created_at, excerpt_of(_text(text), words))
        for chat_id, message_id, title, role, created_at, text in rows
    ]


def find_titles(db: Database, owner: str, words: Sequence[str], limit: int) -> list[Hit]:
    """Return the chats of an owner in whose titles all words occur, the one last asked in first."""
    select = "SELECT chat_id, title, updated_at FROM chats WHERE owner = ? ORDER BY updated_at DESC"
    found: list[Hit] = []
    for chat_id, column, updated_at in db.execute(select, (owner,)):
        title = _text(column)
        lowered = title.lower()
        if all(word in lowered for word in words):
            found.append(Hit(chat_id, title, None, None, updated_at, excerpt_of(title, words)))
            if len(found) == limit:
                break
    return found


def excerpt_of(text: str, words: Sequence[str]) -> list[Piece]:
    """Return the text around its first hit on one line, the words that are found apart from the rest."""
    plain = " ".join(text.split())
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.I)
    first = pattern.search(plain)
    start = max(0, first.start() - _BEFORE) if first else 0
    if start:
        start = max(plain.rfind(" ", max(0, start - _BEFORE // 2), start + 1) + 1, start - _BEFORE // 2)
    end = start + _EXCERPT
    shown = ("…" if start else "") + plain[start:end] + ("…" if end < len(plain) else "")
    pieces: list[Piece] = []
    at = 0
    for hit in pattern.finditer(shown):
        pieces += [Piece(shown[at : hit.start()], False), Piece(hit[0], True)]
        at = hit.end()
    pieces.append(Piece(shown[at:], False))
    return [piece for piece in pieces if piece.text]


def _match(db: Database, word: str) -> str | None:
    """Return the word as a query of the index; "" where it occurs nowhere, None where it must be read for."""
    if len(word) >= _TRIGRAM:
        return _quoted(word)
    select = "SELECT term FROM message_texts_terms WHERE term >= ? AND term < ? LIMIT ?"
    terms = db.execute(select, (word, word + "\U0010ffff", _TERMS_AT_MOST + 1)).fetchall()
    if len(terms) > _TERMS_AT_MOST:
        return None
    return f"({' OR '.join(_quoted(_text(term)) for (term,) in terms)})" if terms else ""


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _text(column: object) -> str:
    """Return a text column; a damaged one reads as nothing."""
    return column if isinstance(column, str) else ""
