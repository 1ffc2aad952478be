"""How a generation leaves the scheduler."""

from __future__ import annotations

import logging
import traceback
from typing import Literal

from ..errors import EngineFailure, is_out_of_memory, out_of_memory
from ..messages import Failed, FinishReason

log = logging.getLogger(__name__)

_MAX_DETAIL = 4000

Outcome = FinishReason | Literal["suspended"] | Failed
"""``suspended``: paused, or its memory was needed; it can be admitted again. ``Failed`` has no request id."""


def failed(error: Exception, request_id: str = "") -> Failed:
    """Return the end of a request that raised, with a sentence, or with the trace of what nobody foresaw.

    It holds no reference to ``error``, whose trace holds the tensors of the frames that raised.
    """
    trace = "".join(traceback.format_exception(error))[-_MAX_DETAIL:]
    if not isinstance(error, EngineFailure):
        log.error("a request failed\n%s", trace)
        if not is_out_of_memory(error):
            return Failed(
                request_id,
                "internal_error",
                f"The model ended with an error: {type(error).__name__}.",
                "Ask again; the details say what happened.",
                trace,
            )
        error = out_of_memory("answering")
    return Failed(request_id, error.code, error.message, error.hint, trace)
