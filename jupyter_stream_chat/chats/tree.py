"""Messages and their parts: what a reader sees, what the next prompt holds, which branch is active. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..protocol import WRITTEN_PARTS, Digest, Message, Part, Role, RunInfo, TextPart, WrittenPart
from .text import RunText
from .title import title_from


@dataclass(frozen=True)
class Turn:
    """A message of the conversation, as far as it counts."""

    role: Role
    parts: Sequence[Part]
    message_id: str = ""


def conversation(messages: Iterable[Message]) -> list[Turn]:
    """Return the messages with the parts of them that count."""
    return [Turn(message.role, effective_parts(message), message.message_id) for message in messages]


def run_id_of(part: Part) -> str | None:
    """Return the run that wrote a part; None: a user did."""
    return part.run_id if isinstance(part, WrittenPart) else None


def effective_parts(message: Message) -> list[Part]:
    """Return a message's parts as far as they count: of an interrupted run, what was kept.

    A text without a run is the user's own and replaces all that an answer's runs wrote before it.
    """
    kept = {run.run_id: run.kept for run in message.runs}
    numbers: Counter[str | None] = Counter()
    parts: list[Part] = []
    for part in message.content:
        if not isinstance(part, WrittenPart):
            parts.append(part)
            continue
        lengths = kept.get(part.run_id or "")
        number = numbers[part.run_id]
        numbers[part.run_id] += 1
        if part.run_id is None and message.role == "assistant":
            parts.clear()
        if lengths is not None:
            length = lengths[number] if number < len(lengths) else 0
            part = part.model_copy(update={"text": part.text[:length]})
        parts.append(part)
    return parts


def text_of(message: Message) -> str:
    """Return a message's text as far as it counts, without reasoning."""
    return "".join(part.text for part in effective_parts(message) if isinstance(part, TextPart))


def edited(message: Message, text: str | None) -> Message:
    """Return an answer of which ``text`` counts; None: what was shown of what its runs wrote.

    The runs' parts stay, so that their digests stay true.
    """
    written_by_runs = [part for part in message.content if run_id_of(part) is not None]
    own = [] if text is None else [TextPart(text=text)]
    return message.model_copy(update={"content": written_by_runs + own})


def title_of(message: Message) -> str:
    """Return the title that a question gives to a chat without one."""
    return title_from(text_of(message))


def parts_of(run_id: str, text: RunText) -> list[Part]:
    """Return a run's text as content parts."""
    return [WRITTEN_PARTS[part.kind](text=str(part), run_id=run_id) for part in text if part.length]


def run_text_of(message: Message, run_id: str) -> RunText:
    """Return what a run has written of a message."""
    return RunText(
        (part.type, part.text)
        for part in message.content
        if isinstance(part, WrittenPart) and part.run_id == run_id
    )


def digests_of(text: RunText) -> list[Digest]:
    """Return the check value of each part."""
    return [Digest(length=part.length, crc32=part.crc32) for part in text]


def written(message: Message, run: RunInfo, parts: Sequence[Part]) -> Message:
    """Return the answer with ``run`` as it now is, and the parts that it has written so far."""
    runs = [run if known.run_id == run.run_id else known for known in message.runs]
    if run not in runs:
        runs.append(run)
    content = [part for part in message.content if run_id_of(part) != run.run_id]
    return message.model_copy(update={"content": [*content, *parts], "runs": runs})


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
