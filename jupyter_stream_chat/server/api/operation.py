"""What an operation is: one row with its request, the action that it needs, whose it is, and its function.

Commands of the WebSocket, REST routes, ``%chat --local``, the OpenAPI document and the tests of authorisation
and ownership are made from the rows. Owns the types of rows and answers; knows no route and no socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, get_type_hints

from pydantic import BaseModel, ConfigDict

from ... import protocol as wire
from ..access import Access, Action

if TYPE_CHECKING:
    from ..services import Services

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Owned = Literal["chat", "run", "nothing"]
"""What the request names that must be the user's own: ``chat_id``, ``run_id``, or neither."""


class RestRequest(BaseModel):
    """Base of requests that only the REST API has."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Values(BaseModel):
    """The values of a profile or of a form. Their names depend on the provider: see docs/providers.md."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Answer(BaseModel):
    """Base of JSON answers. Fields that are null are left out."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Done(Answer):
    """Nothing to say beyond the status."""


@dataclass(frozen=True)
class File:
    """An answer that is a file."""

    media_type: str
    content: bytes
    name: str | None = None
    """The name under which a browser saves it; None: it is shown."""


class Blocks(Protocol):
    """An asynchronous iterator of text that can be ended from outside."""

    def __aiter__(self) -> AsyncIterator[str]:
        """Yield blocks."""

    def close(self) -> None:
        """End the iteration, in the middle of a wait too."""


@dataclass(frozen=True)
class Stream:
    """An answer that is written as it comes."""

    media_type: str
    blocks: Blocks


@dataclass(frozen=True)
class Opening:
    """What a page is sent as soon as its command is acknowledged, in the same step of the loop."""

    send: Callable[[], None]


Result: TypeAlias = Answer | File | Stream | Opening


class Page(Protocol):
    """The connected page that sent a command."""

    def reply(self, event: wire.Wire) -> None:
        """Send the page an event that no other page gets."""

    async def open_chat(self, command: wire.OpenChat) -> Opening:
        """Prepare to follow a chat. Raises CommandError."""

    def close_chat(self, chat_id: str) -> None:
        """Stop following a chat."""


@dataclass(frozen=True)
class Call:
    """Who asks, and of which services."""

    services: Services
    access: Access
    page: Page | None = None
    """The page, for commands of the WebSocket."""
    body: bytes = b""
    """The request's body, for REST requests."""

    @property
    def sender(self) -> Page:
        """The page of a command that only pages have."""
        assert self.page is not None
        return self.page


ReadBody: TypeAlias = Callable[[Call, Mapping[str, str], Any], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Route:
    """Where the REST API has an operation."""

    method: Method
    path: str
    """Relative to ``stream-chat/api/``; ``{name}`` stands for the request's field of this name."""
    status: int = 200
    body: type[BaseModel] | None = None
    """The body's model, where it is not what the path leaves of the request."""
    read: ReadBody | None = None
    """Makes the request from the path's fields and a body of that model."""
    body_bytes: int | None = None
    """The most that the body may have; None: as much as a frame."""


@dataclass(frozen=True)
class Operation:
    """One thing that a user can do."""

    request: type[BaseModel]
    """A command of the wire, or a ``RestRequest``."""
    action: Action
    """What Jupyter's authoriser is asked."""
    owned: Owned
    run: Callable[[Call, Any], Any]
    """Returns a ``Result``; returns it at once where the operation is immediate. Raises CommandError."""
    route: Route | None = None
    is_immediate: bool = False
    """Done inside ``on_message``, before the commands that wait, and without an await."""
    ends_with_client: bool = False
    """Cancelled when the client of a REST request leaves: nobody else wants its answer."""
    accepts_deleted: bool = False
    """Also run for a chat that the user has deleted: a page that lost the answer sends the command again."""

    @property
    def name(self) -> str:
        """The function's name, which is the command's type on the wire."""
        return self.run.__name__

    @property
    def is_command(self) -> bool:
        """Whether pages send it over the WebSocket."""
        return issubclass(self.request, wire.Command)

    @cached_property
    def result(self) -> Any:
        """The type of the result."""
        return get_type_hints(self.run)["return"]
