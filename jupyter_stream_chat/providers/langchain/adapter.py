"""Models of any LangChain chat model class.

Owns how a profile becomes keyword arguments, and how such a model is closed. LangChain's classes agree on
most names; what a class does not know is refused by name instead of being dropped.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...protocol import ErrorInfo
from ..adapter import OnProgress
from ..errors.classify import ProviderProblem
from ..model_cache import ModelCache
from ..profiles.profile import Profile, profile_error

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Factory = Callable[..., Any]

_CLIENTS = ("root_async_client", "root_client", "async_client", "client", "_async_client", "_client")
"""Where LangChain's classes hold what they ask by."""
_SHARED = ("_AsyncHttpxClientWrapper", "_SyncHttpxClientWrapper")

_OURS = {"max_retries": 0, "stream_chunk_timeout": 0}
"""Given to each class that knows the word: retries are the run's business, and so are time limits."""


class LangChainAdapter:
    """Models of any LangChain class, built in a thread and kept while the profile is the same."""

    def __init__(self, load: Callable[[Profile], Factory]) -> None:
        """``load`` imports a profile's class or function; it may block and raise."""
        self._load = load
        self._models: ModelCache[BaseChatModel] = ModelCache(self._build, close_clients)

    def problem(self) -> ErrorInfo | None:
        """Return None: what a class needs, only its import can say."""
        return None

    def load(self) -> None:
        """Import LangChain; the class is imported when it is asked for."""
        import langchain_core.language_models  # noqa: F401

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return the profile's model. Raises ProviderProblem where it cannot be made."""
        return await self._models.lease(profile)

    def release(self, profile: Profile) -> None:
        """Let the model be closed if the profile has changed meanwhile."""
        self._models.release(profile)

    async def models(self, profile: Profile) -> list[str] | None:
        """Return None: LangChain has no list."""
        return None

    async def close(self) -> None:
        """Close what the models have that can be closed."""
        await self._models.close()

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


async def close_clients(model: BaseChatModel) -> None:
    """Close a model that is used no more, and the clients that it holds; LangChain has no word for it."""
    inner = getattr(model, "inner", model)
    held = {**vars(inner), **(inner.__pydantic_private__ or {})}
    for each in [inner, *(held[name] for name in _CLIENTS if name in held)]:
        # LangChain's packages share these among all their models, and close them with the last one.
        if type(getattr(each, "_client", None)).__name__ in _SHARED:
            continue
        close = getattr(each, "aclose", None) or getattr(each, "close", None)
        if callable(close) and inspect.isawaitable(closing := close()):
            await closing


def _arguments(factory: Factory, profile: Profile) -> dict[str, Any]:
    """Return the keyword arguments that a profile says. Raises ProviderProblem for one that is not known."""
    given = {"model": profile.model, "base_url": profile.base_url, "api_key": profile.api_key}
    said = {name: value for name, value in given.items() if value} | profile.own
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
