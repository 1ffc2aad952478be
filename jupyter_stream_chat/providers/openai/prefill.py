"""How an OpenAI-compatible server is told to continue the last message, an assistant's.

Well-known servers have a word for it (``presets``). To all others such a message is just the conversation so
far: they can only be asked to continue.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from ..profiles.presets import PRESETS, Prefix
from ..profiles.profile import Profile
from ..provider import Opened

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_PRESET_OF_OWNER = {"vllm": "vllm", "sglang": "vllm"}
"""Preset by what a server calls itself as the owner of its models; SGLang has vLLM's words."""


async def by_preset(profile: Profile, llm: BaseChatModel) -> Opened | None:
    """Return how the profile's model is made to continue exactly; None: it can only be asked to."""
    preset = profile.preset or _preset_of_address(profile) or await _preset_of_owner(profile, llm)
    prefix = PRESETS[preset].prefix if preset else None
    return None if prefix is None else _told(prefix, llm)


def _told(prefix: Prefix, llm: Any) -> Opened:
    options: dict[str, Any] = {"last_message": prefix.message}
    if prefix.body:
        options["extra_body"] = {**(llm.extra_body or {}), **prefix.body}
    if prefix.path:
        from .sse_decoder import mend_streams

        client = llm.root_async_client
        client = client.with_options(base_url=client.base_url.copy_with(path=prefix.path))
        mend_streams(client)
        llm = llm.model_copy(update={"root_async_client": client, "async_client": client.chat.completions})
    return Opened(llm, options)


def _preset_of_address(profile: Profile) -> str | None:
    return next((each.id for each in PRESETS.values() if each.destination == profile.destination), None)


async def _preset_of_owner(profile: Profile, llm: Any) -> str | None:
    """Look at the server's list of models: some say there what they are."""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            models = await llm.root_async_client.models.list()
        owners = [str(model.owned_by).lower() for model in models.data]
    except Exception as error:  # noqa: BLE001 - a server that lists no models is simply asked to go on
        log.debug("Profile %s: its models cannot be listed: %s", profile.id, type(error).__name__)
        return None
    return next((_PRESET_OF_OWNER[owner] for owner in owners if owner in _PRESET_OF_OWNER), None)
