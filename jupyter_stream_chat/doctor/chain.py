"""The way of a real answer: a run as for a chat, whose text goes nowhere. Counters and Stop are its own."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..chats.tree import Turn
from ..protocol import Channel, ErrorInfo, Limitation, RunInfo, StreamingMode
from ..providers.adapter import OnProgress
from ..providers.errors import classify
from ..providers.profiles import Profile
from ..runs.continuation import Prompt
from ..runs.prompt import prompt_messages
from ..runs.run import Run
from ..runs.settings import RELEASE_SECONDS, RunSettings
from .direct import LONG, SHORT, answered, does_not_stream
from .findings import Finding, found
from .patient import Patient

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_STOP_AFTER_SECONDS: Final = 5.0
"""Stop is tried when the first text has come, and without one after so long."""
STOP_SECONDS: Final = _STOP_AFTER_SECONDS + 3 * RELEASE_SECONDS
_SLOW_MS: Final = 1000.0


async def whole(patient: Patient) -> Finding:
    """Ask for one answer in one piece."""
    run = await _answered(patient, SHORT, "off")
    if run.info.error:
        return _refused(patient, run.info.error, "direct")
    return answered(str(run.texts["content"]))


async def streamed(patient: Patient) -> Finding:
    """Ask for one answer piece by piece, as a chat would."""
    run = await _answered(patient, LONG, "on" if patient.streaming == "on" else "auto")
    info = run.info
    if info.error and info.error.code == "does_not_stream":
        return does_not_stream(patient, patient.failed(info.error))
    if info.error:
        return _refused(patient, info.error, "direct_streamed")
    if info.notice:
        return does_not_stream(patient, None)
    assert info.counts is not None
    assert info.timings is not None
    first = info.timings.first_token_ms or info.timings.total_ms
    return found("pass", "tokens", count=info.counts.tokens, ms=f"{first:.0f}")


async def counters(patient: Patient) -> Finding:
    """Compare what LangChain reported of the last answer with what was logged and what was forwarded."""
    if patient.answered is None or patient.answered.info.counts is None:
        return found("skip", "nothing_to_count")
    counts = patient.answered.info.counts
    values: dict[str, Any] = {"tokens": counts.tokens, "logged": counts.logged, "forwarded": counts.forwarded}
    if counts.unreported:
        return found("warn", "unreported", **values, characters=counts.unreported)
    if counts.tokens == counts.logged == counts.forwarded:
        return found("pass", "counted", **values)
    return found("warn", "counts_differ", **values)


async def stop(patient: Patient) -> Finding:
    """Ask, press Stop at the first text or soon after, and measure until the provider is let go."""
    around = _Nowhere(patient, LONG)
    run = _start(patient, around, "off" if patient.outcomes.get("direct_streamed") == "fail" else "auto")
    ended = asyncio.ensure_future(run.wait())
    text = asyncio.ensure_future(around.first_text.wait())
    try:
        await asyncio.wait({ended, text}, timeout=_STOP_AFTER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        text.cancel()
        run.interrupt()
        await ended
    return _stopped(patient, run.info)


def _stopped(patient: Patient, info: RunInfo) -> Finding:
    if info.error:
        return found("skip", "stop_not_tried", error=info.error)
    if info.finish_reason != "interrupted":
        return found("pass", "complete_before_stop")
    assert info.timings is not None
    released = info.timings.released_ms
    if released is None:
        return found("fail", "not_released")
    if released > _SLOW_MS:
        return found("warn", "released_late", ms=f"{released:.0f}")
    return found("pass", "released", ms=f"{released:.0f}")


async def _answered(patient: Patient, question: str, mode: StreamingMode) -> Run:
    """Return a run that has ended; it is stopped if the step's time limit ends it."""
    run = _start(patient, _Nowhere(patient, question), mode)
    try:
        await run.wait()
    finally:
        if run.interrupt():
            await run.wait()
    if run.info.error is None:
        patient.answered = run
    return run


def _start(patient: Patient, around: _Nowhere, mode: StreamingMode) -> Run:
    assert isinstance(patient.keyed, Profile)
    info = RunInfo(
        run_id=f"doctor-{uuid.uuid4()}",
        chat_id="doctor-chat",
        message_id="doctor-answer",
        profile_id=patient.keyed.id,
        model=patient.keyed.model_name,
        streaming=mode,
        created_at=time.time(),
    )
    run = Run(info, around, RunSettings(tracing_allowed=patient.tracing, early_stop="off"))
    run.start()
    return run


def _refused(patient: Patient, error: ErrorInfo, without: str) -> Finding:
    """Say why a call failed; where the same call passes without LangChain, what differs."""
    finding = patient.failed(error)
    if patient.outcomes.get(without) != "pass" or finding.field:
        return finding
    return replace(patient.failed(error, "refused_with_parameters"), field="parameters")


class _Nowhere:
    """Surroundings of a run that belongs to no chat."""

    def __init__(self, patient: Patient, question: str) -> None:
        self.first_text = asyncio.Event()
        self._patient = patient
        self._question = question

    async def open_model(self, on_progress: OnProgress) -> BaseChatModel:
        return await self._patient.model()

    async def prompt(self) -> Prompt:
        profile = self._patient.keyed
        system_prompt = profile.parameters.system_prompt if isinstance(profile, Profile) else None
        return Prompt(prompt_messages([Turn(role="user", text=self._question)], system_prompt))

    async def limitations(self) -> Collection[Limitation]:
        return ()

    async def remember(self, limitation: Limitation) -> None:
        pass

    def explain(self, error: BaseException) -> ErrorInfo:
        return classify(error, self._patient.keyed if isinstance(self._patient.keyed, Profile) else None)

    def keep(self, channel: Channel, text: str) -> None:
        pass

    def grew(self, run: Run, channel: Channel) -> None:
        self.first_text.set()

    def progressed(self, run: Run) -> None:
        pass

    async def finished(self, run: Run) -> None:
        pass
