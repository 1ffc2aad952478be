"""The provider ``guide``: the tiny model that comes with the package, for a start without key and network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...guide import path as model_folder
from ..adapter import OnProgress
from ..parameters import engine_parameters
from ..profiles.profile import Profile
from ..profiles.timeouts import LOCAL
from ..provider import Provider
from .adapter import LocalAdapter, leave_open

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

GUIDE_ID = "guide"
NOTICE = (
    "The guide is a very small built-in model. It answers questions about this panel, and little else; "
    "it shows how answers stream. Set up a profile for real work."
)
# Not validated: its provider is looked up by that, and is what this module is being imported for.
PROFILE = Profile.model_construct(
    id=GUIDE_ID, label="Guide", provider="guide", model="guide", origin="built-in"
)


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


PROVIDER = Provider(
    id="guide",
    label="Guide",
    fields=(),
    adapter=GuideAdapter,
    timeouts=LOCAL,
    continuation=leave_open,
    is_local=True,
    for_pages=False,
    notice=NOTICE,
    position=5,
)
