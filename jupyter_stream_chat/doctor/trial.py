"""One short question to a model without a chat, as *Try* asks it: in one piece, and judged as in a chat."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from ..protocol import ErrorInfo
from ..providers.errors.classify import ProviderProblem
from ..runs.admission_gate import AdmissionGate
from ..runs.attempt import Attempt, RequestMode
from ..runs.streaming_fallback import Failure, NoMemory, StreamingFallback
from .received import ReceivedAnswer

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_QUESTION: Final = "Answer with one word: ready."


async def tried(llm: BaseChatModel) -> str:
    """Return a model's answer to a short question. Raises why there is none that a chat would show.

    A model that only streams is asked once more, as in a chat; a busy one is not waited for.
    """
    trial = _Trial(llm)
    await StreamingFallback("off", trial, trial.ask, trial.wait).run()
    attempt = trial.attempts[-1]
    # The call itself has raised what the provider said.
    fault = await trial.received.judge(attempt.end_word, attempt.remarks)
    if isinstance(fault, ErrorInfo):
        raise ProviderProblem(fault)
    if fault is not None:
        raise fault
    return trial.received.text


class _Trial(NoMemory):
    """The calls of one trial."""

    def __init__(self, llm: BaseChatModel) -> None:
        self.received = ReceivedAnswer()
        self.attempts: list[Attempt] = []
        self._llm = llm
        self._failures: list[Exception] = []

    async def ask(self, mode: RequestMode) -> Failure | None:
        from langchain_core.messages import HumanMessage  # loaded with the model

        attempt = Attempt(f"trial-{uuid.uuid4()}", self.received.add, AdmissionGate())
        self.attempts.append(attempt)
        try:
            await attempt.call(self._llm, [HumanMessage(_QUESTION)], mode, {})
        except Exception as error:  # noqa: BLE001 - raised again, unless asking otherwise mends it
            self._failures.append(error)
            return Failure(error, attempt.has_text)
        return None

    async def wait(self, seconds: float) -> None:
        raise self._failures[-1]
