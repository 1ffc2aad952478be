"""Profiles: named, saved model configurations, and the words for what is wrong with one.

Owns the shape of a profile and its checks. Builds no model, imports no provider, reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
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
from pydantic_core import ErrorDetails

from ...protocol import Deployment, ErrorInfo, OnRepetition, Parameters, ProfileInfo, StreamingMode
from . import catalog
from . import validators as fields
from .presets import PRESETS, Preset
from .timeouts import Timeouts, usual

Origin = Literal["configured", "stored", "built-in"]

_PASSWORD = re.compile(r"//[^/@]*:[^/@]+@")
_CONFIGURED_ONLY = ("class_path", "options", "azure_identity")
"""What loads code or signs in as the server: never a page's to say."""


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
    timeouts: Timeouts = Timeouts()
    on_repetition: OnRepetition = catalog.ON_REPETITION
    origin: Origin = "configured"

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

    @field_validator("preset")
    @classmethod
    def _is_a_preset(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            raise fields.problem(f"There is no preset {value[:64]}.", f"Use one of: {', '.join(PRESETS)}.")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_base_url(cls, value: str | None) -> str | None:
        return value if value is None else fields.base_url(value)

    @field_validator("azure_endpoint")
    @classmethod
    def _is_azure_endpoint(cls, value: str | None) -> str | None:
        return value if value is None else fields.azure_endpoint(value)

    @field_validator("api_version")
    @classmethod
    def _is_api_version(cls, value: str | None) -> str | None:
        return value if value is None else fields.api_version(value)

    @field_validator("api_key")
    @classmethod
    def _is_api_key(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is None else SecretStr(fields.api_key(value.get_secret_value()))

    def with_parameters(self, own: Parameters | None) -> Profile:
        """Return the profile with a chat's own values over its parameters."""
        if own is None:
            return self
        values = own.model_dump(exclude_none=True)
        return self.model_copy(update={"parameters": self.parameters.model_copy(update=values)})

    @property
    def effective_timeouts(self) -> Timeouts:
        """How long its answers may take: its own values, else the usual ones of its provider."""
        return self.timeouts.over(usual(self.provider))

    @property
    def is_local(self) -> bool:
        """Whether the engine of this machine answers."""
        return self.provider in ("guide", "huggingface")

    @property
    def locked(self) -> bool:
        """Whether a page may not change it."""
        return self.origin != "stored"

    @property
    def has_address_of_a_page(self) -> bool:
        """Whether a page chose where its questions go; nothing of the environment may go there unasked."""
        return self.origin == "stored" and bool(self.base_url or self.azure_endpoint)

    @property
    def destination(self) -> str:
        """Whom its key is for: the host that is asked (with scheme and port), or the provider's own."""
        url = urlsplit(self.base_url or self.azure_endpoint or "")
        return f"{url.scheme}://{url.netloc.rpartition('@')[2].lower()}" if url.netloc else self.provider

    @property
    def server(self) -> Preset | None:
        """What is particular to its server."""
        return PRESETS.get(self.preset or "")

    @property
    def model_name(self) -> str:
        """The name to show for the model."""
        return self.model or self.azure_deployment or self.label

    @property
    def deployment(self) -> Deployment:
        """What it asks: the same for all profiles that ask the same model at the same place."""
        url = urlsplit(self.base_url or self.azure_endpoint or "")
        host = url.netloc.rpartition("@")[2]
        endpoint = f"{url.scheme}://{host}{url.path.rstrip('/')}" if host else ""
        version = f"?api-version={self.api_version}" if self.api_version else ""
        return Deployment(
            provider=self.provider, endpoint=endpoint + version, model=self.azure_deployment or self.model
        )


_RENAMED = {"limits": "timeouts", "early_stop": "on_repetition"}
"""Fields by the names that they had in earlier versions."""
_SECONDS = "Give seconds, 86400 (a day) at most; 0 is no limit."
_HINTS = {
    "id": "Use 1 to 64 letters, digits, dots, dashes or underscores, and no dot first.",
    "model": 'Name the model, for example "gpt-4o-mini" or "Qwen/Qwen2.5-0.5B-Instruct".',
    "base_url": 'Give the whole address, for example "http://localhost:8000/v1".',
    "azure_endpoint": 'Give the resource\'s address, for example "https://NAME.openai.azure.com".',
    "azure_deployment": "Give the deployment's name as the Azure portal shows it.",
    "api_version": 'Give the API version, for example "2024-10-21".',
    "streaming": 'Use "auto", "on" or "off", or leave it out.',
    "context_length": "Give the number of tokens, for example 128000, or leave it out.",
    "timeouts.first_token": _SECONDS,
    "timeouts.stall": _SECONDS,
    "timeouts.total": _SECONDS,
    "on_repetition": 'Use "off", "ask" or "stop", or leave it out.',
    "class_path": 'Give it as "package.module.Class".',
}


def parse_profile(values: Mapping[str, Any], *, origin: Origin = "configured") -> Profile | ErrorInfo:
    """Read a profile from plain values.

    Returns an ``ErrorInfo`` that names the field and the hint when it cannot be read.
    """
    profile, problems = read_profile(values, origin=origin)
    return profile if profile is not None and not problems else problems[0]


def read_profile(
    values: Mapping[str, Any], *, origin: Origin = "configured"
) -> tuple[Profile | None, list[ErrorInfo]]:
    """Read a profile and find all that is wrong with it; there is none where it has no shape at all."""
    given = {key: value for key, value in values.items() if key != "origin" and value not in (None, "")}
    given.setdefault("label", given.get("id") or given.get("provider"))
    _fill_in(given)
    profile, problems = None, []
    try:
        profile = Profile.model_validate({**given, "origin": origin})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems += [_explain(each) for each in details]
    if info := catalog.known().get(str(given.get("provider"))):
        wrong = {problem.field for problem in problems}
        problems += [
            profile_error(field.name, f"A profile of the provider {info.provider} needs {field.name}.")
            for field in info.fields
            if field.required and not given.get(field.name) and field.name not in wrong
        ]
    if profile is not None:
        problems += _unfit_parameters(profile, profile.parameters)
    if origin == "stored":
        problems += _not_for_pages(given)
    return profile, problems


def _fill_in(given: dict[str, Any]) -> None:
    """Add what the preset knows. The key's variable only together with the address that it is for."""
    preset = PRESETS.get(str(given.get("preset")))
    if preset is None or given.get("base_url", preset.base_url) != preset.base_url:
        return
    for name, value in preset.values.items():
        if name != "api_key_env" or "api_key" not in given:
            given.setdefault(name, value)


def _unfit_parameters(profile: Profile, parameters: Parameters) -> list[ErrorInfo]:
    """Say which parameters the profile's provider does not have."""
    known = catalog.known()[profile.provider].parameters
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


def _not_for_pages(given: Mapping[str, Any]) -> list[ErrorInfo]:
    problems = [
        profile_error(name, f"Only Jupyter's configuration may set {name}.", _ASK_ADMINISTRATOR)
        for name in _CONFIGURED_ONLY
        if name in given
    ]
    for name in ("base_url", "azure_endpoint"):
        if _PASSWORD.search(str(given.get(name, ""))):
            message = f"The {name} holds a password, which would be kept in the database."
            problems.append(profile_error(name, message, "Take it out; give it as the api_key."))
    if given.get("provider") in ("langchain", "guide"):
        message = f"Only Jupyter's configuration may use the provider {given['provider']}."
        problems.append(profile_error("provider", message, _ASK_ADMINISTRATOR))
    return problems


_ASK_ADMINISTRATOR = "Leave it out, or ask the administrator for a profile in c.StreamChat.profiles."


def profile_error(field: str, message: str, hint: str | None = None) -> ErrorInfo:
    """Say what is wrong with one field of a profile."""
    return ErrorInfo(code="profile_unusable", message=message, hint=hint or _HINTS.get(field), field=field)


def _explain(error: ErrorDetails) -> ErrorInfo:
    """Put one of pydantic's findings into one sentence; the value itself may be a key and is left out."""
    path = [str(step) for step in error["loc"]]
    field = ".".join(path)
    if error["type"] == fields.FIELD_PROBLEM:
        return profile_error(field, error["ctx"]["sentence"], error["ctx"]["hint"])
    if field == "parameters.num_beams":
        why = "Beam search cannot be streamed: a later token may still change the earlier ones."
        return profile_error(field, why, "Leave num_beams out; temperature 0 is greedy.")
    if error["type"] == "extra_forbidden":
        shapes: dict[str, type[BaseModel]] = {"parameters": Parameters, "timeouts": Timeouts}
        names = shapes.get(path[0], Profile).model_fields
        known = ", ".join(name for name in names if name != "origin")
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
