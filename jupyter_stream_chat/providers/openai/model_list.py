"""The list of models of a server, in whatever shape it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .payload_fixes import MalformedAnswer, raise_if_error

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_LISTS = ("data", "models", "items", "result")
_NAMES = ("id", "name", "model")


async def listed_models(client: AsyncOpenAI) -> list[str]:
    """Return the names at ``/models``. Raises what the SDK raises, ProviderSaid and MalformedAnswer."""
    answer: Any = await client.get("/models", cast_to=object)
    return sorted(set(names_in(answer)))


def names_in(answer: Any) -> Iterator[str]:
    """Yield the names of a list of models: an object that holds it, or a bare array of objects or names."""
    if isinstance(answer, Mapping):
        found = next((answer[key] for key in _LISTS if isinstance(answer.get(key), list)), None)
        if found is None:
            raise_if_error({"choices": None, **answer})
    else:
        found = answer
    if not isinstance(found, list):
        text = answer if isinstance(answer, str) else None
        raise MalformedAnswer("The list of models is not as OpenAI's protocol has it.", text)
    for each in found:
        name = (
            next((each[key] for key in _NAMES if each.get(key)), None) if isinstance(each, Mapping) else each
        )
        if not isinstance(name, str):
            raise MalformedAnswer("The list of models is not as OpenAI's protocol has it.")
        yield name
