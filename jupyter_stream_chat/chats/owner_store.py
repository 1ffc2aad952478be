"""What owners have beside chats, in SQLite: stored profiles, preferences, findings about deployments.

Owns the queries. ``owner`` is "" where chats are shared, or a user's name. Keys are not in the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ..protocol import Deployment, DeploymentLimitation, Limitation
from .records import RecordReader
from .sqlite import Database

_LIMITATION: Final = "provider, endpoint, model, limitation, until"


class OwnerStore:
    """The tables that belong to owners and to no chat. Each change is one transaction."""

    def __init__(self, database: Database, reader: RecordReader) -> None:
        self._db = database
        self._reader = reader

    # --- profiles -----------------------------------------------------------------------------------

    def profiles(self, owner: str = "") -> list[dict[str, Any]]:
        """Return an owner's stored profiles in the order of their making."""
        select = "SELECT position, profile_id, fields FROM profiles WHERE owner = ? ORDER BY position"
        rows = self._db.rows(select, (owner,))
        return [fields for row in rows if (fields := self._reader.profile(row)) is not None]

    def profile_owners(self) -> list[str]:
        """Return who has stored profiles."""
        rows = self._db.rows("SELECT DISTINCT owner FROM profiles ORDER BY owner")
        return [str(row["owner"]) for row in rows]

    def save_profile(self, profile_id: str, fields: Mapping[str, Any], owner: str = "") -> None:
        """Insert or replace an owner's profile; a replaced one keeps its place."""
        insert = "INSERT INTO profiles (owner, profile_id, fields) VALUES (?, ?, ?)"
        replace = "ON CONFLICT (owner, profile_id) DO UPDATE SET fields = excluded.fields"
        row = (owner, profile_id, json.dumps(fields))
        self._db.change(lambda: self._db.execute(f"{insert} {replace}", row))

    def delete_profile(self, profile_id: str, owner: str = "") -> bool:
        """Delete an owner's profile; False when there is none."""
        delete = "DELETE FROM profiles WHERE owner = ? AND profile_id = ?"
        return self._db.change(lambda: self._db.execute(delete, (owner, profile_id)).rowcount > 0)

    # --- preferences --------------------------------------------------------------------------------

    def preferences(self, name: str) -> dict[str, str]:
        """Return what each owner has chosen for one thing."""
        rows = self._db.rows("SELECT owner, value FROM preferences WHERE name = ?", (name,))
        return {str(row["owner"]): row["value"] for row in rows if isinstance(row["value"], str)}

    def set_preference(self, owner: str, name: str, value: str) -> None:
        """Keep what an owner has chosen."""
        replace = "INSERT OR REPLACE INTO preferences (owner, name, value) VALUES (?, ?, ?)"
        self._db.change(lambda: self._db.execute(replace, (owner, name, value)))

    # --- deployments --------------------------------------------------------------------------------

    def limitations(self, now: float, owner: str = "") -> list[DeploymentLimitation]:
        """Return what an owner's questions found of deployments and still holds, the longest first."""
        where = "owner = ? AND until > ?"
        columns = f"rowid, {_LIMITATION}"
        select = f"SELECT {columns} FROM deployment_limitations WHERE {where} ORDER BY until DESC"
        rows = self._db.rows(select, (owner, now))
        return [found for row in rows if (found := self._reader.limitation(row))]

    def remember_limitation(self, found: DeploymentLimitation, now: float, owner: str = "") -> None:
        """Write down what a deployment refused, and drop what no longer holds."""
        names = f"owner, {_LIMITATION}"
        replace = f"INSERT OR REPLACE INTO deployment_limitations ({names}) VALUES (?, ?, ?, ?, ?, ?)"
        row = (owner, found.provider, found.endpoint, found.model, found.limitation, found.until)

        def change() -> None:
            self._db.execute("DELETE FROM deployment_limitations WHERE until <= ?", (now,))
            self._db.execute(replace, row)

        self._db.change(change)

    def forget_limitations(
        self, owner: str = "", deployment: Deployment | None = None, limitation: Limitation | None = None
    ) -> None:
        """Forget what an owner's questions found: of every deployment, of one, or one finding."""
        named: dict[str, str] = {"owner": owner, **(deployment.model_dump() if deployment else {})}
        if limitation is not None:
            named["limitation"] = limitation
        where = " AND ".join(f"{column} = ?" for column in named)
        delete = f"DELETE FROM deployment_limitations WHERE {where}"
        self._db.change(lambda: self._db.execute(delete, tuple(named.values())))
