"""The providers of this installation: built-in ones and those of other packages, by one entry point group.

An entry point names a ``Provider``. It may also name a LangChain chat model class, or a function that makes
a model: then the provider has a general form. One that cannot be loaded is listed with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from ...protocol import ProviderInfo
from ..provider import Provider

log = logging.getLogger(__name__)

GROUP: Final = "jupyter_stream_chat.providers"
_OURS: Final = "jupyter-stream-chat"


@cache
def known() -> Mapping[str, Provider]:
    """Return every provider that a profile may name, by id. Blocks at its first call: it imports them."""
    points = sorted(entry_points(group=GROUP), key=_is_foreign)  # nobody replaces a built-in one
    found: dict[str, Provider] = {}
    for point in points:
        if point.name not in found:
            found[point.name] = _provider(point)
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1].position, item[0]))))


def offered() -> list[ProviderInfo]:
    """Return the providers that a page can make profiles of."""
    return [provider.info for provider in known().values() if provider.for_pages]


def _is_foreign(point: EntryPoint) -> bool:
    return point.dist is None or point.dist.name.replace("_", "-") != _OURS


def _provider(point: EntryPoint) -> Provider:
    from ..langchain.provider import broken, of_factory  # it needs the form's pieces, which need this module

    try:
        loaded = point.load()
    except Exception as error:
        # Whatever a package raises: the other providers must still be listed.
        log.exception("The provider %s cannot be loaded", point.name)
        return broken(point.name, f"{point.name} could not be loaded: {type(error).__name__}.")
    if not isinstance(loaded, Provider):
        return of_factory(point.name, loaded)
    if loaded.id != point.name:
        return broken(point.name, f"The entry point {point.name} names the provider {loaded.id}.")
    return loaded
