"""What ``huggingface`` and ``guide`` share: models that the engine process of this server runs."""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.messages import LoadOptions
from ...protocol import ErrorInfo
from ..adapter import OnProgress
from ..parameters import engine_parameters
from ..profiles.profile import Profile
from ..provider import Opened

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from .engine_client import EngineClient

log = logging.getLogger(__name__)

_NEEDED = ("torch", "transformers")
LOOKUP_TOKENS = 10
"""Most tokens that prompt lookup guesses at once."""


def local_problem() -> ErrorInfo | None:
    """Say what is missing to run a model on this machine. Looks for the packages; imports none."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if not missing:
        return None
    return ErrorInfo(
        code="profile_unusable",
        message=f"Local models need {' and '.join(missing)}, which are not installed.",
        hint='Run: pip install "jupyter-stream-chat[local]"',
        field="provider",
    )


class LocalAdapter:
    """Models of the engine. Opening one is cheap: the engine loads it when the run asks."""

    def __init__(self, engine: EngineClient) -> None:
        """Speak to this engine."""
        self.engine = engine

    def problem(self) -> ErrorInfo | None:
        """Say what is missing to run a model on this machine."""
        return local_problem()

    def load(self) -> None:
        """Import LangChain's part; torch is the engine process's affair."""
        from . import engine_llm  # noqa: F401

    async def open(self, profile: Profile, on_progress: OnProgress) -> BaseChatModel:
        """Return a model for one run, which tells ``on_progress`` what the engine does."""
        from .engine_llm import EngineChatModel

        return EngineChatModel(
            client=self.engine,
            model=profile.model,
            parameters={**engine_parameters(profile), **_speculation(profile)},
            load=LoadOptions(
                quantization=profile.value("quantization") or "none",
                draft_model=profile.value("draft_model"),
            ),
            on_progress=on_progress,
        )

    def release(self, profile: Profile) -> None:
        """Do nothing: a model of the engine holds no connection of its own."""

    async def models(self, profile: Profile) -> list[str] | None:
        """Return the models that were downloaded once."""
        return await asyncio.to_thread(_downloaded)

    async def start_ahead(self) -> None:
        """Start the engine, whose imports take seconds; it loads no model, and ends when it stays idle."""
        try:
            await self.engine.start()
        except OSError as error:  # a question will say so; until then nobody misses it
            log.warning("the local engine could not be started ahead: %s", error)

    async def close(self) -> None:
        """Keep the engine: it belongs to the server, which ends it last."""


async def leave_open(profile: Profile, llm: BaseChatModel) -> Opened:
    """Return how a local model continues an answer: the prompt leaves the last message open."""
    return Opened(llm, {"continue_final": True})


def _speculation(profile: Profile) -> dict[str, int]:
    return {"prompt_lookup": LOOKUP_TOKENS} if profile.value("prompt_lookup") == "on" else {}


def _downloaded() -> list[str]:
    """Return the hub ids of the models in the cache. Blocks."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folders = Path(HF_HUB_CACHE).glob("models--*")
    return sorted(folder.name.removeprefix("models--").replace("--", "/", 1) for folder in folders)
