"""Which Jupyter server ``%chat`` speaks to, and with which token. Never a guess among several.

Owns the order (an explicit address, JupyterHub's, the server that started this kernel or terminal, the only
one that runs) and the rule that a token goes to this machine or to the Hub alone. Sends nothing.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import ChatError

URL_VARIABLE = "JUPYTER_STREAM_CHAT_URL"
TOKEN_VARIABLE = "JUPYTER_STREAM_CHAT_TOKEN"

_WILDCARDS = {"", "0.0.0.0", "::", "*"}
_EXPLICIT = f"Set {URL_VARIABLE} and {TOKEN_VARIABLE} before Python starts, or ask with --local."


@dataclass(frozen=True)
class Server:
    """A server to speak to."""

    url: str
    """With its base path and a slash at the end."""
    token: str = field(repr=False)
    found_by: str
    """How it was found, for ``%chat status``."""


def discover(environ: Mapping[str, str] = os.environ) -> Server:
    """Return the user's own server. Raises ChatError, with the hint, where there is none or more than one."""
    if url := environ.get(URL_VARIABLE):
        return _server(url, environ.get(TOKEN_VARIABLE, ""), URL_VARIABLE, environ)
    if environ.get("JUPYTERHUB_API_TOKEN") and (url := environ.get("JUPYTERHUB_SERVICE_URL")):
        return _server(url, environ["JUPYTERHUB_API_TOKEN"], "JupyterHub", environ)
    if parent := environ.get("JPY_PARENT_PID"):
        # On Windows it is a handle, not a process; then there is no such file.
        info = _read(_runtime_dir(environ) / f"jpserver-{parent}.json")
        if info is not None:
            return _of_file(info, "the server that started this kernel", environ)
    running = list(_running(_runtime_dir(environ)))
    if url := environ.get("JUPYTER_SERVER_URL"):
        # Set in JupyterLab's terminals; the token is in the file of that server.
        for info in running:
            if info.get("url") == url:
                return _of_file(info, "the server of this terminal", environ)
    if len(running) == 1:
        return _of_file(running[0], "the only server of yours that runs", environ)
    if not running:
        raise ChatError(
            "No Jupyter server of yours was found.", f"Start one. Or: {_EXPLICIT}", code="no_server"
        )
    addresses = ", ".join(str(info.get("url")) for info in running)
    raise ChatError(
        f"{len(running)} Jupyter servers of yours run, and none of them started this Python: {addresses}.",
        _EXPLICIT,
        code="several_servers",
    )


def may_have_token(url: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether a token may be sent there: to this machine's loopback, or to the Hub of this session."""
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or host in _hub_hosts(environ)


def _server(url: str, token: str, found_by: str, environ: Mapping[str, str]) -> Server:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ChatError(f"{url} is no address of a server.", "It begins with http:// or https://.")
    host = parts.hostname or ""
    netloc = parts.netloc.rpartition("@")[2]
    if host in _WILDCARDS:  # where it listens; where it can be reached is this machine
        netloc = f"127.0.0.1:{parts.port}" if parts.port else "127.0.0.1"
    address = f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}/"
    if not may_have_token(address, environ):
        raise ChatError(
            f"{host} is neither this machine nor your JupyterHub, so your token is not sent there.",
            "Forward its port to this machine (ssh -L) and use that address.",
            code="server_not_local",
        )
    return Server(address, token, found_by)


def _of_file(info: Mapping[str, Any], found_by: str, environ: Mapping[str, str]) -> Server:
    token = str(info.get("token") or "")
    if info.get("password") and not token:
        raise ChatError(
            "Your Jupyter server has a password and no token, and a password cannot be used from here.",
            "Start it with a token as well (IdentityProvider.token), or ask with --local.",
            code="password_only",
        )
    if info.get("sock"):
        raise ChatError("Your Jupyter server listens on a Unix socket only.", _EXPLICIT, code="no_server")
    scheme = "https" if info.get("secure") else "http"
    host = str(info.get("hostname") or "")
    host = f"[{host}]" if ":" in host and host not in _WILDCARDS else host
    host = "127.0.0.1" if host in _WILDCARDS else host
    return _server(
        f"{scheme}://{host}:{info.get('port')}{info.get('base_url') or '/'}", token, found_by, environ
    )


def _running(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("jpserver-*.json")):
        info = _read(path)
        if info is not None and _is_alive(info.get("pid")):
            yield info


def _read(path: Path) -> dict[str, Any] | None:
    try:
        info = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return info if isinstance(info, dict) else None


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int) or os.name == "nt":  # there signal 0 would end it
        return isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hub_hosts(environ: Mapping[str, str]) -> set[str]:
    names = ("JUPYTERHUB_API_URL", "JUPYTERHUB_HOST", "JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_PUBLIC_HUB_URL")
    return {urlsplit(environ.get(name, "")).hostname or "" for name in names} - {""}


def _runtime_dir(environ: Mapping[str, str]) -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(environ.get("JUPYTER_RUNTIME_DIR") or jupyter_runtime_dir())
