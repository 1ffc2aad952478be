"""Messages and their parts: what a reader sees, what the next prompt holds, which branch is active. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..protocol import Channel, Message, Part, ReasoningPart, Role, RunInfo, TextPart

TITLE_CODE_POINTS = 60


@dataclass(frozen=True)
class Turn:
    """A message as the next prompt has it."""

    role: Role
    text: str


def conversation(messages: Iterable[Message]) -> list[Turn]:
    """Return what goes into a prompt: text that counts, without reasoning; empty messages are left out."""
    turns = (Turn(message.role, text_of(message)) for message in messages)
    return [turn for turn in turns if turn.text]


def text_of(message: Message) -> str:
    """Return a message's text as far as it counts: of an interrupted run, what was kept.

    A text of the reader's own stands for all that an answer's runs wrote before it.
    """
    kept = {run.run_id: run.kept.content for run in message.runs if run.kept is not None}
    texts = [part for part in message.content if isinstance(part, TextPart)]
    if message.role == "assistant":
        texts = texts[_own_text_of(texts) :]
    return "".join(part.text[: kept.get(part.run_id or "")] for part in texts)


def _own_text_of(texts: Sequence[TextPart]) -> int:
    """Return where an answer's text begins to count: at the last one that no run wrote."""
    return max((at for at, part in enumerate(texts) if part.run_id is None), default=0)


def edited(message: Message, text: str | None) -> Message:
    """Return an answer of which ``text`` counts; None: what was shown of what its runs wrote.

    What they wrote stays, so that their digests stay true.
    """
    written_by_runs = [part for part in message.content if part.run_id is not None]
    own = [] if text is None else [TextPart(text=text)]
    return message.model_copy(update={"content": written_by_runs + own})


def title_of(message: Message) -> str:
    """Return the title that a question gives to a chat without one: its first line, shortened."""
    lines = (line.strip() for line in text_of(message).splitlines())
    return next((line for line in lines if line), "")[:TITLE_CODE_POINTS].rstrip()


def parts_of(run_id: str, texts: Mapping[Channel, str]) -> list[Part]:
    """Return a run's text as content parts; an empty channel is none."""
    parts: list[Part] = []
    if reasoning := texts["reasoning"]:
        parts.append(ReasoningPart(text=reasoning, run_id=run_id))
    if content := texts["content"]:
        parts.append(TextPart(text=content, run_id=run_id))
    return parts


def written(message: Message, run: RunInfo, texts: Mapping[Channel, str]) -> Message:
    """Return the answer with ``run`` as it now is, and the text that it has written so far."""
    runs = [run if known.run_id == run.run_id else known for known in message.runs]
    if run not in runs:
        runs.append(run)
    content = [part for part in message.content if part.run_id != run.run_id]
    return message.model_copy(update={"content": content + parts_of(run.run_id, texts), "runs": runs})


def follow(branch: Sequence[Message], message: Message) -> list[Message] | None:
    """Return the active branch once ``message`` is added: the newest message and all that it follows.

    None when its parent is not held: the branch must then be read anew.
    """
    trunk = up_to(branch, message.parent_id)
    return None if trunk is None else [*trunk, message]


def up_to(branch: Sequence[Message], parent_id: str | None) -> list[Message] | None:
    """Return the branch as far as the message ``parent_id``, or None when that is not held."""
    if parent_id is None:
        return []
    for index in range(len(branch) - 1, -1, -1):
        if branch[index].message_id == parent_id:
            return list(branch[: index + 1])
    return None
