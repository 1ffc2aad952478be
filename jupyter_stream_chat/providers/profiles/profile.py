"""Profiles: named, saved model configurations, and the words for what is wrong with one.

Owns the shape of a profile and its checks. Builds no model, imports no provider, reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError, to_json

from ...protocol import Deployment, ErrorInfo, OnRepetition, Parameters, Price, ProfileInfo, StreamingMode
from ..loopback import is_loopback
from ..provider import ON_REPETITION, Provider
from . import catalog
from . import validators as fields
from .addresses import destination_of
from .presets import Preset
from .timeouts import Timeouts

Origin = Literal["configured", "stored", "built-in"]

MAX_BYTES: Final = 65_536
"""Size of a profile that a page stores, as JSON: every page holds all profiles."""

_PASSWORD = re.compile(r"//[^/@]*:[^/@]+@")
_CONFIGURED_ONLY = ("class_path", "options", "azure_identity")
"""What loads code or signs in as the server: never a page's to say."""
_NOT_GIVEN = ("origin", "owner", "own", "is_public_only", "proxy_loopback")
"""What the registry and the checks set; among the values of a profile it is ignored."""


class Profile(BaseModel):
    """A named model configuration. Its key never leaves it by ``repr``, log or page."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")]
    """Also a step of its address, which ``..`` could not be."""
    label: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    provider: str
    preset: str | None = None
    """Which kind of server an ``openai-compatible`` one is."""
    model: str = ""
    """The provider's name of the model; for ``huggingface`` a hub id or a folder."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    azure_endpoint: str | None = None
    azure_deployment: str | None = None
    api_version: str | None = None
    azure_identity: bool = False
    """Whether Azure is asked with a token of Entra ID (``DefaultAzureCredential``) instead of a key."""
    class_path: str | None = None
    """For ``langchain``: the chat model class, as ``package.module.Class``."""
    options: dict[str, JsonValue] = {}
    """For ``langchain`` and installed providers: more keyword arguments of the class."""
    extra_body: dict[str, JsonValue] = {}
    """For ``openai-compatible``: more fields of each request."""
    streaming: StreamingMode | None = None
    parameters: Parameters = Parameters()
    context_length: Annotated[int, Field(ge=256)] | None = None
    """Tokens that the model takes, question and answer together; absent: unknown, and all is sent."""
    price: Price | None = None
    """What its tokens cost; absent: answers have no price, unless the provider says one."""
    images: Literal["auto", "on", "off"] = "auto"
    """Whether its model is sent pictures; ``auto``: unless it was found to refuse them."""
    timeouts: Timeouts = Timeouts()
    on_repetition: OnRepetition = ON_REPETITION
    own: dict[str, str] = {}
    """Fields that the provider declares and this class does not have."""
    origin: Origin = "configured"
    owner: str = ""
    """Whose it is, if a page stored it; empty: everybody's."""
    is_public_only: bool = False
    """Whether it may ask no address inside the server's network."""
    proxy_loopback: bool = False
    """Whether an address of this machine is asked through the environment's proxy too."""

    @field_validator("id")
    @classmethod
    def _is_no_route(cls, value: str) -> str:
        if value in ("check", "models", "try"):  # profiles/{id} would be taken for these
            raise fields.problem(f"No profile can have the id {value}.", "Choose another id.")
        return value

    @field_validator("provider")
    @classmethod
    def _is_known(cls, value: str) -> str:
        known = catalog.known()
        if value not in known:
            raise fields.problem(f"There is no provider {value[:64]}.", f"Use one of: {', '.join(known)}.")
        return value

    def with_parameters(self, own: Parameters | None) -> Profile:
        """Return the profile with a chat's own values over its parameters."""
        if own is None:
            return self
        values = own.model_dump(exclude_none=True)
        return self.model_copy(update={"parameters": self.parameters.model_copy(update=values)})

    @property
    def served_by(self) -> Provider:
        """The provider that it names."""
        return catalog.known()[self.provider]

    def value(self, field: str) -> str | None:
        """Return the text of one of its provider's fields."""
        found = self.own.get(field) if field in self.own else getattr(self, field, None)
        return found if isinstance(found, str) else None

    @property
    def effective_timeouts(self) -> Timeouts:
        """How long its answers may take: its own values, else the usual ones of its provider."""
        return self.timeouts.over(self.served_by.timeouts)

    @property
    def is_local(self) -> bool:
        """Whether the engine of this machine answers."""
        return self.served_by.is_local

    @property
    def locked(self) -> bool:
        """Whether a page may not change it."""
        return self.origin != "stored"

    @property
    def address(self) -> str | None:
        """The address that it names."""
        field = self.served_by.address_field
        return (self.value(field) or None) if field else None

    @property
    def bypasses_proxy(self) -> bool:
        """Whether its address is of this machine, and asked without the environment's proxy."""
        return not self.proxy_loopback and is_loopback(urlsplit(self.address or "").hostname)

    @property
    def has_address_of_a_page(self) -> bool:
        """Whether a page chose where its questions go."""
        return self.origin == "stored" and bool(self.address)

    @property
    def destination(self) -> str:
        """Whom its key is for: the host that is asked (with scheme and port), or the provider's own."""
        return destination_of(self.address) if self.address else self.provider

    @property
    def server(self) -> Preset | None:
        """What is particular to its server."""
        return _preset(self.served_by, self.preset)

    @property
    def model_name(self) -> str:
        """The name to show for the model."""
        return self.model or self.value(self.served_by.model_field) or self.label

    @property
    def deployment(self) -> Deployment:
        """What it asks: the same for all profiles that ask the same model at the same place."""
        url = urlsplit(self.address or "")
        host = url.netloc.rpartition("@")[2]
        endpoint = f"{url.scheme}://{host}{url.path.rstrip('/')}" if host else ""
        version = f"?api-version={self.api_version}" if self.api_version else ""
        return Deployment(
            provider=self.provider,
            endpoint=endpoint + version,
            model=self.value(self.served_by.model_field) or self.model,
        )


