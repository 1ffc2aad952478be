"""The ``guide`` provider: the tiny model that comes with the package, for a start without key and network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...guide import path as model_folder
from ..adapter import OnProgress
from ..profiles.profile import Profile
from .adapter import LocalAdapter, engine_parameters

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from .engine_client import EngineClient

GUIDE_ID = "guide"
NOTICE = (
    "The guide is a very small built-in model. It answers questions about this panel, and little else; "
    "it shows how answers stream. Set up a profile for real work."
)
PROFILE = Profile(id=GUIDE_ID, label="Guide", provider="guide", model="guide", origin="built-in")


class GuideAdapter(LocalAdapter):
    """The built-in model, whatever the profile names."""

    def load(self) -> None:
        """Import LangChain's part; torch is the engine process's affair."""
        from . import guide_llm  # noqa: F401

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return a model for one run, which tells ``on_progress`` what the engine does."""
        from .guide_llm import GuideChatModel

        return GuideChatModel(
            client=self.engine,
            model=str(model_folder()),
            parameters=engine_parameters(profile),
            on_progress=on_progress,
        )


def adapter(engine: EngineClient) -> LocalAdapter:
    """Return the adapter of ``guide``."""
    return GuideAdapter(engine, notice=NOTICE)
