"""Who is examined, what a step of the examination is, and what it finds."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..protocol import DoctorOutcome, ErrorInfo, Limitation, StreamingMode
from ..providers.adapter import Adapter
from ..providers.errors.classify import classify
from ..providers.profiles.profile import Profile
from ..providers.profiles.registry import Registry
from ..providers.provider import Provider
from .findings import Finding, found

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from ..config import Settings
    from ..runs.run import Run

_KEY_FIELDS: Final = ("api_key", "api_key_env", "azure_identity")
_FIELDS: Final = {"wrong_key": "api_key", "does_not_stream": "streaming"}
"""The field to change, by the code of an error that names none."""
_ADDRESS_CODES: Final = ("unknown_host", "untrusted_certificate", "connection_refused", "timeout")


@dataclass
class Context:
    """A profile under examination, and what the steps have learned of it so far."""

    profile: Profile | ErrorInfo
    """As it was written, or why it cannot be read."""
    keyed: Profile | ErrorInfo
    """The same with its key in place, or why it cannot be used."""
    streaming: StreamingMode = "auto"
    """How its questions are asked."""
    tracing: bool = False
    """Whether Jupyter's configuration lets LangChain trace."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    remembered: Collection[Limitation] = ()
    """What earlier questions found out about its deployment."""
    call_seconds: float = 60.0
    """How long one call may take."""
    explain: Callable[[BaseException, Profile], ErrorInfo] = classify
    """Says what an error means."""
    adapter: Adapter | None = None
    """Opens its models: the examination's own, closed with it."""
    outcomes: dict[str, DoctorOutcome] = field(default_factory=dict)
    """How the steps so far ended, by name."""
    arrivals: list[float] = field(default_factory=list)
    """When the pieces of the streamed answer came, in seconds since it was asked for."""
    answered: Run | None = None
    """The last run that was answered."""

    @classmethod
    def of(
        cls, profile: Profile | ErrorInfo, keyed: Profile | ErrorInfo, settings: Settings, **more: Any
    ) -> Context:
        """Return the context of a profile under these settings."""
        own = profile.streaming if isinstance(profile, Profile) and not settings.streaming_locked else None
        return cls(profile, keyed, streaming=own or settings.streaming, tracing=settings.tracing, **more)

    @property
    def lacks_key(self) -> bool:
        """Whether the profile would do, but for its key."""
        return isinstance(self.keyed, ErrorInfo) and self.keyed.field in _KEY_FIELDS

    @property
    def provider(self) -> Provider | None:
        """The provider that it names."""
        return self.profile.served_by if isinstance(self.profile, Profile) else None

    @property
    def address(self) -> str | None:
        """Where its questions go, if that is known."""
        given = self.profile.address if isinstance(self.profile, Profile) else None
        return given or (self.provider.address if self.provider else None)

    @property
    def address_field(self) -> str | None:
        """The field that holds the address."""
        return self.provider.address_field if self.provider else None

    async def model(self) -> BaseChatModel:
        """Return the profile's LangChain model."""
        assert self.adapter is not None
        assert isinstance(self.keyed, Profile), "a step that asks needs the step `key`"
        return await self.adapter.open(self.keyed, lambda stage, fraction, position: None)

    def failed(self, error: BaseException | ErrorInfo, code: str = "refused") -> Finding:
        """Say what an error means, and which field to change."""
        if isinstance(error, BaseException):
            profiles = (p for p in (self.keyed, self.profile) if isinstance(p, Profile))
            profile = next(profiles, None)
            error = self.explain(error, profile) if profile else classify(error)
        return found("fail", code, field=error.field or self._field(error.code), error=error)

    def _field(self, code: str) -> str | None:
        if code == "unknown_model" and self.provider:
            return self.provider.model_field
        return self.address_field if code in _ADDRESS_CODES else _FIELDS.get(code)


def read_draft(
    registry: Registry, values: Mapping[str, Any], owner: str = ""
) -> tuple[Profile | ErrorInfo, Profile | ErrorInfo]:
    """Return ``profile`` and ``keyed`` of a profile that is being edited."""
    profile, problems = registry.keyed_draft(values, owner)
    others = [problem for problem in problems if problem.field not in _KEY_FIELDS]
    if profile is None or others:
        return (others or problems)[0], (others or problems)[0]
    return profile, problems[0] if problems else profile


@dataclass(frozen=True)
class Step:
    """One thing to look at."""

    name: str
    title: str
    look: Callable[[Context], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    """Steps that must not have failed; steps that this profile does not have are ignored."""
    seconds: float | None = None
    """Its time limit; None: that of a call."""
    when_slow: str = "too_slow"
    """What is found where the time limit was reached."""
    slow_field: str | None = None
    """The field to change then; None: the address."""
