"""One generation. A supervisor, which is never cancelled, watches a pump, which consumes the model.

Owns the run's text, its status and its one end. Interrupts cancel the pump alone, again until it is gone (one
cancel can be swallowed); a pump that ignores them is left behind as an orphan and the run ends without it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel

from ..chats.text import StreamText
from ..protocol import (
    Channel,
    Digests,
    ErrorInfo,
    FinishReason,
    Progress,
    ProgressStage,
    RunInfo,
    RunStatus,
    TextLengths,
)
from ..providers.adapter import OnProgress
from ..providers.tracing import tracing
from .attempt import Ask, Attempt
from .continuation import Joint, Prompt
from .ledger import Ledger
from .negotiation import Failure, Memory, Negotiation

log = logging.getLogger(__name__)

RELEASE_SECONDS = 5.0
"""How long a provider may take to let go after an interrupt."""
_RECANCEL_SECONDS = 0.15
"""Between two cancels: time for ``finally`` blocks, which a second cancel would cut short."""
_UNEXPLAINED = ErrorInfo(
    code="internal_error",
    message="The answer ended with an error that could not be read.",
    cure="Ask again; if it lasts, see the server's log.",
)


class Surroundings(Memory, Protocol):
    """What a run needs of the world around it. Its memory is of the deployment that it asks."""

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        """Return the model to ask."""

    async def prompt(self) -> Prompt:
        """Return the conversation to answer, or to go on with. Asked for once the model is open."""

    def explain(self, error: BaseException) -> ErrorInfo:
        """Say what an error of the provider's means."""

    def keep(self, channel: Channel, text: str) -> None:
        """Put text where it survives the process. Does not raise."""

    def grew(self, run: Run, channel: Channel) -> None:
        """Tell whoever watches that a channel has more text."""

    def progressed(self, run: Run) -> None:
        """Tell whoever watches that the status or the progress changed."""

    async def finished(self, run: Run) -> None:
        """Write the terminal state, ``run.info``, and let go of what the run held."""


@dataclass(frozen=True)
class _Ending:
    """Why a run ends."""

    finish_reason: FinishReason
    error: ErrorInfo | None = None
    kept: TextLengths | None = None


