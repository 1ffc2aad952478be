"""Any LangChain chat model: the ``langchain`` provider (a class path) and the installed ones (entry points).

Owns how a profile becomes keyword arguments. LangChain's classes agree on most names; what a class does not
know is said by name instead of being dropped.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...protocol import ErrorInfo
from ..adapter import OnProgress
from ..errors.classify import ProviderProblem
from ..profiles.profile import Profile, profile_error
from . import extensions

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Factory = Callable[..., Any]

_OURS = {"max_retries": 0, "stream_chunk_timeout": 0}
"""Given to each class that knows the word: retries are the run's business, and so are time limits."""


def by_class_path() -> LangChainAdapter:
    """Return the adapter of ``langchain``."""
    return LangChainAdapter(lambda profile: _import(profile.class_path or ""))


def by_entry_point(name: str) -> LangChainAdapter:
    """Return the adapter of an installed provider."""
    return LangChainAdapter(lambda profile: extensions.load(name))


class LangChainAdapter:
    """Models of somebody else's class, built in a thread and kept while the profile is the same."""

    notice: str | None = None

    def __init__(self, load: Callable[[Profile], Factory]) -> None:
        """``load`` imports a profile's class or function; it may block and raise."""
        self._load = load
        self._models: dict[str, tuple[Profile, BaseChatModel]] = {}

    def problem(self) -> ErrorInfo | None:
        """Return None: what a class needs, only its import can say."""
        return None

    def load(self) -> None:
        """Import LangChain; the class is imported when it is asked for."""
        import langchain_core.language_models  # noqa: F401

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model. Raises ProviderProblem where it cannot be made."""
        known = self._models.get(profile.id)
        if known is None or known[0] != profile:
            known = self._models[profile.id] = (profile, await asyncio.to_thread(self._build, profile))
        return known[1]

    async def models(self, profile: Profile) -> list[str] | None:
        """Return None: LangChain has no list."""
        return None

    async def close(self) -> None:
        """Let the models go; LangChain's classes have no way to close them."""
        self._models.clear()

    def _build(self, profile: Profile) -> BaseChatModel:
        from langchain_core.language_models import BaseChatModel

        from .sync_bridge import SyncBridgeChatModel, is_synchronous

        try:
            factory = self._load(profile)
            model = factory(**_arguments(factory, profile))
        except ProviderProblem:
            raise
        except Exception as error:
            message = f"{profile.label} could not be loaded: {type(error).__name__}."
            hint = "The details say what its package misses."
            raise ProviderProblem(profile_error("provider", message, hint)) from error
        if not isinstance(model, BaseChatModel):
            message = f"{profile.class_path or profile.provider} is no LangChain chat model."
            raise ProviderProblem(profile_error("provider", message, "Name a subclass of BaseChatModel."))
        return SyncBridgeChatModel(inner=model) if is_synchronous(model) else model


def _import(path: str) -> Factory:
    module, _, name = path.rpartition(".")
    factory: Factory = getattr(import_module(module), name)
    return factory


def _arguments(factory: Factory, profile: Profile) -> dict[str, Any]:
    """Return the keyword arguments that a profile says. Raises ProviderProblem for one that is not known."""
    given = {"model": profile.model, "base_url": profile.base_url, "api_key": profile.api_key}
    said = {name: value for name, value in given.items() if value}
    parameters = profile.parameters.model_dump(exclude={"system_prompt"}, exclude_none=True)
    known = _accepted(factory)
    if known is None:
        return {**said, **parameters, **profile.options}
    for name in [*said, *parameters]:
        if name not in known:
            field = name if name in said else f"parameters.{name}"
            message = f"{profile.label} has no parameter {name}."
            raise ProviderProblem(profile_error(field, message, f"Leave {name} out."))
    ours = {name: value for name, value in _OURS.items() if name in known}
    return {**ours, **said, **parameters, **profile.options}


def _accepted(factory: Factory) -> set[str] | None:
    """Return the names that a class or function takes; None for any."""
    fields = getattr(factory, "model_fields", None)
    if isinstance(factory, type) and isinstance(fields, dict):
        return {name for field, about in fields.items() for name in (field, about.alias) if name}
    parameters = inspect.signature(factory).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return None
    return {one.name for one in parameters}
