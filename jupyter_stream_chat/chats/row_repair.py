"""Damaged rows of the database: copied when they are found, and repaired afterwards.

Owns which rows are repaired and how. What a row can still say is ``records``' business, and where its copy
lies ``quarantine``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .quarantine import Quarantine
from .records import Damage
from .sqlite import Database

_ID_OF: Final = {"chats": "chat_id", "messages": "message_id", "runs": "run_id", "profiles": "profile_id"}


class RowRepair:
    """The damaged rows of one database."""

    def __init__(self, database: Database, quarantine: Quarantine) -> None:
        self._db = database
        self._quarantine = quarantine
        self._found: list[Damage] = []

    def put_aside(self, damage: Damage) -> None:
        """Copy a damaged row, and note it for ``repair``."""
        name = str(damage.row.get(_ID_OF.get(damage.table, ""), ""))
        is_kept = self._quarantine.put_aside(damage.table, name, damage.row, damage.why)
        # A chat or a message that cannot be used stays where it is: others may hang on it.
        if is_kept and (damage.repaired is not None or damage.table not in ("chats", "messages")):
            self._found.append(damage)

    def repair(self) -> None:
        """Repair the rows that were found damaged and are copied: the next reader finds them sound.

        Call it outside of a transaction. On a disk that cannot be written they stay as they are.
        """
        found, self._found = self._found, []
        if found and self._db.not_saved is None:
            self._db.change(lambda: self._repair(found))

    def _repair(self, repairs: Iterable[Damage]) -> None:
        for damage in repairs:
            key = "position" if "position" in damage.row else "rowid"
            # Another server may have repaired or changed it meanwhile.
            unchanged = [name for name in damage.row if name not in (key, "running")]
            where = " AND ".join(f"CAST({name} AS BLOB) IS CAST(? AS BLOB)" for name in unchanged)
            values = (damage.row[key], *(damage.row[name] for name in unchanged))
            if damage.repaired is None:
                self._db.execute(f"DELETE FROM {damage.table} WHERE {key} = ? AND {where}", values)
            else:
                columns = ", ".join(f"{name} = ?" for name in damage.repaired)
                update = f"UPDATE {damage.table} SET {columns} WHERE {key} = ? AND {where}"
                self._db.execute(update, (*damage.repaired.values(), *values))
