"""Token ids become text as soon as they are whole characters, as decoding them all at once would give."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Protocol

from tokenizers.decoders import DecodeStream

from .reasoning import shown_marks

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Detokenizer(Protocol):
    """Text of one answer. Special tokens give no text, except reasoning marks."""

    def add(self, token_id: int) -> str:
        """Return the text that this token completes; "" while a character is still in pieces."""

    def flush(self) -> str:
        """Return what was held back: pieces that never became a character."""


class FastDetokenizer:
    """The exact one, for tokenizers that run in ``tokenizers`` (nearly all)."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Needs the tokenizer's ``backend_tokenizer``."""
        self._backend = tokenizer.backend_tokenizer
        self._begin()

    def _begin(self) -> None:
        self._stream = DecodeStream(skip_special_tokens=True)
        self._ids: list[int] = []
        self._length = 0

    def add(self, token_id: int) -> str:
        """Return the text that this token completes."""
        try:
            text = self._stream.step(self._backend, token_id) or ""
        except Exception:  # noqa: BLE001 - `tokenizers` has no class of its own for "Invalid prefix encountered"
            # The decoder gave the earlier tokens another text than before: begin anew after what was shown.
            held = self.flush()
            self._begin()
            return held + self.add(token_id)
        self._ids.append(token_id)
        self._length += len(text)
        return text

    def flush(self) -> str:
        """Return what was held back (``DecodeStream`` has no end of its own)."""
        whole: str = self._backend.decode(self._ids, skip_special_tokens=True)
        return whole[self._length :]


class ByteFallbackDetokenizer:
    """For vocabularies that spell rare characters in tokens of one byte, ``<0x00>`` to ``<0xFF>``.

    Their decoder replaces a whole run of bytes when one byte in it is wrong, also the characters that were
    complete and shown; here each wrong byte is one U+FFFD, and the characters around it stay.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, byte_ids: dict[int, int]) -> None:
        """``byte_ids``: the byte that each such token stands for."""
        self._tokenizer = tokenizer
        self._bytes = byte_ids
        self._special = frozenset(special_tokens(tokenizer))
        self._letter = next(token_id for token_id, byte in byte_ids.items() if byte == ord("A"))
        self._utf8 = getincrementaldecoder("utf-8")("replace")
        self._before: list[int] = []  # one token of context: decoders treat the first of a text specially

    def add(self, token_id: int) -> str:
        """Return the text that this token completes."""
        if token_id in self._special:
            return ""
        byte = self._bytes.get(token_id)
        if byte is not None and byte >= 0x80:
            self._before = self._before or [self._letter]
            return self._utf8.decode(bytes([byte]))
        text = self._decode([*self._before, token_id])[len(self._decode(self._before)) :]
        self._before = [token_id]
        return self.flush() + text

    def flush(self) -> str:
        """Return what was held back."""
        return self._utf8.decode(b"", final=True)

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)) if ids else ""


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
        if not after.startswith(before):  # the decoder changed what was shown: begin anew after it
            self._begin = self._shown
            before, after = "", self._decode(len(self._ids))
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


class MarkedDetokenizer:
    """Shows some special tokens as they are written, because they are the structure of the answer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, marks: dict[int, str]) -> None:
        """``marks``: the text of the ids to show."""
        self._tokenizer = tokenizer
        self._marks = marks
        self._text = _plain(tokenizer)

    def add(self, token_id: int) -> str:
        """Return the text that this token completes."""
        if token_id not in self._marks:
            return self._text.add(token_id)
        held = self._text.flush()
        self._text = _plain(self._tokenizer)
        return held + self._marks[token_id]

    def flush(self) -> str:
        """Return what was held back."""
        return self._text.flush()


def detokenizer(tokenizer: PreTrainedTokenizerBase) -> Detokenizer:
    """Return a fresh detokenizer, of the exact kind where there is one."""
    special = special_tokens(tokenizer)
    shown = shown_marks(frozenset(special.values()))
    marks = {token_id: token for token_id, token in special.items() if token in shown}
    return MarkedDetokenizer(tokenizer, marks) if marks else _plain(tokenizer)


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[int, str]:
    """Return the tokens that ``decode`` leaves out, by id."""
    added = {
        token_id: str(token) for token_id, token in tokenizer.added_tokens_decoder.items() if token.special
    }
    return {**dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)), **added}


def _plain(tokenizer: PreTrainedTokenizerBase) -> Detokenizer:
    """Return a fresh detokenizer that shows no special tokens."""
    if byte_ids := _byte_tokens(tokenizer):
        return ByteFallbackDetokenizer(tokenizer, byte_ids)
    return FastDetokenizer(tokenizer) if tokenizer.is_fast else WindowDetokenizer(tokenizer)


def _byte_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[int, int]:
    """Return the bytes of the tokens that stand for one; none where the decoder takes them for text."""
    ids = tokenizer.convert_tokens_to_ids([f"<0x{byte:02X}>" for byte in range(256)])
    unknown = (None, tokenizer.unk_token_id)
    known = {token_id: byte for byte, token_id in enumerate(ids) if token_id not in unknown}
    letter = next((token_id for token_id, byte in known.items() if byte == ord("A")), None)
    return known if letter is not None and tokenizer.decode([letter]) == "A" else {}
