"""What an answer says of a block: a moderation that is told beside the choices, or instead of them. Pure.

Gemini's ``promptFeedback``, Azure's ``prompt_filter_results`` and ``content_filter_results``, Bedrock's
``amazon-bedrock-guardrailAction``, ``moderation`` and ``blocked`` of gateways, in any spelling of their keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors.provider_words import snake_case, words_in
from ..finish_reasons import meaning_of

_USUAL: Final = frozenset(
    {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}
    | {"index", "delta", "message", "finish_reason", "logprobs"}
)
_STATEMENT: Final = re.compile(
    r"block|moderat|filter|safety|guardrail|prompt_feedback|flagged|sensitive|censor|inspection|policy|violat"
)
_FLAG: Final = re.compile(
    r"(^|_)(blocked|filtered|flagged|rejected|intervened|denied|violated|violation|censored|sensitive|unsafe)$"
)
_REASON: Final = re.compile(r"(^|_)(block|blocked|blocking|filter|moderation|rejection)_reasons?(_message)?$")
_VERDICT: Final = re.compile(r"(^|_)(action|status|verdict|result|decision|outcome)$")
_BLOCKS: Final = re.compile(
    r"(guardrail_)?(block(ed)?|reject(ed)?|den(y|ied)|intervened?|filtered|flagged|unsafe|violation|refused?)"
)
_NO_REASON: Final = re.compile(r"|none|null|0|false|(block(ed)?_?reason_)?unspecified|not_(blocked|filtered)")
_END: Final = re.compile(r"((finish|stop|end)_)?reason|incomplete_details")
"""Where an answer without choices says why it ended."""
_MOST_DEPTH: Final = 6
_MOST_SHOWN: Final = 1000
"""Code points of a statement."""


class Blocked(Exception):
    """The provider's moderation says that it blocked the question or the rest of the answer."""

    def __init__(self, statement: str) -> None:
        """``statement`` is what the provider says of it."""
        super().__init__(statement)


class QuestionBlocked(Blocked):
    """No answer came."""


class AnswerBlocked(Blocked):
    """A part of the answer had come."""


def block_in(value: Mapping[str, Any]) -> str | None:
    """Return what an answer or a chunk says of a block, as the provider wrote it; None: nothing.

    An error in it goes first: it says more.
    """
    if value.get("error"):
        return None
    told = _statements(value)
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping):
            told |= _statements(choice)
    if not choices:
        told |= {
            key: each for key, each in value.items() if _END.fullmatch(snake_case(key)) and _filters(each)
        }
    if not told:
        return None
    said = [] if choices else words_in(value)
    return " ".join([*said, json.dumps(told, ensure_ascii=False, default=str)])[:_MOST_SHOWN]


def _statements(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that tell of a block."""
    found = {}
    for key, given in value.items():
        if key in _USUAL or not given or not _STATEMENT.search(snake_case(key)):
            continue
        told = _told(given, 0) if isinstance(given, Mapping | list) else given if _tells(key, given) else None
        if told:
            found[key] = told
    return found


def _filters(end: Any) -> bool:
    """Tell whether a finish reason, or what holds one, is that of a content filter."""
    words = end.values() if isinstance(end, Mapping) else [end]
    return any(isinstance(word, str) and meaning_of(word) == "content_filter" for word in words)


def _told(value: Any, depth: int) -> Any:
    """Return of a statement what tells of a block, with what stands beside it; None: nothing does."""
    if depth > _MOST_DEPTH:
        return None
    if isinstance(value, list):
        return [told for each in value if (told := _told(each, depth + 1))] or None
    if not isinstance(value, Mapping):
        return None
    if any(_tells(key, each) for key, each in value.items() if isinstance(each, str | int)):
        return dict(value)
    inner = {key: told for key, each in value.items() if (told := _told(each, depth + 1))}
    plain = {key: each for key, each in value.items() if isinstance(each, str | int)}
    return {**plain, **inner} if inner else None


def _tells(key: str, value: Any) -> bool:
    """Tell whether an entry says that something was blocked."""
    name, word = snake_case(key), snake_case(str(value).strip())
    if _FLAG.search(name):
        return word in ("true", "1", "yes") or _BLOCKS.fullmatch(word) is not None
    if _REASON.search(name):
        return _NO_REASON.fullmatch(word) is None
    return _VERDICT.search(name) is not None and _BLOCKS.fullmatch(word) is not None
