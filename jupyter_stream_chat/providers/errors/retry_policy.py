"""What a failed request says about the next one: ask without streaming, without ``stream_options``, or later.

Pure. Knows exceptions as ``errors`` does, by status, text and headers. Whether to ask again is decided by
``runs.fallback``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from ...protocol import Limitation
from .error_facts import ErrorFacts, error_facts, retry_after

_REFUSING = frozenset({400, 404, 405, 422})
_BUSY = frozenset({429, 503})
_STREAM = re.compile(r"\bstream|server-sent events")
_STREAM_OPTIONS = re.compile(r"stream[ _]?options|include_usage")
_NO_CHUNKS = "no generation chunks were returned"
"""LangChain's words for a body that is no event stream, and for a stream without anything in it."""
_STREAMS_ONLY = re.compile(
    r"stream\w*\s+(mode\s+)?only|only\b.{0,40}\bstream|must\b.{0,40}\bstream|stream\w*\b.{0,40}\b(required|must)"
    r"|requires?\b.{0,40}\bstream|\b(for|in)\s+non[- ]?stream|non[- ]?stream\w*\b.{0,60}\b(not|n't|un)"
    r"|not\b.{0,30}\bnon[- ]?stream"
    r"|(set|use|enable)\b.{0,20}\bstream\W{0,4}\s*(=|to)?\s*\W{0,2}true"
)
_WANTS_REASONING = re.compile(
    r"(missing|require|must|need|expect|pass|provide|include)\w*\b[^.]{0,80}\breasoning(_content|_details)?\b"
    r"|\breasoning(_content|_details)?\b[^.]{0,80}"
    r"\b(missing|required|must|needs?|expected|not (found|provided))\b"
)
_NOT_WANTED = re.compile(
    r"\b(not (be )?(allowed|permitted|supported)|(must|should) not|unsupported|unexpected|forbidden|remove)\b"
)
_NO_STREAM = re.compile(r"\bstream\W{0,4}\s*(must|should|has to|needs to)?\s*(be|=|to|set)*\W{0,4}\s*false")
_DIED = frozenset(
    {"RemoteProtocolError", "ReadError", "WriteError", "BrokenPipeError", "ConnectionResetError"}
)
"""A connection that was kept, and that the server closed as the request was on its way."""


@dataclass(frozen=True)
class RetryAfter:
    """The provider is busy, and says for how long."""

    seconds: float


@dataclass(frozen=True)
class AskAgain:
    """The connection died before a byte of the answer came: asking once more does no harm."""


Refusal = Limitation | RetryAfter | AskAgain


class LearnedHowToAsk(Exception):
    """The deployment refused two forms of the request in clear words; the next question has a third."""


class StreamingRefused(Exception):
    """The deployment does not stream, and nothing else was wanted. Its cause is the provider's error."""


class StreamingFailed(Exception):
    """A streamed request failed for no given reason, and nothing else was wanted. Its cause says how."""


def refusal_of(error: BaseException, *, streamed: bool, now: datetime | None = None) -> Refusal | None:
    """Say what a request that brought no token was refused for; None: asking otherwise would not mend it.

    ``streamed``: whether it asked for a stream; ``now`` (default: the clock) dates a ``Retry-After``.
    """
    facts = error_facts(error)
    if facts.status in _BUSY and "insufficient_quota" not in facts.text:
        seconds = retry_after(facts.headers, now or datetime.now(UTC))
        if seconds is not None:
            return RetryAfter(seconds)
    if facts.status is None and not facts.names.isdisjoint(_DIED) and "StreamCut" not in facts.names:
        return AskAgain()
    if facts.status in _REFUSING and wants_reasoning(facts.text):
        return "wants_reasoning"
    if streamed:
        return _stream_refusal(facts)
    says_so = _STREAMS_ONLY.search(facts.text) and not _NO_STREAM.search(facts.text)
    return "streams_only" if facts.status in _REFUSING and says_so else None


def wants_reasoning(text: str) -> bool:
    """Tell whether a refusal, in lower case, asks for the reasoning of earlier answers."""
    return bool(_WANTS_REASONING.search(text)) and not _NOT_WANTED.search(text)


def may_be_chance(error: BaseException) -> bool:
    """Tell whether a refusal is only a stream without anything in it: the next one may be as it should."""
    facts = error_facts(error)
    return facts.status is None and "NotStreamed" not in facts.names


def _stream_refusal(facts: ErrorFacts) -> Limitation | None:
    if facts.status in _REFUSING:
        # The particular first: who refuses stream_options speaks of streams too.
        if _STREAM_OPTIONS.search(facts.text):
            return "refuses_stream_options"
        return "refuses_streaming" if _STREAM.search(facts.text) else None
    if facts.status is None:
        does_not = "NotStreamed" in facts.names or _NO_CHUNKS in facts.text
        return "refuses_streaming" if does_not else None
    waits = "retry-after" in facts.headers
    return "fails_streaming" if 500 <= facts.status <= 599 and not waits else None
