"""Takes keys out of what a reader or a log is shown: whole, in part, masked, or spelled otherwise. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote

_REDACTED: Final = "[key]"
_KEY_SHAPES: Final = re.compile(
    r"(?i)\b(sk-[\w*-]{4,}(?:(?:\.{3}|…)[\w*-]+)?|hf_[A-Za-z0-9]{8,}"
    r"|(?<=bearer )[\w.~+/*=-]+|(?<=basic )[\w+/=]{8,}"
    r"|(?<=api-key: )[\w*-]+)"
)
_PART: Final = 6
"""Code points of a key that are not shown in a row."""
_MASK: Final = re.compile(r"\*{2,}|\.{3,}|…+|x{4,}")
_LEAST_END: Final = 2
_WORD: Final = re.compile(r"[a-z]+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without any part of the secrets and without what looks like a key."""
    spellings = [spelling for secret in secrets for spelling in variants(secret)]
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, _REDACTED)
    for spelling in spellings:
        text = _without_parts(text, spelling)
        text = _without_masked(text, spelling)
    return _KEY_SHAPES.sub(_REDACTED, text)


def variants(secret: str) -> list[str]:
    """Return the ways in which texts spell a secret: as it is, escaped, in an address, in a header."""
    plain = [secret, secret.strip()]
    found = dict.fromkeys(plain)
    for each in plain:
        encoded = each.encode(errors="surrogatepass")
        found.update(dict.fromkeys((repr(each)[1:-1], json.dumps(each)[1:-1], repr(encoded)[2:-1])))
        found.update(
            dict.fromkeys((quote(encoded), quote(encoded, safe=""), quote_plus(encoded), unquote(each)))
        )
        for user in (b"", b":", b"user:", b"api:"):
            found[base64.b64encode(user + encoded).decode().rstrip("=")] = None
        found[base64.b64encode(encoded + b":").decode().rstrip("=")] = None
        found[base64.urlsafe_b64encode(encoded).decode().rstrip("=")] = None
    return [each for each in found if each]


def _without_parts(text: str, secret: str) -> str:
    """Take out each run of code points that the secret has too, if it is long enough to matter."""
    size = min(_PART, len(secret))
    if size < 4:
        return text
    parts = {secret[at : at + size] for at in range(len(secret) - size + 1)}
    words = set(_WORD.findall(secret))
    result, end = "", 0
    for start, stop in _runs(text, parts, size):
        run = text[start:stop]
        # A word that stands in the key, and alone in the text, is a word of the sentence.
        if (
            run in words
            and not text[max(0, start - 1) : start].isalnum()
            and not text[stop : stop + 1].isalnum()
        ):
            continue
        result += text[end:start] + _REDACTED
        end = stop
    return result + text[end:]


def _runs(text: str, parts: set[str], size: int) -> Iterator[tuple[int, int]]:
    """Yield where the text consists of parts, overlapping ones joined."""
    start = stop = -1
    for at in range(len(text) - size + 1):
        if text[at : at + size] not in parts:
            continue
        if at > stop:
            if stop > 0:
                yield start, stop
            start = at
        stop = at + size
    if stop > 0:
        yield start, stop


def _without_masked(text: str, secret: str) -> str:
    """Take out a secret of which only both ends, or one, are shown: ``ab****yz``."""
    inside = set(secret)
    result, end = "", 0
    for mask in _MASK.finditer(text):
        before, after = mask.start(), mask.end()
        begins = ends = 0
        if before > end and text[before - 1] in inside:
            longest = min(len(secret), before - end)
            lengths = range(longest, _LEAST_END - 1, -1)
            begins = next((n for n in lengths if text.startswith(secret[:n], before - n)), 0)
        if text[after : after + 1] in inside:
            lengths = range(len(secret), _LEAST_END - 1, -1)
            ends = next((n for n in lengths if text.startswith(secret[-n:], after)), 0)
        if begins or ends:
            result += text[end : before - begins] + _REDACTED
            end = after + ends
    return result + text[end:]
