"""Who is asking, whose chats they see, and what they may do.

Owns the mapping from Jupyter's user to ``owner`` and ``author``, and the question to Jupyter's authoriser.
Light: Jupyter imports it at its start.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any, Literal

from jupyter_core.utils import ensure_async
from jupyter_server.auth import User
from jupyter_server.base.handlers import JupyterHandler

AUTH_RESOURCE = "stream-chat"
"""The resource that Jupyter's authoriser is asked about."""

Action = Literal["read", "write", "execute"]

SHARED_OWNER = ""
"""Owner of every chat unless ``c.StreamChat.per_user`` is set. No user can be called this."""


def is_made_up(user: User) -> bool:
    """Say whether Jupyter made the user up, because a token or a password named none.

    Such a name differs from cookie to cookie (``IdentityProvider.generate_anonymous_user``).
    """
    return re.fullmatch("[0-9a-f]{32}", user.username) is not None and user.name.startswith("Anonymous ")


class Access:
    """One authenticated user on one connection."""

    def __init__(self, handler: JupyterHandler, *, per_user: bool) -> None:
        """Keep the user that Jupyter has authenticated for ``handler``; there must be one."""
        self._handler = handler
        self._user = handler.current_user
        self.owner: str = self._user.username if per_user else SHARED_OWNER
        self.user_id: str = "" if is_made_up(self._user) else self._user.username
        self.author: str = self._user.display_name or self._user.name or self._user.username

    def ask(self, action: Action) -> bool | Awaitable[bool]:
        """Ask the authoriser. The answer is immediate unless the server's authoriser is asynchronous."""
        authorizer = self._handler.authorizer
        answer: bool | Awaitable[bool] = authorizer.is_authorized(
            self._handler, self._user, action, AUTH_RESOURCE
        )
        return answer

    async def is_signed_in(self) -> bool:
        """Ask Jupyter again who this is: a socket may outlive its user's session."""
        # Identity providers keep their answer with the handler: another one, of the same request, has none.
        request: Any = self._handler.request  # tornado declares a base class without the callback
        asker = JupyterHandler(self._handler.application, request)
        # A new handler asks to be told when the client leaves, in place of the one that answers it.
        request.connection.set_close_callback(self._handler.on_connection_close)
        provider = self._handler.identity_provider
        user = await ensure_async(provider.get_user(asker))
        if user is None:
            return False
        asker.current_user = user
        # With a token and no cookie the name is made up anew each time.
        return self.owner in (SHARED_OWNER, user.username) or provider.is_token_authenticated(asker)

    async def allows(self, action: Action) -> bool:
        """Say whether the user may do ``action`` with chats."""
        return bool(await ensure_async(self.ask(action)))
