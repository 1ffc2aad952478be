"""The operation that searches in titles and messages of the user's chats."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from ... import protocol as wire
from .operation import Answer, Call, Operation, RestRequest, Route


class SearchChats(RestRequest):
    """Find where all words of a query occur: in titles, and in messages of all branches, newest first."""

    query: Annotated[str, StringConstraints(max_length=200)]
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Piece(Answer):
    """A piece of an excerpt."""

    text: str
    is_match: bool
    """It is one of the words."""


class SearchHit(Answer):
    """A title or a message in which all words occur."""

    chat_id: str
    title: str
    """The chat's."""
    message_id: str | None = None
    """Absent: the words are in the title."""
    role: wire.Role | None = None
    created_at: float
    """Of the message; of a title, when the chat was last asked in."""
    excerpt: list[Piece]


class SearchResults(Answer):
    """What was found."""

    hits: list[SearchHit]
    has_more: bool
    """More hits exist than were asked for."""


async def search_chats(call: Call, request: SearchChats) -> SearchResults:
    """Search in the user's chats."""
    hits, has_more = await call.services.chat_service.search(call.access.owner, request.query, request.limit)
    return SearchResults(
        hits=[SearchHit.model_validate(hit, from_attributes=True) for hit in hits], has_more=has_more
    )


OPERATIONS = (Operation(SearchChats, "read", "nothing", search_chats, Route("GET", "search")),)
