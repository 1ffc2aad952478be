"""Token ids become text as soon as they are whole characters, exactly as decoding them all at once would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokenizers.decoders import DecodeStream

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Detokenizer(Protocol):
    """Text of one answer. Special tokens give no text."""

    def add(self, token_id: int) -> str:
        """Return the text that this token completes; "" while a character is still in pieces."""

    def flush(self) -> str:
        """Return what was held back: pieces that never became a character."""


class FastDetokenizer:
    """The exact one, for tokenizers that run in ``tokenizers`` (nearly all)."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Needs the tokenizer's ``backend_tokenizer``."""
        self._backend = tokenizer.backend_tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._ids: list[int] = []
        self._length = 0

    def add(self, token_id: int) -> str:
        """Return the text that this token completes."""
        self._ids.append(token_id)
        text = self._stream.step(self._backend, token_id) or ""
        self._length += len(text)
        return text

    def flush(self) -> str:
        """Return what was held back (``DecodeStream`` has no end of its own)."""
        whole: str = self._backend.decode(self._ids, skip_special_tokens=True)
        return whole[self._length :]


class WindowDetokenizer:
    """For tokenizers written in Python: decodes a window from the last whole character on."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Needs ``decode`` alone."""
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._begin = 0  # one piece of text before `_shown`, because decoders treat the first token specially
        self._shown = 0

    def add(self, token_id: int) -> str:
        """Return the text that this token completes."""
        self._ids.append(token_id)
        before, after = self._decode(self._shown), self._decode(len(self._ids))
        if len(after) <= len(before) or after.endswith("\ufffd"):
            return ""
        self._begin, self._shown = self._shown, len(self._ids)
        return after[len(before) :]

    def flush(self) -> str:
        """Return what was held back."""
        return self._decode(len(self._ids))[len(self._decode(self._shown)) :]

    def _decode(self, end: int) -> str:
        ids = self._ids[self._begin : end]
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)) if ids else ""


def detokenizer(tokenizer: PreTrainedTokenizerBase) -> Detokenizer:
    """Return a fresh detokenizer of the exact kind where there is one."""
    return FastDetokenizer(tokenizer) if tokenizer.is_fast else WindowDetokenizer(tokenizer)
