"""The operation that rewrites an answer for the Markdown cells of a notebook."""

from __future__ import annotations

import asyncio

from ...notebook_markdown.portable import portable
from .operation import Answer, Call, Operation, RestRequest, Route


class RewriteMarkdown(RestRequest):
    """Rewrite Markdown as models write it, so that every reader of notebooks shows it as it was meant."""

    text: str


class RewrittenMarkdown(Answer):
    """The rewritten text."""

    text: str


async def rewrite_markdown(call: Call, request: RewriteMarkdown) -> RewrittenMarkdown:
    """Rewrite Markdown, off the loop: a long answer takes a moment."""
    return RewrittenMarkdown(text=await asyncio.to_thread(portable, request.text))


OPERATIONS = (
    Operation(RewriteMarkdown, "read", "nothing", rewrite_markdown, Route("POST", "notebook-markdown")),
)
