"""Profiles: named, saved model configurations, and the words for what is wrong with one.

Owns the shape of a profile and its checks. Builds no model, imports no provider, reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    HttpUrl,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from ..protocol import Deployment, ErrorInfo, Parameters, ProfileInfo, StreamingMode

ProviderName = Literal["guide", "huggingface", "openai", "azure", "openai-compatible"]
Origin = Literal["configured", "stored", "built-in"]

_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


class Profile(BaseModel):
    """A named model configuration. Its key never leaves it by ``repr``, log or page."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")]
    """Also a step of its address, which ``..`` could not be."""
    label: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    provider: ProviderName
    model: str = ""
    """The provider's name of the model; for ``huggingface`` a hub id or a folder."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    azure_endpoint: str | None = None
    azure_deployment: str | None = None
    api_version: str | None = None
    streaming: StreamingMode | None = None
    parameters: Parameters = Parameters()
    origin: Origin = "configured"

    @field_validator("base_url", "azure_endpoint")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is not None:
            _HTTP_URL.validate_python(value)
        return value

    def with_parameters(self, own: Parameters | None) -> Profile:
        """Return the profile with a chat's own values over its parameters."""
        if own is None:
            return self
        values = own.model_dump(exclude_none=True)
        return self.model_copy(update={"parameters": self.parameters.model_copy(update=values)})

    @property
    def locked(self) -> bool:
        """Whether a page may not change it."""
        return self.origin != "stored"

    @property
    def has_address_of_a_page(self) -> bool:
        """Whether a page chose where its questions go; nothing of the environment may go there unasked."""
        return self.origin == "stored" and bool(self.base_url or self.azure_endpoint)

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


_NEEDED: dict[ProviderName, tuple[str, ...]] = {
    "guide": (),
    "huggingface": ("model",),
    "openai": ("model",),
    "azure": ("azure_endpoint", "azure_deployment", "api_version"),
    "openai-compatible": ("model", "base_url"),
}

_CURES = {
    "id": "Use 1 to 64 letters, digits, dots, dashes or underscores, and no dot first.",
    "provider": f"Use one of: {', '.join(get_args(ProviderName))}.",
    "model": 'Name the model, for example "gpt-4o-mini" or "Qwen/Qwen2.5-0.5B-Instruct".',
    "base_url": 'Give the whole address, for example "http://localhost:8000/v1".',
    "azure_endpoint": 'Give the resource\'s address, for example "https://NAME.openai.azure.com".',
    "azure_deployment": "Give the deployment's name as the Azure portal shows it.",
    "api_version": 'Give the API version, for example "2024-10-21".',
    "streaming": 'Use "auto", "on" or "off", or leave it out.',
}


def parse_profile(values: Mapping[str, Any], *, origin: Origin = "configured") -> Profile | ErrorInfo:
    """Read a profile from plain values.

    Returns an ``ErrorInfo`` that names the field and the cure when it cannot be read.
    """
    given = {key: value for key, value in values.items() if key != "origin" and value not in (None, "")}
    given.setdefault("label", given.get("id") or given.get("provider"))
    try:
        profile = Profile.model_validate({**given, "origin": origin})
    except ValidationError as error:
        return _explain(error)
    for field in _NEEDED[profile.provider]:
        if not getattr(profile, field):
            return profile_error(field, f"A profile of the provider {profile.provider} needs {field}.")
    return profile


def profile_error(field: str, message: str, cure: str | None = None) -> ErrorInfo:
    """Say what is wrong with one field of a profile."""
    return ErrorInfo(code="profile_unusable", message=message, cure=cure or _CURES.get(field), field=field)


def _explain(error: ValidationError) -> ErrorInfo:
    """Put pydantic's first finding into one sentence; the value itself may be a key and is left out."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(step) for step in first["loc"]]
    field = ".".join(path)
    if first["type"] == "extra_forbidden":
        names = Parameters.model_fields if path[0] == "parameters" else Profile.model_fields
        known = ", ".join(name for name in names if name != "origin")
        return profile_error(field, f"A profile has no field {field}.", f"Known are: {known}.")
    if first["type"] == "missing":
        return profile_error(field, f"The profile has no {field}.")
    return profile_error(field, f"The profile's {field} is not valid: {first['msg']}.")


def profile_info(
    profile: Profile, *, problem: ErrorInfo | None = None, notice: str | None = None
) -> ProfileInfo:
    """Return the profile as a page may see it."""
    return ProfileInfo(
        profile_id=profile.id,
        label=profile.label,
        provider=profile.provider,
        model=profile.model_name,
        streaming=profile.streaming,
        locked=profile.locked,
        notice=notice,
        problem=problem,
    )


def broken_profile_info(profile_id: str, values: Mapping[str, Any], problem: ErrorInfo) -> ProfileInfo:
    """Return a profile that could not be read, so that a page can say so instead of not listing it."""
    return ProfileInfo(
        profile_id=profile_id,
        label=str(values.get("label") or profile_id),
        provider=str(values.get("provider") or "unknown"),
        model=str(values.get("model") or ""),
        locked=True,
        problem=problem,
    )
