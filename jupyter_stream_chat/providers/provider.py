"""What a provider is: one object in one module, registered by the entry point group of ``catalog``.

The form in the panel, the checks of a profile, the doctor, the keys and the error sentences read it. Built-in
providers and those of other packages are the same to them. Light: its imports load no SDK.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..protocol import FieldKind, OnRepetition, Parameters, PresetInfo, ProviderField, ProviderInfo
from .profiles.presets import Preset
from .profiles.timeouts import HOSTED, Timeouts

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from .adapter import Adapter
    from .local.engine_client import EngineClient
    from .profiles.profile import Profile

ALL_PARAMETERS = tuple(Parameters.model_fields)

ON_REPETITION: OnRepetition = "ask"
"""What is done when an answer repeats itself, unless the profile says otherwise."""


@dataclass(frozen=True)
class Field:
    """One field of a provider's profiles."""

    name: str
    """One of ``Profile``'s, or the provider's own, which the profile then has in ``own``."""
    kind: FieldKind = "text"
    label: str | None = None
    """What the form calls it; None: the panel knows the name."""
    required: bool = False
    example: str | None = None
    hint: str | None = None
    """What to write, where what is written is wrong."""
    check: Callable[[str], str] | None = None
    """Returns the value to use, or raises ``validators.problem`` or a pydantic ValidationError."""

    @property
    def info(self) -> ProviderField:
        """The field as the form has it."""
        return ProviderField(
            name=self.name, kind=self.kind, required=self.required, example=self.example, label=self.label
        )


@dataclass(frozen=True)
class Opened:
    """A model that continues the last message, and the options of the call that make it do so."""

    llm: BaseChatModel
    options: Mapping[str, Any]


Continuation = Callable[["Profile", "BaseChatModel"], Awaitable[Opened | None]]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One provider."""

    id: str
    """Names it in profiles; the same as its entry point's name."""
    label: str
    fields: tuple[Field, ...]
    adapter: Callable[[EngineClient], Adapter]
    """Makes what opens its models. Called once per server, and once for each profile that is tried."""
    parameters: tuple[str, ...] = ALL_PARAMETERS
    """Names of the ``Parameters`` that it has."""
    presets: tuple[Preset, ...] = ()
    """Well-known servers that speak its protocol."""
    timeouts: Timeouts = HOSTED
    """How long an answer may take where a profile says nothing."""
    continuation: Continuation | None = None
    """How a model is made to continue an answer exactly; None: it can only be asked to."""
    key_variable: str | None = None
    """The environment variable that holds its key where a profile names none."""
    address: str | None = None
    """What is asked where a profile names no address, if that is known."""
    key_destinations: tuple[str, ...] = ()
    """The provider's own hosts, as ``https://host`` or ``https://*.domain``: where its key may go."""
    model_field: str = "model"
    """The field that names the model."""
    length_parameter: str | None = None
    """What the doctor's direct request calls the longest answer, where a server may not end by itself."""
    lists_models: bool = False
    is_local: bool = False
    """Whether the engine of this machine answers."""
    is_openai_shaped: bool = False
    """Whether the ``openai`` client can ask it too: its models have ``root_async_client``."""
    for_pages: bool = True
    """Whether a page may make profiles of it."""
    notice: str | None = None
    """What a page says above the composer while a profile of it is chosen."""
    position: int = 100
    """Its place in the list of providers; the lowest is first."""

    @property
    def address_field(self) -> str | None:
        """The field that says where questions go."""
        return next((field.name for field in self.fields if field.kind == "url"), None)

    @property
    def own_destinations(self) -> tuple[str, ...]:
        """Its own hosts, and what a profile without an address has as ``destination``."""
        return (self.id, *self.key_destinations, *(preset.destination for preset in self.presets))

    @property
    def info(self) -> ProviderInfo:
        """The provider as the form has it."""
        return ProviderInfo(
            provider=self.id,
            label=self.label,
            fields=[field.info for field in self.fields],
            parameters=list(self.parameters),
            timeouts=self.timeouts.model_dump(),
            on_repetition=ON_REPETITION,
            presets=[PresetInfo(id=each.id, label=each.label, values=each.values) for each in self.presets],
            lists_models=self.lists_models,
        )
