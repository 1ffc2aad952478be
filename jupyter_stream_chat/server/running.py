"""All that answers requests, loaded at the first one: services, pages, operations.

Importing this module imports everything that a first question needs, which takes seconds: ``warm`` does it
off the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .api import rest  # noqa: F401 - loaded here, off the loop, for the handlers
from .endpoint import answer  # noqa: F401 - as well
from .page.pages import Pages
from .services import Services, open_services

if TYPE_CHECKING:
    from ..config import Settings


@dataclass(frozen=True)
class Running:
    """The services and the pages that are connected to them."""

    services: Services
    pages: Pages

    async def close(self) -> None:
        """End the runs, keep what they wrote, and close what they used."""
        await self.services.close()


async def open_running(settings: Settings) -> Running:
    """Open the services."""
    services = await open_services(settings)
    return Running(services, Pages(services))
