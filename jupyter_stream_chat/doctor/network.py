"""The way to the provider: name, connection, certificate. No key is sent."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ..providers.loopback import without_proxy
from ..providers.profiles.profile import Profile
from .context import Context
from .findings import Finding, found


async def resolve(context: Context) -> Finding:
    """Resolve the provider's host, or the proxy's that the environment names for it."""
    proxy = _proxy(context)
    address = urlsplit(proxy or _given(context))
    assert address.hostname is not None, "the configuration was checked"
    loop = asyncio.get_running_loop()
    try:
        known = await loop.getaddrinfo(address.hostname, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        host, detail = address.hostname, str(error)
        if proxy:
            return found("fail", "proxy_not_found", detail=detail, host=host)
        return found("fail", "host_not_found", field=context.address_field, detail=detail, host=host)
    return found(
        "pass", "proxy_found" if proxy else "host_found", host=address.hostname, address=known[0][4][0]
    )


async def connect(context: Context) -> Finding:
    """Connect as the provider's client does, with its proxies and certificates. Any answer will do."""
    direct = without_proxy(urlsplit(_given(context)).hostname) if _bypasses_proxy(context) else None
    openai = await asyncio.to_thread(import_module, "openai")
    async with (
        openai.DefaultAsyncHttpxClient(follow_redirects=False, mounts=direct) as client,
        # Streamed: the connection is still there to be asked about TLS when the headers have come.
        client.stream("GET", _given(context)) as response,
    ):
        tls = _tls(response)
        return found("pass", "connected_by_tls", tls=tls) if tls else found("pass", "connected")


def _given(context: Context) -> str:
    assert context.address is not None, "only patients with an address have these steps"
    return context.address


def _bypasses_proxy(context: Context) -> bool:
    return isinstance(context.profile, Profile) and context.profile.bypasses_proxy


def _proxy(context: Context) -> str | None:
    """Return the proxy that clients use for the provider's address, as the environment names it."""
    url = urlsplit(_given(context))
    if url.hostname is None or _bypasses_proxy(context) or urllib.request.proxy_bypass(url.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _tls(response: Any) -> str | None:
    """Return the version of TLS; None: the connection is not encrypted."""
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    return str(tls.version()) if tls else None
