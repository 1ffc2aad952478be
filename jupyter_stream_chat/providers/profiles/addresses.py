"""Addresses: where a profile's questions go, whom a key is for, and what lies inside the network.

One spelling for each host: the address that is kept is the one that was checked, so that what the checks see
and what the client asks cannot differ. Pure but for ``resolve``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from pydantic import HttpUrl, TypeAdapter

_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "localdomain", "home.arpa")
AMBIGUOUS: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""What parsers of addresses read differently."""


def canonical(address: str) -> str:
    """Return an address with its host as browsers read it: ``http://0x7f.1`` is ``http://127.0.0.1``.

    Raises pydantic's ValidationError for what is no address.
    """
    host = _HTTP_URL.validate_python(address).host or ""
    parts = urlsplit(address)
    before, _, rest = parts.netloc.rpartition("@")
    port = re.search(r":\d+$", rest)
    user = f"{before}@" if before else ""
    return parts._replace(netloc=f"{user}{host}{port.group() if port else ''}").geturl()


def destination_of(address: str) -> str:
    """Return scheme, host and port of an address, the port left out where it is the scheme's own."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def matches(destination: str, pattern: str) -> bool:
    """Tell whether a destination is the one named, or, of ``https://*.domain``, one label below it."""
    before, star, after = pattern.partition("*")
    if not star:
        return destination == pattern
    return re.fullmatch(f"{re.escape(before)}[a-z0-9-]+{re.escape(after)}", destination) is not None


def is_inside(host: str) -> bool:
    """Tell whether a host's spelling says that it is this machine or one of its network."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return _is_inside(name)
    except ValueError:
        return "." not in name or name.rpartition(".")[2] in _LOCAL_NAMES or name.endswith(".home.arpa")


def _is_inside(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or _nat64(ip) or ip
    return not ip.is_global or ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a NAT64 gateway would ask (RFC 6052)."""
    is_nat64 = ip in ipaddress.IPv6Network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if is_nat64 else None


async def resolve(host: str) -> list[str]:
    """Return the addresses of a host; none where it cannot be found."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]


async def leads_inside(address: str) -> bool:
    """Tell whether an address leads to this machine or its network, by its spelling or by DNS."""
    host = urlsplit(address).hostname or ""
    return is_inside(host) or any(_is_inside(found) for found in await resolve(host))
