"""How long an answer may take: what a profile says, and what is usual where it says nothing. Pure."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Timeouts(BaseModel):
    """How long an answer may take, in seconds. Absent: as is usual for the provider; 0: no limit.

    Loading, queueing and pauses do not count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    first_token: Seconds | None = None
    """Until the first token. An answer in one piece has ``total`` alone: its first token is all of it."""
    stall: Seconds | None = None
    """From one token to the next, whatever else the provider sends."""
    total: Seconds | None = None
    """Until the answer's end."""

    def over(self, usual: Timeouts) -> Timeouts:
        """Return these limits, with the usual ones where nothing is said."""
        return usual.model_copy(update=self.model_dump(exclude_none=True))


HOSTED: Final = Timeouts(first_token=300, stall=60, total=1800)
"""A model that reasons unseen may well think for minutes before its first token."""
LOCAL: Final = Timeouts(first_token=900, stall=120, total=0)
"""Reading a long prompt on a CPU takes minutes, and nobody is billed for an answer that goes on and on."""
