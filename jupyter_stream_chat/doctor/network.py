"""The way to the provider: name, connection, certificate. No key is sent."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from .patient import Finding, Patient


async def resolve(patient: Patient) -> Finding:
    """Resolve the provider's host, or the proxy's that the environment names for it."""
    proxy = _proxy(_given(patient))
    address = urlsplit(proxy or _given(patient))
    assert address.hostname is not None, "the configuration was checked"
    through = f"Through the proxy of the environment: {address.hostname}" if proxy else address.hostname
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.hostname, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        return Finding(
            "fail",
            f"The host {address.hostname} cannot be found.",
            "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the server's environment."
            if proxy
            else f"Check {patient.address_field} for a misspelling, and the network.",
            None if proxy else patient.address_field,
            str(error),
        )
    return Finding("pass", f"{through} is {found[0][4][0]}.")


async def connect(patient: Patient) -> Finding:
    """Connect as the provider's client does, with its proxies and certificates. Any answer will do."""
    openai = await asyncio.to_thread(import_module, "openai")
    async with (
        openai.DefaultAsyncHttpxClient(follow_redirects=False) as client,
        # Streamed: the connection is still there to be asked about TLS when the headers have come.
        client.stream("GET", _given(patient)) as response,
    ):
        return Finding("pass", f"{_security(response)}; the server answers.")


def _given(patient: Patient) -> str:
    assert patient.address is not None, "only patients with an address have these steps"
    return patient.address


def _proxy(address: str) -> str | None:
    """Return the proxy that clients use for an address, as the environment names it."""
    url = urlsplit(address)
    if url.hostname is None or urllib.request.proxy_bypass(url.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _security(response: Any) -> str:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    return f"{tls.version()}, and the certificate is trusted" if tls else "Not encrypted"
