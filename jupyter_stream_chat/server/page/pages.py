"""The pages that are connected, and what all of them are told.

Owns the sessions and the broadcast of each workspace.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..access import Access
from .broadcast import Broadcast
from .session import Session, Transport

if TYPE_CHECKING:
    from ..services import Services


class Pages:
    """The connected pages of this server."""

    def __init__(self, services: Services) -> None:
        self.sessions: set[Session] = set()
        self._services = services
        self._broadcasts: dict[str, Broadcast] = {}
        services.chat_service.on_not_saved = self.reload_workspaces

    def connect(self, access: Access, transport: Transport) -> Session:
        """Return the session of a page that has just connected."""
        self._services.spawn(self._services.registry.start_ahead(access.owner))
        session = Session(self._services, access, transport, self.broadcast(access.owner), self._left)
        self.sessions.add(session)
        self._services.metrics.connected(1)
        return session

    def broadcast(self, owner: str) -> Broadcast:
        """Return what the pages of an owner's workspace are told."""
        if owner not in self._broadcasts:
            feed = self._services.chat_service.workspace(owner)
            self._broadcasts[owner] = Broadcast(feed, asyncio.get_running_loop())
        return self._broadcasts[owner]

    def reload_workspaces(self) -> None:
        """Tell every page again whether chats are saved."""
        for session in self.sessions:
            session.reload_workspace()

    def _left(self, session: Session) -> None:
        self.sessions.discard(session)
        owner = session.access.owner
        if all(other.access.owner != owner for other in self.sessions):
            self._broadcasts.pop(owner).close()
        self._services.metrics.connected(-1)
