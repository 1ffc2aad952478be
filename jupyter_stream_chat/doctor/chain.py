"""The way of a real answer: a run as for a chat, whose text goes nowhere. Counters and Stop are its own."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..chats.feed import LiveRun
from ..chats.tree import Turn
from ..protocol import ErrorInfo, Notice, PartKind, RunInfo, StreamingMode, TextPart
from ..providers.adapter import OnProgress
from ..providers.profiles.profile import Profile
from ..runs.continuation import Prompt
from ..runs.prompt import prompt_messages
from ..runs.run import Run
from ..runs.settings import RELEASE_SECONDS, RunSettings
from ..runs.streaming_fallback import NoMemory
from .context import Context
from .direct import LONG, SHORT, answered, does_not_stream, empty_stream, noted
from .findings import Finding, found
from .received import FILTERED

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_STOP_AFTER_SECONDS: Final = 5.0
"""Stop is tried when the first text has come, and without one after so long."""
STOP_SECONDS: Final = _STOP_AFTER_SECONDS + 3 * RELEASE_SECONDS
_SLOW_MS: Final = 1000.0


async def whole(context: Context) -> Finding:
    """Ask for one answer in one piece."""
    run = await _answered(context, SHORT, "off")
    if run.info.error:
        return _refused(context, run.info.error, "direct")
    return _ended(context, run) or answered("".join(str(part) for part in run.text if part.kind == "text"))


async def streamed(context: Context) -> Finding:
    """Ask for one answer piece by piece, as a chat would."""
    run = await _answered(context, LONG, "on" if context.streaming == "on" else "auto")
    info = run.info
    if info.error and info.error.code == "does_not_stream":
        return does_not_stream(context, "refuses_streaming", context.failed(info.error).detail)
    if info.error:
        return _refused(context, info.error, "direct_streamed")
    if ended := _ended(context, run):
        return ended
    assert info.counts is not None
    assert info.timings is not None
    first = info.timings.first_token_ms or info.timings.total_ms
    return found("pass", "tokens", count=info.counts.tokens, ms=f"{first:.0f}")


def _ended(context: Context, run: Run) -> Finding | None:
    """Say what is odd about an answer that came; None: it is as it should be."""
    if run.info.finish_reason == "content_filter":
        return context.failed(FILTERED)
    match run.info.notice:
        case None:
            return None
        case Notice(code="answered_whole"):
            return does_not_stream(context, "refuses_streaming", None)
        case Notice(code="streaming_failed"):
            return does_not_stream(context, "fails_streaming", None)
        case Notice(code="empty_stream"):
            return empty_stream(context, None)
        case notice:
            return noted(context, notice)


async def counters(context: Context) -> Finding:
    """Compare what LangChain reported of the last answer with what was logged and what was forwarded."""
    if context.answered is None or context.answered.info.counts is None:
        return found("skip", "nothing_to_count")
    counts = context.answered.info.counts
    values: dict[str, Any] = {"tokens": counts.tokens, "logged": counts.logged, "forwarded": counts.forwarded}
    if counts.unreported:
        return found("warn", "unreported", **values, characters=counts.unreported)
    if counts.tokens == counts.logged == counts.forwarded:
        return found("pass", "counted", **values)
    return found("warn", "counts_differ", **values)


async def stop(context: Context) -> Finding:
    """Ask, press Stop at the first text or soon after, and measure until the provider has disconnected."""
    host = _NoHost(context, LONG)
    run = _start(context, host, "off" if context.outcomes.get("direct_streamed") == "fail" else "auto")
    ended = asyncio.ensure_future(run.wait())
    text = asyncio.ensure_future(host.first_text.wait())
    try:
        await asyncio.wait({ended, text}, timeout=_STOP_AFTER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        text.cancel()
        run.interrupt()
        await ended
    return _stopped(context, run.info)


def _stopped(context: Context, info: RunInfo) -> Finding:
    if info.error:
        return found("skip", "stop_not_tried", error=info.error)
    if info.finish_reason != "interrupted":
        return found("pass", "complete_before_stop")
    assert info.timings is not None
    released = info.timings.disconnect_ms
    if released is None:
        return found("fail", "not_released")
    if released > _SLOW_MS:
        return found("warn", "released_late", ms=f"{released:.0f}")
    return found("pass", "released", ms=f"{released:.0f}")


async def _answered(context: Context, question: str, mode: StreamingMode) -> Run:
    """Return a run that has ended; it is stopped if the step's time limit ends it."""
    run = _start(context, _NoHost(context, question), mode)
    try:
        await run.wait()
    finally:
        if run.interrupt():
            await run.wait()
    if run.info.error is None:
        context.answered = run
    return run


def _start(context: Context, host: _NoHost, mode: StreamingMode) -> Run:
    assert isinstance(context.keyed, Profile)
    info = RunInfo(
        run_id=f"doctor-{uuid.uuid4()}",
        chat_id="doctor-chat",
        message_id="doctor-answer",
        profile_id=context.keyed.id,
        model=context.keyed.model_name,
        streaming=mode,
        created_at=time.time(),
    )
    run = Run(info, host, RunSettings(tracing_allowed=context.tracing, on_repetition="off"))
    run.start()
    return run


def _refused(context: Context, error: ErrorInfo, without: str) -> Finding:
    """Say why a call failed; where the same call passes without LangChain, what differs."""
    finding = context.failed(error)
    if context.outcomes.get(without) != "pass" or finding.field:
        return finding
    return replace(context.failed(error, "refused_with_parameters"), field="parameters")


class _NoHost(NoMemory):
    """The host of a run that belongs to no chat."""

    def __init__(self, context: Context, question: str) -> None:
        self.first_text = asyncio.Event()
        self._patient = context
        self._question = question

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        return await self._patient.model()

    async def prompt(self) -> Prompt:
        profile = self._patient.keyed
        system_prompt = profile.parameters.system_prompt if isinstance(profile, Profile) else None
        return Prompt(prompt_messages([Turn("user", [TextPart(text=self._question)])], system_prompt))

    def explain(self, error: BaseException) -> ErrorInfo:
        assert isinstance(self._patient.keyed, Profile)
        return self._patient.explain(error, self._patient.keyed)

    def keep(self, part: int, kind: PartKind, text: str, on_written: Callable[[], None]) -> bool:
        return True

    def on_text(self, run: LiveRun) -> None:
        self.first_text.set()

    def progressed(self, run: LiveRun) -> None:
        pass

    async def finished(self, run: LiveRun) -> None:
        pass