_RENAMED = {"limits": "timeouts", "early_stop": "on_repetition"}
"""Fields by the names that they had in earlier versions."""
_SECONDS = "Give seconds, 86400 (a day) at most; 0 is no limit."
_PRICE = 'Give the prices of a million tokens, for example {"input": 2.5, "output": 10, "currency": "USD"}.'
_HINTS = {
    "id": "Use 1 to 64 letters, digits, dots, dashes or underscores, and no dot first.",
    "streaming": 'Use "auto", "on" or "off", or leave it out.',
    "context_length": "Give the number of tokens, for example 128000, or leave it out.",
    "price": _PRICE,
    "price.input": _PRICE,
    "price.output": _PRICE,
    "price.currency": _PRICE,
    "images": 'Use "auto", "on" or "off", or leave it out.',
    "timeouts.first_token": _SECONDS,
    "timeouts.stall": _SECONDS,
    "timeouts.total": _SECONDS,
    "on_repetition": 'Use "off", "ask" or "stop", or leave it out.',
}


def parse_profile(
    values: Mapping[str, Any], *, origin: Origin = "configured", owner: str = ""
) -> Profile | ErrorInfo:
    """Read a profile from plain values.

    Returns an ``ErrorInfo`` that names the field and the hint when it cannot be read.
    """
    profile, problems = read_profile(values, origin=origin, owner=owner)
    return profile if profile is not None and not problems else problems[0]


def read_profile(
    values: Mapping[str, Any], *, origin: Origin = "configured", owner: str = ""
) -> tuple[Profile | None, list[ErrorInfo]]:
    """Read a profile and find all that is wrong with it; there is none where it has no shape at all."""
    given = {key: value for key, value in values.items() if key not in _NOT_GIVEN and value not in (None, "")}
    given.setdefault("label", given.get("id") or given.get("provider"))
    provider = catalog.known().get(str(given.get("provider")))
    problems = []
    if provider:
        _fill_in(given, provider)
        problems += _check_fields(given, provider)
    are_fields_right = not problems
    profile = None
    try:
        profile = Profile.model_validate({**given, "origin": origin, "owner": owner})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems += [_explain(each, provider) for each in details]
    if not are_fields_right:
        profile = None  # it lacks what was wrong
    if provider:
        wrong = {problem.field for problem in problems}
        problems += [
            profile_error(
                field.name, f"A profile of the provider {provider.id} needs {field.name}.", field.hint
            )
            for field in provider.fields
            if field.required
            and not given.get(field.name, given.get("own", {}).get(field.name))
            and field.name not in wrong
        ]
    if profile is not None:
        problems += _unfit_parameters(profile, profile.parameters)
    if origin == "stored":
        problems += _not_for_pages(given, provider)
        problems += _too_large(given)
    return profile, problems


def _check_fields(given: dict[str, Any], provider: Provider) -> list[ErrorInfo]:
    """Put the values to use in the place of those that were given, the provider's own fields into ``own``."""
    problems = []
    own: dict[str, str] = {}
    for field in provider.fields:
        value = given.get(field.name)
        if isinstance(value, str) and field.check is not None:
            try:
                given[field.name] = field.check(value)
            except PydanticCustomError as error:
                context = error.context or {}
                problems.append(profile_error(field.name, context["sentence"], context["hint"] or field.hint))
                del given[field.name]
            except ValidationError as error:
                message = f"The profile's {field.name} is not valid: {error.errors()[0]['msg']}."
                problems.append(profile_error(field.name, message, field.hint))
                del given[field.name]
        if field.name not in Profile.model_fields and field.name in given:
            own[field.name] = given.pop(field.name)
    if own:
        given["own"] = own
    if "preset" in given and _preset(provider, given["preset"]) is None:
        known = ", ".join(preset.id for preset in provider.presets)
        problems.append(
            profile_error(
                "preset",
                f"There is no preset {str(given.pop('preset'))[:64]}.",
                f"Use one of: {known}." if known else "Leave it out.",
            )
        )
    return problems


def _preset(provider: Provider, preset_id: object) -> Preset | None:
    return next((preset for preset in provider.presets if preset.id == preset_id), None)


