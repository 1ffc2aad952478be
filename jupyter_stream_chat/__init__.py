"""A streaming chat panel for JupyterLab. Importing this package imports nothing else."""

from __future__ import annotations

from typing import Any


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-stream-chat"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server.app import StreamChat

    return [{"module": "jupyter_stream_chat.server.app", "app": StreamChat}]
