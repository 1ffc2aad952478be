"""The provider ``langchain`` (a class path), and the general one of a class that an entry point names.

``langchain`` is not for pages: it loads classes, so it is read from Jupyter's configuration only.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...protocol import ErrorInfo
from ..fields import BASE_URL, KEY, KEY_VARIABLE, MODEL
from ..profiles.profile import Profile, profile_error
from ..provider import Field, Provider
from .adapter import Factory, LangChainAdapter


def _import(profile: Profile) -> Factory:
    module, _, name = (profile.class_path or "").rpartition(".")
    factory: Factory = getattr(import_module(module), name)
    return factory


PROVIDER = Provider(
    id="langchain",
    label="LangChain class",
    fields=(
        Field("class_path", required=True, hint='Give it as "package.module.Class".'),
        MODEL,
        KEY,
        KEY_VARIABLE,
        BASE_URL,
    ),
    adapter=lambda engine: LangChainAdapter(_import),
    for_pages=False,
)


def of_factory(name: str, factory: Any) -> Provider:
    """Return the provider of an entry point that names a chat model class, or a function that makes one."""
    if not callable(factory):
        return broken(name, f"The entry point {name} names neither a provider nor a chat model class.")
    return Provider(
        id=name,
        label=name,
        fields=(Field("model"), KEY, KEY_VARIABLE, BASE_URL),
        adapter=lambda engine: LangChainAdapter(lambda profile: factory),
    )


def broken(name: str, message: str) -> Provider:
    """Return a provider that only says why it cannot be used."""
    error = profile_error(
        "provider", message, "Reinstall its package, or remove it; the log has the details."
    )
    return Provider(id=name, label=name, fields=(), adapter=lambda engine: _Broken(error))


class _Broken(LangChainAdapter):
    def __init__(self, error: ErrorInfo) -> None:
        super().__init__(_import)
        self._error = error

    def problem(self) -> ErrorInfo | None:
        return self._error
