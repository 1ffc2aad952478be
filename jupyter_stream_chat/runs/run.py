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
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel

from ..chats.text import RunText
from ..protocol import (
    ErrorInfo,
    Notice,
    PartKind,
    PauseReason,
    Progress,
    ProgressStage,
    RunInfo,
    RunStatus,
    TimeLimit,
)
from ..providers.adapter import Pausable
from ..providers.langchain.tracing import tracing
from .answer_buffer import AnswerBuffer
from .attempt import Attempt, RequestMode, remark_on
from .continuation import Prompt
from .outcome import UNEXPLAINED, Outcome, answered, final_info, report, timed_out, too_long
from .pause_buffer import PauseBuffer
from .repetition import Repeat, is_asked_for
from .run_host import RunHost
from .run_stats import RunStats
from .settings import RunSettings
from .streaming_fallback import Failure, StreamingFallback
from .watchdog import Watchdog

log = logging.getLogger(__name__)

_RECANCEL_SECONDS = 0.15
"""Between two cancels: time for ``finally`` blocks, which a second cancel would cut short."""

_WENT_ON = Notice(
    code="went_on_repeating",
    message="The answer repeats itself; it was not stopped, because nobody could be asked.",
)


class Run:
    """A generation under way, or over. Implements ``chats.feed.LiveRun``."""

    def __init__(self, info: RunInfo, host: RunHost, settings: RunSettings | None = None) -> None:
        """Prepare a run; ``start`` starts it."""
        self.info = info
        self.attempts: list[Attempt] = []
        self.on_done: Callable[[Run], None] | None = None
        """Called once, right after the terminal state has been written."""
        self._host = host
        self._settings = settings or RunSettings()
        self._stats = RunStats()
        self._watchdog = Watchdog(self._settings.timeouts, self._expired)
        looks = self._settings.on_repetition != "off"
        self._buffer = AnswerBuffer(self, self._stats, self._on_repetition if looks else None)
        self._status: tuple[RunStatus, Progress | None] = (info.status, info.progress)
        """What the run does, or would do if it were not paused."""
        self._llm: BaseChatModel | None = None
        self._closed = False
        self._goes_on = False
        self._question = ""
        self._remark: Notice | None = None
        self._stop: Outcome | None = None
        self._pump_over_or_stop = asyncio.Event()
        self._not_paused = asyncio.Event()
        self._not_paused.set()
        self._done = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.info.run_id

    @property
    def text(self) -> RunText:
        """The text so far."""
        return self._buffer.text

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

    # --- from outside ---------------------------------------------------------------------------

    def interrupt(self, shown: Sequence[int] | None = None) -> bool:
        """Stop the run and keep what was shown. The first stop wins; False: it had already finished."""
        pause_buffer = self._buffer.pause_buffer
        if shown is None and pause_buffer is not None:
            shown = pause_buffer.shown
        kept = self._buffer.clamped(shown)
        goes_round = pause_buffer is not None and pause_buffer.reason == "repetition"
        return self._end_early(Outcome("repetition" if goes_round else "interrupted", kept=kept))

    def abandon(self, error: ErrorInfo) -> bool:
        """Stop the run because the server ends; all its text is kept. False: it had already finished."""
        return self._end_early(Outcome("lost", error, self._buffer.clamped(None)))

    def pause(self, shown: Sequence[int] | None = None, reason: PauseReason = "asked") -> bool:
        """Add nothing more to the text until ``resume``. False: it had already finished, or was stopped.

        A model that can be paused computes nothing; the text of any other is held back, within bounds. Every
        pause ends by itself: the run ends then with what was shown.
        """
        if self._buffer.pause_buffer is not None:
            return self._stop is None
        if self._stop is not None or self._pump is None or self._pump.done():
            return False
        # A pause that nobody asked for is short: a notebook or a script has nobody to answer.
        can_wait = isinstance(self._llm, Pausable) and reason == "asked"
        seconds = self._settings.max_pause_seconds
        if not can_wait:
            seconds = min(seconds, self._settings.auto_end_seconds)
        self._buffer.pause_buffer = PauseBuffer(
            reason,
            seconds,
            self._buffer.clamped(shown),
            self._settings.buffer_characters,
            self._paused_too_long,
        )
        self._not_paused.clear()
        self._watchdog.pause()
        if isinstance(self._llm, Pausable):
            self._llm.pause()
        self._tell_status()
        return True

    def resume(self) -> bool:
        """Go on after a pause. False: the run had already finished, or was stopped."""
        if self._closed or self._stop is not None:
            return False
        if self._buffer.pause_buffer is not None:
            if isinstance(self._llm, Pausable):
                self._llm.resume()
            self._watchdog.resume()
            self._buffer.release()
            self._not_paused.set()
            self._tell_status()
        return True

    def _end_early(self, ending: Outcome) -> bool:
        if self._stop is not None:
            return not self._closed
        if self._pump is None or (self._pump.done() and self._buffer.pause_buffer is None):
            return False
        self._stop = ending
        self._stats.stop()
        self._watchdog.close()
        self._pump.cancel()
        self._pump_over_or_stop.set()
        self._not_paused.set()
        return True

    # --- from within ----------------------------------------------------------------------------

    def _expired(self, limit: TimeLimit) -> None:
        self._end_early(timed_out(limit))

    def _paused_too_long(self) -> None:
        pause_buffer = self._buffer.pause_buffer
        assert pause_buffer is not None
        if pause_buffer.reason == "repetition":
            self._end_early(Outcome("repetition", kept=pause_buffer.shown))
        else:
            limit = TimeLimit(limit_kind="resume", seconds=pause_buffer.seconds)
            self._end_early(timed_out(limit, pause_buffer.shown))

    def _on_repetition(self, loop: Repeat) -> None:
        if is_asked_for(self._question, loop):
            return
        log.info("Run %s repeats %d characters %d times", self.run_id, len(loop.pattern), loop.times)
        if self._settings.on_repetition == "ask" and not self._settings.attended:
            self._remark = _WENT_ON
        elif self._settings.on_repetition == "ask":
            self.pause(reason="repetition")
        else:
            self._end_early(Outcome("repetition", kept=self._buffer.clamped(None)))

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        """Put text of a part where it survives the process."""
        return self._host.keep(part, kind, text, on_written)

    def began(self) -> None:
        """Take note of the first text."""
        self._set_status("streaming")

    def on_text(self) -> None:
        """Tell the readers that there is more text."""
        self._host.on_text(self)

    # --- the pump -------------------------------------------------------------------------------

    async def _consume(self) -> None:
        """Ask the model and take its answer."""
        await self._settings.admission_gate.enter()
        with tracing(self._settings.tracing_allowed):
            llm = await self._host.open_model(self._on_progress)
            self._llm = llm
            if self._buffer.pause_buffer is not None and isinstance(llm, Pausable):
                llm.pause()
                self._extend_pause()
            prompt = await self._host.prompt()
            self._buffer.continues(prompt)
            self._goes_on = bool(prompt.kept)
            self._remark = prompt.notice
            self._question = prompt.question
            self._set_status("waiting")
            attempt = partial(self._attempt, llm, prompt)
            fallback = StreamingFallback(self.info.streaming, self._host, attempt, self._count_down)
            notice = await fallback.run() or remark_on(self.attempts[-1].remarks) or self._remark
            self.info = self.info.model_copy(update={"notice": notice})

    async def _attempt(self, llm: BaseChatModel, prompt: Prompt, ask: RequestMode) -> Failure | None:
        """Call the provider once."""
        attempt = Attempt(self.run_id, self._append, self._settings.admission_gate)
        self.attempts.append(attempt)
        self._watchdog.ask(streamed=ask.streamed)
        if ask.opens_reasoning:
            self._buffer.begins_inside_reasoning()
        try:
            await attempt.call(llm, prompt.messages, ask, prompt.options)
        except Exception as error:  # noqa: BLE001 - raised again, unless asking otherwise mends it
            # The type alone: the message may hold a key.
            log.debug("Run %s: attempt %d: %s", self.run_id, len(self.attempts), type(error).__name__)
            return Failure(error, attempt.has_text)
        finally:
            self._watchdog.stop_timer()
        return None

    async def _count_down(self, seconds: float) -> None:
        """Wait, and show how many seconds are left."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            shown = math.ceil(left)
            self._set_status("waiting", Progress(stage="retrying", seconds=shown))
            await asyncio.sleep(left - (shown - 1))
        self._set_status("waiting")

    def _append(self, kind: PartKind, text: str) -> None:
        """Take text from the model: kept first, then announced."""
        if self._closed:  # an orphaned model still generates; its run has ended
            return
        self._stats.arrived()
        self._watchdog.on_token()
        self._buffer.add(kind, text)
        if self._buffer.characters >= self._settings.max_characters:
            self._end_early(too_long(self._settings.max_characters))

    def _on_progress(self, stage: ProgressStage, fraction: float | None, position: int | None) -> None:
        if self._closed or self._stats.has_text:
            return
        if stage == "loading" and fraction == 1:
            self._watchdog.wait()
            self._set_status("waiting")
            return
        self._watchdog.stop_timer()
        status: RunStatus = "queued" if stage == "queued" else "starting"
        self._set_status(status, Progress(stage=stage, fraction=fraction, position=position))

    def _set_status(self, status: RunStatus, progress: Progress | None = None) -> None:
        self._status = (status, progress)
        self._tell_status()

    def _tell_status(self) -> None:
        status, progress = self._status
        now: dict[str, Any] = {"status": status, "progress": progress, "pause": None}
        if pause_buffer := self._buffer.pause_buffer:
            now = {"status": "paused", "progress": None, "pause": pause_buffer.pause}
        self.info = self.info.model_copy(update=now)
        self._host.progressed(self)

    # --- the supervisor -------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Wait for the pump, or stop it; then write the terminal state, once."""
        assert self._pump is not None
        await self._pump_over_or_stop.wait()
        self._extend_pause()
        await self._not_paused.wait()
        if self._stop is not None:
            await self._release(self._pump)
        self._watchdog.close()
        self._closed = True
        await self._buffer.close()
        ending = self._stop or self._ending(self._pump)
        if self._buffer.opened_its_reasoning is not None:
            ending = await self._learned_where_it_began(ending)
        ending = replace(ending, kept=self._buffer.reclassified(ending.kept))
        self.info = final_info(self.info, ending, self.text, self.attempts, self._stats)
        report(self.info)
        try:
            await self._host.finished(self)
        except Exception:
            log.exception("Run %s: its end could not be written", self.run_id)
        finally:
            self._done.set()
            if self.on_done is not None:
                self.on_done(self)

    async def _learned_where_it_began(self, ending: Outcome) -> Outcome:
        """Remember that answers of this deployment begin inside their reasoning, or do not any more."""
        opened = self._buffer.opened_its_reasoning
        if not opened and (self._stop is not None or not self._finished_by_itself):
            return ending
        if not opened and self._pump is not None:
            self._buffer.is_no_reasoning()
            ending = self._ending(self._pump)
        try:
            await (self._host.remember if opened else self._host.forget)("opens_reasoning")
        except Exception:
            log.exception("Run %s: where its reasoning began could not be remembered", self.run_id)
        return ending

    @property
    def _finished_by_itself(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].finish_reason == "stop"

    def _extend_pause(self) -> None:
        """Let a pause that was asked for last longer: the model has ended, or can be paused itself."""
        pause_buffer = self._buffer.pause_buffer
        if self._stop is None and pause_buffer is not None and pause_buffer.reason == "asked":
            pause_buffer.end_after(self._settings.max_pause_seconds)
            self._tell_status()

    async def _release(self, pump: asyncio.Task[None]) -> None:
        """Cancel the pump until it is done; after the settings' time leave it."""
        deadline = time.monotonic() + self._settings.release_seconds
        while not pump.done() and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait({pump}, timeout=min(_RECANCEL_SECONDS, left))
            if not pump.done():
                pump.cancel()
        if pump.done():
            self._stats.release()
            _retrieve(pump)
        else:
            log.warning("Run %s: the model ignores the interrupt; it is left behind", self.run_id)
            pump.add_done_callback(_retrieve)

    def _ending(self, pump: asyncio.Task[None]) -> Outcome:
        """Return how a pump that nobody stopped has ended."""
        error = asyncio.CancelledError("cancelled from within") if pump.cancelled() else pump.exception()
        if error is None:
            return answered(self.attempts[-1], self.text, goes_on=self._goes_on)
        explained = self._explained(error)
        log.debug("Run %s: %s: %s", self.run_id, explained.code, explained.detail)
        filtered = explained.code in ("content_filter", "model_refused")
        return Outcome("content_filter" if filtered else "error", explained)

    def _explained(self, error: BaseException) -> ErrorInfo:
        try:
            return self._host.explain(error)
        except Exception:
            # An exception whose text cannot be made, say: the run must end all the same.
            log.exception("Run %s: its error could not be explained", self.run_id)
            return UNEXPLAINED


def _task(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(coroutine, name=name, context=contextvars.Context())


def _retrieve(pump: asyncio.Task[None]) -> None:
    """Take a stopped pump's exception, so that asyncio does not report it as never retrieved."""
    if not pump.cancelled():
        pump.exception()
