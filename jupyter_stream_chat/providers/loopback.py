"""Which hosts are this machine: no proxy is asked for them, unless ``proxy_loopback`` is set."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine: ``localhost``, names below it, 127.0.0.0/8, ::1."""
    if not host:
        return False
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def without_proxy(host: str | None) -> dict[str, None] | None:
    """Return the ``mounts`` of an HTTP client that asks this machine directly; None: the host is another."""
    if not is_loopback(host):
        return None
    return {f"all://{f'[{host}]' if ':' in str(host) else host}": None}
