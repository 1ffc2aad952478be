"""How often, and how, one question is asked: with a stream, without one, without ``stream_options``, later.

Owns the policy (``opening``, ``next_mode``: pure) and the loop that follows it. What a refusal is,
``providers.refusals`` says. Nothing is asked again once a token has come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn, Protocol

from ..protocol import Limitation, Notice, StreamingMode
from ..providers.errors.error_facts import error_facts
from ..providers.errors.retry_policy import (
    AskAgain,
    LearnedHowToAsk,
    Refusal,
    RetryAfter,
    StreamingFailed,
    StreamingRefused,
    may_be_chance,
    refusal_of,
)
from .attempt import RequestMode

MAX_REQUESTS: Final = 2
"""Of one question: each costs the reader's money, or a place in the provider's limits."""
MAX_WAIT_SECONDS: Final = 120.0
"""A provider that wants more is not waited for: its error is shown, and the user decides."""

_SAID_CLEARLY: Final[frozenset[Limitation]] = frozenset(
    {"refuses_streaming", "refuses_stream_options", "streams_only", "wants_reasoning"}
)
"""What a deployment refuses by words of its own, so that it holds whatever else goes wrong."""
_NOTICES: dict[Limitation, Notice] = {
    "refuses_streaming": Notice(
        code="answered_whole", message="This deployment does not stream: the answer came in one piece."
    ),
    "fails_streaming": Notice(
        code="streaming_failed", message="Streaming failed on this deployment: the answer came in one piece."
    ),
}
_EMPTY_STREAM: Final = Notice(
    code="empty_stream",
    message="The stream came without anything in it: the answer was asked for again, in one piece.",
)
"""Once may be chance: nothing is known of the deployment yet."""


class Memory(Protocol):
    """What is known of the deployment that is asked."""

    async def limitations(self) -> Collection[Limitation]:
        """Return what it was found not to do."""

    async def remember(self, limitation: Limitation) -> None:
        """Keep what it was found not to do."""

    async def suspect(self, limitation: Limitation) -> None:
        """Keep what it did not do once, perhaps by chance."""

    async def forget(self, limitation: Limitation) -> None:
        """Drop what turned out not to hold."""


class NoMemory:
    """Knows nothing of a deployment and keeps nothing: each question is asked as if it were the first."""

    async def limitations(self) -> Collection[Limitation]:
        return ()

    async def remember(self, limitation: Limitation) -> None:
        pass

    async def suspect(self, limitation: Limitation) -> None:
        pass

    async def forget(self, limitation: Limitation) -> None:
        pass


@dataclass(frozen=True)
class Failure:
    """An attempt that ended in an error."""

    error: Exception
    has_text: bool


def opening(mode: StreamingMode, known: Collection[Limitation]) -> RequestMode:
    """Return how to ask first."""
    refused = any(limitation in known for limitation in _NOTICES)
    streamed = mode == "on" or (mode == "auto" and not refused)
    joined = not streamed and "streams_only" in known
    return RequestMode(
        streamed or joined,
        "refuses_stream_options" not in known,
        joined,
        with_reasoning="wants_reasoning" in known,
        opens_reasoning="opens_reasoning" in known,
    )


def next_mode(mode: StreamingMode, ask: RequestMode, refusal: Refusal | None) -> RequestMode | None:
    """Return how to ask after a refusal; None: not again."""
    match refusal:
        case RetryAfter(seconds):
            return ask if seconds <= MAX_WAIT_SECONDS else None
        case "refuses_stream_options":
            return replace(ask, stream_options=False) if ask.stream_options else None
        case "refuses_streaming" | "fails_streaming":
            return replace(ask, streamed=False) if mode == "auto" else None
        case AskAgain():
            return ask
        case "streams_only":
            return replace(ask, streamed=True, joined=True)
        case "wants_reasoning":
            return None if ask.with_reasoning else replace(ask, with_reasoning=True)
        case _:
            return None


class StreamingFallback:
    """One question, asked until it is answered or there is no other way to ask it."""

    def __init__(
        self,
        mode: StreamingMode,
        memory: Memory,
        attempt: Callable[[RequestMode], Awaitable[Failure | None]],
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        """``attempt`` asks once; ``wait`` lets so many seconds pass."""
        self._mode = mode
        self._memory = memory
        self._attempt = attempt
        self._wait = wait
        self._learned: list[Limitation] = []
        self._suspected: set[Limitation] = set()
        self._requests = 0
        self._first: Exception | None = None
        """Why it was asked otherwise: shown if that fails too, and says less."""

    async def run(self) -> Notice | None:
        """Return when the question is answered, with what the reader should know; raise why it is not."""
        known = set(await self._memory.limitations())
        ask = opening(self._mode, known)
        while failure := await self._ask(ask):
            # Raised from here, not from within an ``except``: an error must not be the context of another.
            ask = await self._after(ask, failure)
        await self._keep(self._learned)
        if self._mode != "auto" or ask.streamed:
            return None
        if self._suspected:
            return _EMPTY_STREAM
        return next((_NOTICES[each] for each in _NOTICES if each in known.union(self._learned)), None)

    async def _ask(self, ask: RequestMode) -> Failure | None:
        self._requests += 1
        return await self._attempt(ask)

    async def _after(self, ask: RequestMode, failure: Failure) -> RequestMode:
        refusal = None if failure.has_text else refusal_of(failure.error, streamed=ask.streamed)
        if refusal == "streams_only" and self._requests > 1:
            refusal = None  # it has just refused the stream
        following = next_mode(self._mode, ask, refusal)
        if following is not None and self._requests >= MAX_REQUESTS:
            await self._ask_later(refusal, failure.error)
        if following is None:
            self._give_up(failure.error, refusal)
        if isinstance(refusal, RetryAfter):
            await self._wait(refusal.seconds)
        elif isinstance(refusal, AskAgain):
            self._first = failure.error
        elif refusal is not None:
            self._learned.append(refusal)
            if may_be_chance(failure.error):
                self._suspected.add(refusal)
            if following.streamed != ask.streamed:
                self._first = failure.error
        return following

    async def _ask_later(self, refusal: Refusal | None, error: Exception) -> NoReturn:
        """End the question; what the provider said in clear words is kept for the next one."""
        await self._keep([each for each in self._learned if each in _SAID_CLEARLY - self._suspected])
        if not isinstance(refusal, str) or refusal not in _SAID_CLEARLY or may_be_chance(error):
            raise error if self._first is None else _more_informative(self._first, error)
        await self._keep([refusal])
        raise LearnedHowToAsk("the deployment refused the request twice, each time for its form") from error

    async def _keep(self, learned: Sequence[Limitation]) -> None:
        for limitation in learned:
            keep = self._memory.suspect if limitation in self._suspected else self._memory.remember
            await keep(limitation)

    def _give_up(self, error: Exception, refusal: Refusal | None) -> NoReturn:
        if self._first is not None:
            raise _more_informative(self._first, error)
        if refusal == "refuses_streaming" and may_be_chance(error):
            raise error
        match refusal:
            case "refuses_streaming":
                raise StreamingRefused("the deployment refuses to stream") from error
            case "fails_streaming":
                raise StreamingFailed("the streamed request failed") from error
            case _:
                raise error


def _more_informative(first: Exception, second: Exception) -> Exception:
    """Return the error that says more; of two that say as much, the second."""
    return first if _informs(first) > _informs(second) else second


def _informs(error: Exception) -> int:
    """Rank an error by what a reader learns: the provider's words, a status, a broken connection, nothing."""
    facts = error_facts(error)
    if not facts.names.isdisjoint(("EmptyStream", "NotStreamed")):
        return 0
    if facts.status is None:
        return 1
    return 3 if facts.said else 2
