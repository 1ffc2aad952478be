"""LangChain's tracing, off unless configured: the environment alone must not ship chats to a third party.

Heavy to import (LangSmith): only what runs after ``Registry.warm`` imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers.context import tracing_v2_callback_var
from langchain_core.utils.env import env_var_is_set
from langsmith.run_helpers import tracing_context

_OLD_SWITCHES = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")


class _NoTracer(BaseCallbackHandler):
    """Stands where a tracer is expected, and ignores everything."""

    run_inline = True
    ignore_llm = True
    ignore_chat_model = True
    ignore_chain = True
    ignore_agent = True
    ignore_retriever = True
    ignore_retry = True
    ignore_custom_event = True


@contextmanager
def tracing(allowed: bool) -> Iterator[None]:
    """Run a block in which LangChain traces only if ``allowed`` and the environment asks for it."""
    with tracing_context(enabled=None if allowed else False):
        if not allowed and any(map(env_var_is_set, _OLD_SWITCHES)):
            # With a switch of the first tracer set and tracing off, langchain-core raises at every call; a
            # tracer in place keeps it from doing so.
            tracing_v2_callback_var.set(cast(Any, _NoTracer()))
        yield
