"""Connections of a client that may leave the server's network only.

A name is looked up here, and what was found is what is connected to: a name whose addresses change between
the check of a profile and the connection (DNS rebinding) leads nowhere inside.
"""

from __future__ import annotations

from typing import Any

from ..profiles.addresses import is_inside, resolve


class PublicNetwork:
    """A network backend of httpcore."""

    def __init__(self, backend: Any) -> None:
        """``backend`` makes the connections."""
        self._backend = backend

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        """Connect to the first address of ``host``. Raises ConnectionRefusedError if one lies inside."""
        addresses = await resolve(host)
        if not addresses or any(is_inside(address) for address in addresses):
            raise ConnectionRefusedError(f"{host} has no public address")
        return await self._backend.connect_tcp(addresses[0], port, *args, **kwargs)

    async def connect_unix_socket(self, path: str, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a socket of this machine is inside."""
        raise ConnectionRefusedError(f"{path} is no public address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


def keep_outside(client: Any) -> None:
    """Let an ``AsyncOpenAI`` connect to public addresses alone, or through a proxy of the environment."""
    pool = client._client._transport._pool
    pool._network_backend = PublicNetwork(pool._network_backend)