def _fill_in(given: dict[str, Any], provider: Provider) -> None:
    """Add what the preset knows. The key's variable only together with the address that it is for."""
    preset = _preset(provider, given.get("preset"))
    if preset is None or given.get("base_url", preset.base_url) != preset.base_url:
        return
    for name, value in preset.values.items():
        if name != "api_key_env" or "api_key" not in given:
            given.setdefault(name, value)


def _too_large(given: Mapping[str, Any]) -> list[ErrorInfo]:
    """Say which value makes a profile too large to be stored."""
    size = len(to_json(given))
    if size <= MAX_BYTES:
        return []
    flat = {**given, **{f"parameters.{k}": v for k, v in _items(given.get("parameters"))}}
    flat.pop("parameters", None)
    largest = max(flat, key=lambda name: len(to_json(flat[name])))
    return [
        profile_error(
            largest,
            f"The profile has {size} bytes; the limit is {MAX_BYTES}.",
            f"Shorten {largest}.",
        )
    ]


def _items(value: object) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _unfit_parameters(profile: Profile, parameters: Parameters) -> list[ErrorInfo]:
    """Say which parameters the profile's provider does not have."""
    known = profile.served_by.parameters
    ignored = profile.server.without if profile.server else frozenset[str]()
    has = [name for name in known if name not in ignored]
    who = profile.server.label if profile.server else profile.provider
    return [
        profile_error(
            f"parameters.{name}",
            f"{who} has no parameter {name}.",
            f"Leave it out. There are: {', '.join(has)}.",
        )
        for name in parameters.model_dump(exclude_none=True)
        if name not in has
    ]


def _not_for_pages(given: Mapping[str, Any], provider: Provider | None) -> list[ErrorInfo]:
    problems = [
        profile_error(name, f"Only Jupyter's configuration may set {name}.", _ASK_ADMINISTRATOR)
        for name in _CONFIGURED_ONLY
        if name in given
    ]
    for name, value in {**given, **given.get("own", {})}.items():
        if isinstance(value, str) and name != "label" and _PASSWORD.search(value):
            message = f"The {name} holds a password, which would be kept in the database."
            problems.append(profile_error(name, message, "Take it out; give it as the api_key."))
    if provider is not None and not provider.for_pages:
        message = f"Only Jupyter's configuration may use the provider {provider.id}."
        problems.append(profile_error("provider", message, _ASK_ADMINISTRATOR))
    return problems


_ASK_ADMINISTRATOR = "Leave it out, or ask the administrator for a profile in c.StreamChat.profiles."


def profile_error(field: str, message: str, hint: str | None = None) -> ErrorInfo:
    """Say what is wrong with one field of a profile."""
    return ErrorInfo(code="profile_unusable", message=message, hint=hint or _HINTS.get(field), field=field)


def _explain(error: ErrorDetails, provider: Provider | None) -> ErrorInfo:
    """Put one of pydantic's findings into one sentence; the value itself may be a key and is left out."""
    path = [str(step) for step in error["loc"]]
    field = ".".join(path)
    if error["type"] == fields.FIELD_PROBLEM:
        return profile_error(field, error["ctx"]["sentence"], error["ctx"]["hint"])
    if field == "parameters.num_beams":
        why = "Beam search cannot be streamed: a later token may still change the earlier ones."
        return profile_error(field, why, "Leave num_beams out; temperature 0 is greedy.")
    if error["type"] == "extra_forbidden":
        shapes: dict[str, type[BaseModel]] = {
            "parameters": Parameters,
            "timeouts": Timeouts,
            "price": Price,
        }
        names = shapes.get(path[0], Profile).model_fields
        own = [each.name for each in provider.fields if each.name not in names] if provider else []
        known = ", ".join([*(name for name in names if name not in _NOT_GIVEN), *own])
        hint = f"It is now called {_RENAMED[field]}." if field in _RENAMED else f"Known are: {known}."
        return profile_error(field, f"A profile has no field {field}.", hint)
    if error["type"] == "missing":
        return profile_error(field, f"The profile has no {field}.")
    return profile_error(field, f"The profile's {field} is not valid: {error['msg']}.")


def profile_info(
    profile: Profile,
    *,
    problem: ErrorInfo | None = None,
    notice: str | None = None,
    has_key: bool = False,
) -> ProfileInfo:
    """Return the profile as a page may see it."""
    return ProfileInfo(
        profile_id=profile.id,
        label=profile.label,
        provider=profile.provider,
        model=profile.model_name,
        streaming=profile.streaming,
        locked=profile.locked,
        parameters=profile.parameters,
        context_length=profile.context_length,
        has_key=has_key,
        notice=notice,
        problem=problem,
    )


def broken_profile_info(
    profile_id: str, values: Mapping[str, Any], problem: ErrorInfo, *, origin: Origin
) -> ProfileInfo:
    """Return a profile that could not be read, so that a page can say so instead of not listing it."""
    return ProfileInfo(
        profile_id=profile_id,
        label=str(values.get("label") or profile_id),
        provider=str(values.get("provider") or "unknown"),
        model=str(values.get("model") or ""),
        locked=origin != "stored",  # a page must be able to mend or delete what it stored
        problem=problem,
    )
