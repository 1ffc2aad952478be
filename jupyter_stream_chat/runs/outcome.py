"""Why runs end, and the terminal state that tells it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..chats.text import StreamText
from ..protocol import Channel, Digests, ErrorInfo, FinishReason, RunInfo, TextLengths, TimeLimit, WaitedFor
from .attempt import Attempt
from .run_stats import RunStats

log = logging.getLogger(__name__)

UNEXPLAINED = ErrorInfo(
    code="internal_error",
    message="The answer ended with an error that could not be read.",
    cure="Ask again; if it lasts, see the server's log.",
)


@dataclass(frozen=True)
class Outcome:
    """Why a run ends."""

    finish_reason: FinishReason
    error: ErrorInfo | None = None
    kept: TextLengths | None = None
    time_limit: TimeLimit | None = None


_TIMED_OUT: Final[dict[WaitedFor, ErrorInfo]] = {
    "first_token": ErrorInfo(
        code="no_first_token",
        message="No first token came within {seconds:g} seconds.",
        cure="Try again; if it lasts, check the provider, or raise limits.first_token in the profile.",
    ),
    "next_token": ErrorInfo(
        code="answer_stalled",
        message="The answer stood still for {seconds:g} seconds.",
        cure="Continue; if it recurs, check the provider, or raise limits.stall in the profile.",
    ),
    "end": ErrorInfo(
        code="answer_too_slow",
        message="The answer was not complete after {seconds:g} seconds.",
        cure="Continue, or raise limits.total in the profile.",
    ),
    "resume": ErrorInfo(
        code="paused_too_long",
        message="The answer was paused longer than the provider's text can be held back.",
        cure="What was shown is kept; Continue goes on from there.",
    ),
}


def timed_out(limit: TimeLimit, kept: TextLengths | None = None) -> Outcome:
    """Return the end of a run that reached a time limit."""
    error = _TIMED_OUT[limit.waited_for]
    said = error.model_copy(update={"message": error.message.format(seconds=limit.seconds)})
    return Outcome("timeout", said, kept, limit)


def too_long(limit: int) -> Outcome:
    """Return the end of a run whose answer reached the server's limit. All of it counts."""
    error = ErrorInfo(
        code="answer_too_long",
        message=f"The answer was ended at {limit} characters, the limit of this server.",
        cure="Continue, or ask for less. An administrator can raise c.StreamChat.max_answer_characters.",
        values={"limit": str(limit)},
    )
    return Outcome("length", error)


def final_info(
    info: RunInfo,
    ending: Outcome,
    texts: Mapping[Channel, StreamText],
    attempts: Sequence[Attempt],
    stats: RunStats,
) -> RunInfo:
    """Return the terminal state of a run."""
    digests = {channel: text.digest() for channel, text in texts.items()}
    update = {
        "status": "finished",
        "progress": None,
        "pause": None,
        "finish_reason": ending.finish_reason,
        "time_limit": ending.time_limit,
        "kept": ending.kept,
        "error": ending.error,
        "digest": Digests(content=digests["content"], reasoning=digests["reasoning"]),
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