class Run:
    """A generation under way, or over. Implements ``chats.feed.LiveText``."""

    def __init__(
        self,
        info: RunInfo,
        surroundings: Surroundings,
        *,
        tracing_allowed: bool = False,
        release_seconds: float = RELEASE_SECONDS,
    ) -> None:
        """Prepare a run; ``start`` starts it."""
        self.info = info
        self.texts: Mapping[Channel, StreamText] = {"content": StreamText(), "reasoning": StreamText()}
        self.attempts: list[Attempt] = []
        self.on_done: Callable[[Run], None] | None = None
        """Called once, right after the terminal state has been written."""
        self._around = surroundings
        self._tracing_allowed = tracing_allowed
        self._release_seconds = release_seconds
        self._ledger = Ledger()
        self._joint = Joint("", exact=True)
        self._closed = False
        self._stop: _Ending | None = None
        self._pump_over_or_stop = asyncio.Event()
        self._done = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.info.run_id

    @property
    def orphan(self) -> asyncio.Task[None] | None:
        """The pump, if the run has ended without it."""
        return self._pump if self._done.is_set() and self._pump and not self._pump.done() else None

    def start(self) -> None:
        """Start the pump and its supervisor, each in an empty context: a request's must not leak in."""
        self._pump = _task(self._consume(), f"pump {self.run_id}")
        self._pump.add_done_callback(lambda _: self._pump_over_or_stop.set())
        self._supervisor = _task(self._supervise(), f"run {self.run_id}")

    async def wait(self) -> None:
        """Return when the terminal state has been written."""
        await self._done.wait()

    def interrupt(self, shown: TextLengths | None = None) -> bool:
        """Stop the run and keep what was shown. The first stop wins; False: it had already finished."""
        return self._end_early(_Ending("interrupted", kept=self._clamped(shown)))

    def abandon(self, error: ErrorInfo) -> bool:
        """Stop the run because the server ends; all its text is kept. False: it had already finished."""
        return self._end_early(_Ending("lost", error, self._clamped(None)))

    def _end_early(self, ending: _Ending) -> bool:
        if self._stop is not None:
            return not self._closed
        if self._pump is None or self._pump.done():
            return False
        self._stop = ending
        self._ledger.stop()
        self._pump.cancel()
        self._pump_over_or_stop.set()
        return True

    def _clamped(self, shown: TextLengths | None) -> TextLengths:
        held = {channel: text.length for channel, text in self.texts.items()}
        if shown is not None:
            held = {channel: min(length, getattr(shown, channel)) for channel, length in held.items()}
        return TextLengths(content=held["content"], reasoning=held["reasoning"])

    # --- the pump -------------------------------------------------------------------------------

    async def _consume(self) -> None:
        """Ask the model and take its answer."""
        with tracing(self._tracing_allowed):
            llm = await self._around.open_model(self._on_progress)
            prompt = await self._around.prompt()
            self._joint = prompt.joint()
            self._set_status("waiting")
            attempt = partial(self._attempt, llm, prompt)
            negotiation = Negotiation(self.info.streaming, self._around, attempt, self._count_down)
            notice = await negotiation.run()
            self.info = self.info.model_copy(update={"notice": notice})

    async def _attempt(self, llm: BaseChatModel, prompt: Prompt, ask: Ask) -> Failure | None:
        """Call the provider once."""
        attempt = Attempt(self.run_id, self._append)
        self.attempts.append(attempt)
        try:
            await attempt.call(llm, prompt.messages, ask, prompt.options)
        except Exception as error:  # noqa: BLE001 - raised again, unless asking otherwise mends it
            # The type alone: the message may hold a key.
            log.debug("Run %s: attempt %d: %s", self.run_id, len(self.attempts), type(error).__name__)
            return Failure(error, attempt.has_text)
        return None

    async def _count_down(self, seconds: float) -> None:
        """Wait, and show how many seconds are left."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            shown = math.ceil(left)
            self._set_status("waiting", Progress(stage="retrying", seconds=shown))
            await asyncio.sleep(left - (shown - 1))
        self._set_status("waiting")

    def _append(self, channel: Channel, text: str) -> None:
        """Take text from the model: kept first, then announced."""
        if self._closed:  # an orphan still speaks; its run has ended
            return
        self._ledger.arrived()
        if channel == "content":
            text = self._joint.add(text)
        self._take(channel, self.texts[channel].append(text))

    def _take(self, channel: Channel, text: str) -> None:
        if not text:
            return
        self._around.keep(channel, text)
        if self._ledger.took(text):
            self._set_status("streaming")
        self._around.grew(self, channel)

    def _on_progress(self, stage: ProgressStage, fraction: float | None, position: int | None) -> None:
        if self._closed or self._ledger.has_text:
            return
        if stage == "loading" and fraction == 1:
            self._set_status("waiting")
            return
        status: RunStatus = "queued" if stage == "queued" else "starting"
        self._set_status(status, Progress(stage=stage, fraction=fraction, position=position))

    def _set_status(self, status: RunStatus, progress: Progress | None = None) -> None:
        self.info = self.info.model_copy(update={"status": status, "progress": progress})
        self._around.progressed(self)

    # --- the supervisor -------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Wait for the pump, or stop it; then write the terminal state, once."""
        assert self._pump is not None
        await self._pump_over_or_stop.wait()
        if self._stop is not None:
            await self._release(self._pump)
        self._take("content", self.texts["content"].append(self._joint.close()))
        for channel, text in self.texts.items():
            self._take(channel, text.close())
        self._closed = True
        self.info = self._final(self._stop or self._ending(self._pump))
        self._report()
        try:
            await self._around.finished(self)
        except Exception:
            log.exception("Run %s: its end could not be written", self.run_id)
        finally:
            self._done.set()
            if self.on_done is not None:
                self.on_done(self)

    async def _release(self, pump: asyncio.Task[None]) -> None:
        """Cancel the pump until it is done; after ``release_seconds`` leave it."""
        deadline = time.monotonic() + self._release_seconds
        while not pump.done() and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait({pump}, timeout=min(_RECANCEL_SECONDS, left))
            if not pump.done():
                pump.cancel()
        if pump.done():
            self._ledger.release()
            _retrieve(pump)
        else:
            log.warning("Run %s: the model ignores the interrupt; it is left behind", self.run_id)
            pump.add_done_callback(_retrieve)

    def _ending(self, pump: asyncio.Task[None]) -> _Ending:
        """Return how a pump that nobody stopped has ended."""
        error = asyncio.CancelledError("cancelled from within") if pump.cancelled() else pump.exception()
        if error is None:
            return _Ending(self.attempts[-1].finish_reason or "stop")
        explained = self._explained(error)
        log.debug("Run %s: %s: %s", self.run_id, explained.code, explained.detail)
        filtered = explained.code in ("content_filter", "model_refused")
        return _Ending("content_filter" if filtered else "error", explained)

    def _explained(self, error: BaseException) -> ErrorInfo:
        try:
            return self._around.explain(error)
        except Exception:
            # An exception whose text cannot be made, say: the run must end all the same.
            log.exception("Run %s: its error could not be explained", self.run_id)
            return _UNEXPLAINED

    def _final(self, ending: _Ending) -> RunInfo:
        digests = {channel: text.digest() for channel, text in self.texts.items()}
        update = {
            "status": "finished",
            "progress": None,
            "finish_reason": ending.finish_reason,
            "kept": ending.kept,
            "error": ending.error,
            "digest": Digests(content=digests["content"], reasoning=digests["reasoning"]),
            "usage": self.attempts[-1].usage if self.attempts else None,
            "timings": self._ledger.timings(),
            "counts": self._ledger.counts(self.attempts),
        }
        return self.info.model_copy(update=update)

    def _report(self) -> None:
        """Write the one line of the run's end, and say when the callback chain lost something."""
        info, counts = self.info, self.info.counts
        assert counts is not None
        assert info.timings is not None
        log.info(
            "Run %s ended: %s%s, %d tokens, %d characters, first after %s ms, %s ms in all",
            self.run_id,
            info.finish_reason,
            f" ({info.error.code})" if info.error else "",
            counts.tokens,
            counts.characters,
            info.timings.first_token_ms,
            info.timings.total_ms,
        )
        if counts.unreported or not counts.tokens == counts.logged == counts.forwarded:
            log.warning("Run %s: the callback chain is not whole: %s", self.run_id, counts)


def _task(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(coroutine, name=name, context=contextvars.Context())


def _retrieve(pump: asyncio.Task[None]) -> None:
    """Take a stopped pump's exception, so that asyncio does not report it as never retrieved."""
    if not pump.cancelled():
        pump.exception()
