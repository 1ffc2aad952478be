"""A streaming chat panel for JupyterLab, and ``%chat``. Importing this package imports nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .magics.answer import Answer


def chat(question: str, **options: Any) -> Answer:
    """Ask the panel's models from code: what ``%chat`` does, with the same options as keywords.

    ``chat("Why?", profile="gpt", temperature=0, quiet=True)``. The answer is shown as it comes, and returned.
    Options: profile, temperature, top_p, top_k, max_tokens, seed, stop (a list), system, no_stream, format,
    chat (a name), open, quiet, continue_last (the last answer goes on), local. Raises
    ``magics.errors.ChatError``.
    """
    from .magics.magic import function

    return function(question, **options)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """``%load_ext jupyter_stream_chat``"""
    from .magics.magic import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """``%unload_ext jupyter_stream_chat``"""
    from .magics.magic import unload

    unload(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-stream-chat"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import StreamChat

    return [{"module": "jupyter_stream_chat.server.app", "app": StreamChat}]
