"""A profile's parameters as LangChain's OpenAI classes and as the engine take them.

Which there are, and what each is called where, the rows of ``protocol.Parameters`` say.
"""

from __future__ import annotations

from typing import Any, Final

from ..protocol import PARAMETER_ROWS
from .profiles.profile import Profile
from .provider import ALL_PARAMETERS

_EXTRA: Final = "extra_body."
"""Begins the name of what OpenAI's servers do not have, and others take as a field of the request."""

OPENAI_PARAMETERS: Final = tuple(
    name for name in ALL_PARAMETERS if not (PARAMETER_ROWS[name].openai or "").startswith(_EXTRA)
)
"""What OpenAI's own servers have."""


def openai_parameters(profile: Profile) -> dict[str, Any]:
    """Return the profile's parameters as fields of a LangChain OpenAI model, absent ones left out."""
    given: dict[str, Any] = {}
    extra = dict(profile.extra_body)
    for name, value in profile.parameters.model_dump(exclude_none=True).items():
        called = PARAMETER_ROWS[name].openai
        if called is None:
            continue
        if called.startswith(_EXTRA):
            extra[called.removeprefix(_EXTRA)] = value
        else:
            given[called] = value
    return {**given, "extra_body": extra} if extra else given


def engine_parameters(profile: Profile) -> dict[str, Any]:
    """Return the profile's parameters as the engine takes them."""
    return {
        called: value
        for name, value in profile.parameters.model_dump(exclude_none=True).items()
        if (called := PARAMETER_ROWS[name].engine) is not None
    }
