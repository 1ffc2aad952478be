"""What a provider said in an error: words in JSON of any shape, in a web page, in plain text. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_MESSAGE_KEYS: Final = (
    "message", "error_message", "error_msg", "errmsg", "msg", "status_msg", "detail", "details",
    "description", "error_description", "faultstring", "reason", "title", "failed_generation",
)  # fmt: skip
_INNER_KEYS: Final = (
    "error",
    "errors",
    "fault",
    "metadata",
    "raw",
    "base_resp",
    "response",
    "responsemetadata",
    "body",
    "innererror",
    "cause",
)
_CODE_KEYS: Final = ("code", "status", "status_code", "error_code", "http_status")
_LABEL_KEYS: Final = ("type", "code", "errorcode", "status", "provider_name")
_ENVELOPES: Final = ("response", "responsemetadata", "fault")
"""Around the error of clouds whose own APIs are of another shape."""
_MOST_DEPTH: Final = 6
_TITLE: Final = re.compile(r"(?is)<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>")
_TRACE: Final = re.compile(
    r"(?si:traceback \(most recent call last\):.*\n(?=\S))"  # Python's ends in what went wrong
    r"|(?s:\s*\ngoroutine \d+ \[.*)"  # Go's, and below JavaScript's and Java's, begin with it
    r"|(?m:\n\s+at \S.*$)"
)
_TAG: Final = re.compile(r"(?s)<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>")


def words_in(value: Any) -> list[str]:
    """Return the sentences in a body, the outer first, each once."""
    return list(dict.fromkeys(text for each in _sentences(value, 0) if (text := " ".join(each.split()))))


def labels_in(value: Any) -> list[str]:
    """Return the short words beside the sentences: a code, a type."""
    return list(dict.fromkeys(_labels(value, 0)))


def status_in(value: Any) -> int | None:
    """Return the HTTP status that a body names as its code: a stream has none of its own."""
    return next(_statuses(value, 0), None)


def is_error(value: Mapping[str, Any]) -> bool:
    """Tell whether JSON that should be an answer, or a part of one, is an error."""
    value = _lowered(value)
    if value.get("error") or value.get("object") == "error" or value.get("type") == "error":
        return True
    for key, inner in value.items():  # ``x_groq``, and what clouds put around their errors
        if (key.startswith("x_") or key in _ENVELOPES) and isinstance(inner, Mapping):
            inside = _lowered(inner)
            if inside.get("error") or inside.get("faultstring"):
                return True
    if isinstance(base := value.get("base_resp"), Mapping) and base.get("status_code"):
        return True
    if "choices" in value and value["choices"] is not None:
        return False
    if value.get("errors"):
        return True
    if value.get("usage"):
        return False
    if any(value.get(key) for key in ("code", "error_code")) or status_in(value) is not None:
        return True
    return any(words_in(value.get(key)) for key in _MESSAGE_KEYS)


def without_trace(text: str) -> str:
    """Return a text without the frames of a server's trace: what is left names the fault."""
    return _TRACE.sub("", text)


def page_title(text: str) -> str | None:
    """Return a web page's title, else its heading, else its words; None: it is no page."""
    if not text.lstrip().startswith("<"):
        return None
    titles = [one or other for one, other in _TITLE.findall(text)]
    found = next((each for each in map(_bare_words, titles) if each), "") or _bare_words(text)
    return found[:300] or None


def _sentences(value: Any, depth: int) -> Iterator[str]:
    if depth > _MOST_DEPTH or value is None:
        return
    if isinstance(value, str):
        inner = _json(value)
        if inner is not None:
            yield from _sentences(inner, depth + 1)
        else:
            yield page_title(value) or without_trace(value)
    elif isinstance(value, Mapping):
        value = _lowered(value)
        for key in _MESSAGE_KEYS:
            yield from _sentences(value.get(key), depth + 1)
        for key in (*_INNER_KEYS, *(key for key in value if key.startswith("x_"))):
            yield from _sentences(value.get(key), depth + 1)
    elif isinstance(value, list):
        for each in value[:8]:
            yield from _sentences(each, depth + 1)


def _labels(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        value = _json(value)
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, Mapping):
        value = _lowered(value)
        yield from (str(value[key]) for key in _LABEL_KEYS if isinstance(value.get(key), str | int))
        for key in _INNER_KEYS:
            yield from _labels(value.get(key), depth + 1)
    elif isinstance(value, list):
        for each in value[:8]:
            yield from _labels(each, depth + 1)


def _statuses(value: Any, depth: int) -> Iterator[int]:
    if isinstance(value, str):
        value = _json(value)
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, Mapping):
        value = _lowered(value)
        for key in _CODE_KEYS:
            code = value.get(key)
            if isinstance(code, int | str) and re.fullmatch(r"[45]\d\d", str(code)):
                yield int(code)
        for key in (*_INNER_KEYS, *_MESSAGE_KEYS):  # a gateway may put the upstream's JSON into its sentence
            yield from _statuses(value.get(key), depth + 1)
    elif isinstance(value, list):
        for each in value[:8]:
            yield from _statuses(each, depth + 1)


def _lowered(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with its keys in lower case: some clouds write them with a capital."""
    return {str(key).lower(): each for key, each in value.items()}


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _bare_words(page: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", page)).split())
