"""What the words mean with which providers end an answer. Pure.

OpenAI's words, and those of Azure, Anthropic, Gemini, Mistral, Cohere, DeepSeek, Zhipu, Bedrock, vLLM, SGLang
and OpenRouter (whose ``native_finish_reason`` is its upstream's own word).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..protocol import FinishReason

_WORDS: Final[dict[FinishReason, str]] = {
    "stop": "stop stopped end_turn end_of_turn eos eos_id eos_token eot_id eom_id im_end /s end_of_text "
    "end_of_message end_of_sequence endoftext end complete completed done finish finished finished_normally "
    "natural normal stop_sequence stop_sequences stop_string stop_str stop_token matched_stop success "
    "tool_calls tool_call tool_use function_call",
    "length": "length max_tokens max_token max_length max_output_tokens max_new_tokens max_completion_tokens "
    "max_predicted_tokens model_length token_limit length_limit output_limit length_cap context_length "
    "max_context_length context_window model_context_window",
    "content_filter": "content_filter content_filtered contentfilter content_filter_error filtered safety "
    "refusal refused recitation prohibited_content blocklist blocked spii image_safety guardrail_intervened "
    "guardrails sensitive error_toxic toxic moderation flagged language content_policy_violation "
    "policy_violation",
}
_MEANING: Final[dict[str, FinishReason]] = {
    word: meaning for meaning, words in _WORDS.items() for word in words.split()
}
_NONE: Final = frozenset({"", "null", "none", "undefined", "finish_reason_unspecified", "unspecified"})
_REACHED: Final = re.compile(r"_(reached|exceeded|hit|found|triggered)$")
"""What some servers add to a word."""
_FILTERED: Final = re.compile(r"safety|guardrail|content_filter|moderation|policy_violation")
_ENUM: Final = re.compile(r"^(?:\w+\.)+(?=\w+$)")
"""The class before a word; not a sentence, which an object's message may be."""
_CAMEL_CASE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ERROR: Final = re.compile(r"error|fail|timeout|unavailable")
_FAILURE: Final = re.compile(
    r"error|fail|abort|cancel|timeout|timed_out|network|insufficient|unavailable|overload|limit_exceeded"
    r"|interrupt|malformed|disconnect|unexpected|recitation|safety|prohibited|blocklist"
)


def word_of(reason: object) -> str | None:
    """Return a finish reason as a provider wrote it; None: it gave none."""
    if isinstance(reason, list):
        return next((word for each in reason if (word := word_of(each))), None)
    if isinstance(reason, Mapping):  # SGLang's own: {"type": "abort", "message": ...}
        word = word_of(reason.get("type") or reason.get("reason"))
        if word is None:
            return " ".join(str(dict(reason)).split()) if reason else None
        said = reason.get("message")
        return f"{word}: {' '.join(said.split())}" if isinstance(said, str) and said.strip() else word
    if isinstance(reason, bool) or not isinstance(reason, str | int):
        return None
    word = str(reason).strip()
    return None if _plain(word) in _NONE else word


def meaning_of(word: str) -> FinishReason | None:
    """Return what a finish reason means; None: nobody knows, so the answer is not known to be complete."""
    # Gemini adds its own word behind the one of OpenAI's protocol: content_filter: PROHIBITED_CONTENT.
    for plain in (_plain(word), _plain(word.partition(":")[0])):
        if meaning := _MEANING.get(plain) or _MEANING.get(_REACHED.sub("", plain)):
            return meaning
    plain = _plain(word)
    return "content_filter" if _FILTERED.search(plain) and not _ERROR.search(plain) else None


def graver(one: str | None, other: str) -> str:
    """Return which of two words counts where an answer ends twice: a failure, then a limit, then the later.

    ``one`` came first; None: it has not ended before.
    """
    return other if one is None or _gravity(other) >= _gravity(one) else one


def _gravity(word: str) -> int:
    meaning = meaning_of(word)
    if meaning is None:
        # A word that nobody knows may stand in each chunk for 'not yet'.
        return 3 if _FAILURE.search(word.lower()) else 0
    return 0 if meaning == "stop" else 1 if meaning == "length" else 2


def decisive(reason: object, native: object) -> str | None:
    """Return the word to believe of two: an upstream's own word counts where it tells of a failure.

    ``native`` is the upstream's word, which a gateway may have turned into ``stop``.
    """
    word, own = word_of(reason), word_of(native)
    if word is None or own is None or own == word:
        return word
    if meaning_of(word) is None:
        return f"{word} ({own})"
    tells_more = meaning_of(own) != meaning_of(word) and _FAILURE.search(_plain(own))
    return own if tells_more else word


def _plain(word: str) -> str:
    """Return a word without its spelling: ``FinishReason.MAX_TOKENS``, ``maxTokens`` are ``max_tokens``."""
    given = _ENUM.sub("", word.strip().strip("<|>."))
    plain = re.sub(r"[\s-]+", "_", _CAMEL_CASE.sub("_", given).lower())
    return plain if plain == "finish_reason_unspecified" else plain.removeprefix("finish_reason_")
