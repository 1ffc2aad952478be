"""Why runs end, and the terminal state that tells it."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ..chats.text import RunText
from ..chats.tree import digests_of
from ..protocol import ErrorInfo, FinishReason, LimitKind, PartKind, RunInfo, TimeLimit
from .attempt import Attempt
from .run_stats import RunStats

log = logging.getLogger(__name__)

UNEXPLAINED = ErrorInfo(
    code="internal_error",
    message="The answer ended with an error that could not be read.",
    hint="Ask again; if it lasts, see the server's log.",
)


@dataclass(frozen=True)
class Outcome:
    """Why a run ends."""

    finish_reason: FinishReason
    error: ErrorInfo | None = None
    kept: list[int] | None = None
    time_limit: TimeLimit | None = None


_TIMED_OUT: Final[dict[LimitKind, ErrorInfo]] = {
    "first_token": ErrorInfo(
        code="no_first_token",
        message="No first token came within {seconds:g} seconds.",
        hint="Try again; if it lasts, check the provider, or raise timeouts.first_token in the profile.",
    ),
    "next_token": ErrorInfo(
        code="answer_stalled",
        message="The answer stood still for {seconds:g} seconds.",
        hint="Continue; if it recurs, check the provider, or raise timeouts.stall in the profile.",
    ),
    "end": ErrorInfo(
        code="answer_too_slow",
        message="The answer was not complete after {seconds:g} seconds.",
        hint="Continue, or raise timeouts.total in the profile.",
    ),
    "resume": ErrorInfo(
        code="paused_too_long",
        message="The answer was paused for longer than {seconds:g} seconds.",
        hint="What was shown is kept; Continue goes on from there.",
    ),
}


def timed_out(limit: TimeLimit, kept: list[int] | None = None) -> Outcome:
    """Return the end of a run that reached a time limit."""
    error = _TIMED_OUT[limit.limit_kind]
    said = error.model_copy(update={"message": error.message.format(seconds=limit.seconds)})
    return Outcome("timeout", said, kept, limit)


def too_long(limit: int) -> Outcome:
    """Return the end of a run whose answer reached the server's limit. All of it counts."""
    error = ErrorInfo(
        code="answer_too_long",
        message=f"The answer was ended at {limit} characters, the limit of this server.",
        hint="Continue, or ask for less. An administrator can raise c.StreamChat.max_answer_characters.",
        values={"limit": str(limit)},
    )
    return Outcome("length", error)


EMPTY: Final = ErrorInfo(
    code="empty_answer",
    message="The model returned an empty answer.",
    hint="Ask again; if it lasts, put the question in other words, or look at the profile's parameters.",
)
_ONLY_REASONING: Final = ErrorInfo(
    code="only_reasoning",
    message="The model wrote its reasoning and no answer.",
    hint="Ask again, or raise max_tokens: reasoning counts too.",
)
_ONLY_TOOL_CALLS: Final = ErrorInfo(
    code="only_tool_calls",
    message="The model called a tool instead of answering, and this chat has no tools.",
    hint="Ask again, or ask for an answer in words.",
)


def answered(attempt: Attempt, text: RunText, *, goes_on: bool) -> Outcome:
    """Return the end of a run whose provider says that the answer is over: complete only if there is one.

    ``goes_on``: the run adds to text that was kept, so it may add nothing.
    """
    reason = attempt.finish_reason or "stop"
    if goes_on or reason == "content_filter":
        return Outcome(reason)
    error = lacking(text, attempt.end_word, attempt.remarks)
    return Outcome("error", error) if error else Outcome(reason)


def lacking(text: RunText, end_word: str | None, remarks: Collection[str]) -> ErrorInfo | None:
    """Say what there is instead of an answer; None: there is one to show.

    ``end_word`` is the provider's finish reason, ``remarks`` what is odd about the answer.
    """
    if _has(text, "text"):
        return None
    error = _ONLY_REASONING if _has(text, "reasoning") else EMPTY
    if "tool_calls" in remarks:
        error = _ONLY_TOOL_CALLS
    if end_word is None:
        return error
    return error.model_copy(update={"detail": f"The provider's finish reason: {end_word}"})


def _has(text: RunText, kind: PartKind) -> bool:
    return any(part.kind == kind and any(map(_is_visible, str(part))) for part in text)


def _is_visible(sign: str) -> bool:
    """Tell whether a code point shows, and is neither white space nor a mark without width."""
    return not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf")


def final_info(
    info: RunInfo,
    ending: Outcome,
    text: RunText,
    attempts: Sequence[Attempt],
    stats: RunStats,
) -> RunInfo:
    """Return the terminal state of a run."""
    update = {
        "status": "finished",
        "progress": None,
        "pause": None,
        "finish_reason": ending.finish_reason,
        "time_limit": ending.time_limit,
        "kept": ending.kept,
        "error": ending.error,
        "digest": digests_of(text),
        "usage": attempts[-1].usage if attempts else None,
        "timings": stats.timings(),
        "counts": stats.counts(attempts, ending.kept),
    }
    return info.model_copy(update=update)


def report(info: RunInfo) -> None:
    """Write the one line of a run's end, and say when the callback chain lost something."""
    counts = info.counts
    assert counts is not None
    assert info.timings is not None
    log.info(
        "Run %s ended: %s%s, %d tokens, %d characters, first after %s ms, %s ms in all",
        info.run_id,
        info.finish_reason,
        f" ({info.error.code})" if info.error else "",
        counts.tokens,
        counts.characters,
        info.timings.first_token_ms,
        info.timings.total_ms,
    )
    if counts.unreported or not counts.tokens == counts.logged == counts.forwarded:
        log.warning("Run %s: the callback chain is not whole: %s", info.run_id, counts)
