"""How one run is watched, held and ended early."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..protocol import EarlyStop
from ..providers.profiles.timeouts import HOSTED, TimeLimits
from ..providers.provider import EARLY_STOP
from .admission_gate import AdmissionGate
from .pause_buffer import AUTO_END_SECONDS, BUFFER_CHARACTERS

RELEASE_SECONDS = 5.0
"""How long a provider may take to let go after an interrupt."""


@dataclass(frozen=True)
class RunSettings:
    """What the profile and the server say about a run's life."""

    limits: TimeLimits = HOSTED
    early_stop: EarlyStop = EARLY_STOP
    hold_seconds: float = AUTO_END_SECONDS
    """How long the text of a provider that cannot be paused is held back."""
    hold_characters: int = BUFFER_CHARACTERS
    release_seconds: float = RELEASE_SECONDS
    tracing_allowed: bool = False
    turnstile: AdmissionGate = field(default_factory=AdmissionGate)
    """One for all runs of a server."""
