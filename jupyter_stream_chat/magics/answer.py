"""What ``%chat`` returns: the answer, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ..chats.text import RunText

if TYPE_CHECKING:
    from ..protocol import PartKind


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    guessed_tokens: int = 0
    """Tokens that a local model guessed ahead (speculative decoding)."""
    accepted_tokens: int = 0
    """Of these, how many the model accepted."""

    @classmethod
    def of(cls, told: Mapping[str, int]) -> Usage:
        """Return what a server told. It may be newer than this kernel's package and tell more."""
        return cls(**{each.name: told[each.name] for each in fields(cls) if each.name in told})


@dataclass(frozen=True, repr=False)
class Answer:
    """An answer. ``str(answer)`` is its text, ``repr(answer)`` a line about it."""

    text: str
    """What was kept: all, or what was shown when it was stopped."""
    finish_reason: str
    """``stop``, ``length``, ``interrupted`` and so on (``protocol.FinishReason``)."""
    chat_id: str
    """The chat, which the panel lists as well."""
    message_id: str = ""
    run_id: str = ""
    profile_id: str = ""
    model: str = ""
    reasoning: str = field(default="", repr=False)
    """What the model thought aloud before it answered."""
    usage: Usage | None = None
    time_to_first_token: float | None = None
    """Seconds from the question's arrival at the server."""
    seconds: float | None = None
    """From the question's arrival to the end."""
    notice: str = ""
    """How it came about, where that is not as one expects."""

    @property
    def tokens_per_second(self) -> float | None:
        """How fast it was written, from its first token on; None where the provider counts no tokens."""
        if self.usage is None or self.seconds is None or self.time_to_first_token is None:
            return None
        writing = self.seconds - self.time_to_first_token
        return self.usage.output_tokens / writing if writing > 0 else None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        said = [f"{len(self.text):,} characters"]
        if self.usage is not None:
            said.append(f"{self.usage.output_tokens:,} tokens")
        if self.time_to_first_token is not None:
            said.append(f"first after {self.time_to_first_token:.2f} s")
        if self.tokens_per_second is not None:
            said.append(f"{self.tokens_per_second:.0f} tokens/s")
        if self.finish_reason != "stop":
            said.append(self.finish_reason)
        return f"<Answer: {', '.join(said)}>"


def text_of(text: RunText, kind: PartKind = "text", kept: Sequence[int] | None = None) -> str:
    """Return the parts of one kind, joined; ``kept`` is how much of each part counts (None: all)."""
    lengths = text.lengths if kept is None else text.clamp(kept)
    counted = zip(text, lengths, strict=True)
    return "".join(str(part)[:length] for part, length in counted if part.kind == kind)


def answer_of(run: Mapping[str, Any], text: RunText) -> Answer:
    """Return the answer of an ended run (``protocol.RunInfo``) that wrote ``text``."""
    kept = run.get("kept")
    timings = run.get("timings") or {}
    usage = run.get("usage")
    first, total = timings.get("first_token_ms"), timings.get("total_ms")
    return Answer(
        text=text_of(text, "text", kept),
        reasoning=text_of(text, "reasoning", kept),
        finish_reason=str(run["finish_reason"]),
        chat_id=str(run["chat_id"]),
        message_id=str(run["message_id"]),
        run_id=str(run["run_id"]),
        profile_id=str(run["profile_id"]),
        model=str(run["model"]),
        usage=Usage.of(usage) if usage else None,
        time_to_first_token=None if first is None else first / 1000,
        seconds=None if total is None else total / 1000,
        notice=str((run.get("notice") or {}).get("message") or ""),
    )
