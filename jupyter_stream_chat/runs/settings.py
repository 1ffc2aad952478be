"""How one run is watched, held and ended early."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from ..protocol import OnRepetition
from ..providers.profiles.timeouts import HOSTED, Timeouts
from ..providers.provider import ON_REPETITION
from .admission_gate import AdmissionGate
from .pause_buffer import AUTO_END_SECONDS, BUFFER_CHARACTERS, MAX_PAUSE_SECONDS

AttachmentPolicy = Literal["on", "local", "off"]
"""To which models attachments may go: all, those of this machine's engine, none."""
MAX_ATTACHMENTS: Final = 50
"""Of one question."""
RELEASE_SECONDS = 5.0
"""How long a provider may take to close the connection after an interrupt."""


@dataclass(frozen=True)
class RunSettings:
    """What the profile and the server say about a run's life."""

    timeouts: Timeouts = HOSTED
    on_repetition: OnRepetition = ON_REPETITION
    attended: bool = True
    """Whether somebody can be asked while the answer is written: by a notebook or a script nobody can."""
    auto_end_seconds: float = AUTO_END_SECONDS
    """How long the text of a provider that cannot be paused is held back."""
    max_pause_seconds: float = MAX_PAUSE_SECONDS
    """How long any run may stay paused."""
    buffer_characters: int = BUFFER_CHARACTERS
    max_characters: int = 4_000_000
    """Code points after which an answer is ended."""
    release_seconds: float = RELEASE_SECONDS
    tracing_allowed: bool = False
    admission_gate: AdmissionGate = field(default_factory=AdmissionGate)
    """One for all runs of a server."""
