"""The provider ``shout``: everything that the panel, the checks of a profile and the doctor ask about it.

This module is imported when the providers are listed, so it must be light: the model and its packages are
imported by ``_model``, when the first question is asked.
"""

from __future__ import annotations

from typing import Any

from jupyter_stream_chat.providers.fields import KEY, KEY_VARIABLE
from jupyter_stream_chat.providers.langchain.adapter import LangChainAdapter
from jupyter_stream_chat.providers.profiles import validators
from jupyter_stream_chat.providers.profiles.presets import Preset
from jupyter_stream_chat.providers.profiles.profile import Profile
from jupyter_stream_chat.providers.provider import Field, Provider


def _model(profile: Profile) -> Any:
    from stream_chat_shout_model import ShoutChatModel

    return ShoutChatModel


def _ending(value: str) -> str:
    if len(value) > 3:
        raise validators.problem("An ending has three signs at most.", 'Give "!", for example.')
    return value


PROVIDER = Provider(
    id="shout",
    label="Shout",
    fields=(
        Field("model", kind="model", required=True, example="shout-1"),
        Field("base_url", kind="url", example="https://shout.example", check=validators.base_url),
        KEY,
        KEY_VARIABLE,
        # A field of its own: it has a label, and arrives as a keyword argument of the model.
        Field("ending", label="Ending of each word", example="!", check=_ending),
    ),
    adapter=lambda engine: LangChainAdapter(_model),
    parameters=("system_prompt", "max_tokens"),
    presets=(Preset("shout-local", "Shout on this machine", "http://127.0.0.1:9090/v1"),),
    # A key of the server's environment goes to these hosts, and to no other that a page names.
    key_destinations=("https://shout.example",),
)
