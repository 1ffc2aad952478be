"""What a provider said in an error: words in JSON of any shape, in a web page, in plain text. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# Keys are compared in snake case: ``errorMessage``, ``error-message`` and ``Error_Message`` are one.
_MESSAGE_KEYS: Final = (
    "message", "messages", "error_message", "error_msg", "errmsg", "msg", "status_msg", "detail", "details",
    "description", "error_description", "faultstring", "exception", "reason", "title", "failed_generation",
)  # fmt: skip
_INNER_KEYS: Final = (
    "error",
    "errors",
    "fault",
    "metadata",
    "raw",
    "base_resp",
    "response",
    "response_metadata",
    "body",
    "innererror",
    "inner_error",
    "cause",
    "upstream_error",
    "result",
    "data",
    "header",
)
_CODE_KEYS: Final = ("code", "status", "status_code", "error_code", "http_status")
_LABEL_KEYS: Final = ("type", "code", "errorcode", "status", "provider_name")
_ENVELOPES: Final = ("response", "response_metadata", "result", "data", "header")
"""Around the error of clouds whose own APIs are of another shape."""
_ERROR_KEY: Final = re.compile(r"(^|_)(error|errors|exception|fault|faultstring|errcode|errmsg)(_|$)")
_FAILED: Final = re.compile(r"error|exception|fail\w*|fault")
_SUCCESS: Final = frozenset(
    {"", "0", "200", "ok", "success", "successful", "succeeded", "none", "null", "no error"}
)
"""What stands where an error would, and says that there is none."""
_MOST_OF_TEXT: Final = 20_000
_MOST_OF_PAGE: Final = 4_000
"""Code points in which words are looked for."""
_MOST_OF_BODY: Final = 500
"""Code points that are shown of a body without a sentence."""
_MOST_DEPTH: Final = 6
_TITLE: Final = re.compile(r"(?is)<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>")
_TRACE: Final = re.compile(
    r"(?si:traceback \(most recent call last\):.*\n(?=\S))"  # Python's ends in what went wrong
    r"|(?s:\ngoroutine \d+ \[.*)"  # Go's, and below JavaScript's and Java's, begin with it
    r"|(?m:\n[ \t]+at \S.*$)"
)
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAG: Final = re.compile(r"(?s)<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>")


def words_in(value: Any) -> list[str]:
    """Return the sentences in a body, the outer first, each once."""
    return list(dict.fromkeys(text for each in _sentences(value, 0) if (text := " ".join(each.split()))))


def said_in(value: Any) -> list[str]:
    """Return the sentences in a body; of a body without any the short words, or the body itself."""
    if said := words_in(value):
        return said
    if not value or not isinstance(value, Mapping | list):
        return []
    return [json.dumps(value, ensure_ascii=False, default=str)[:_MOST_OF_BODY]]


def labels_in(value: Any) -> list[str]:
    """Return the short words beside the sentences: a code, a type."""
    return list(dict.fromkeys(_labels(value, 0)))


def status_in(value: Any) -> int | None:
    """Return the HTTP status that a body names as its code: a stream has none of its own."""
    return next(_statuses(value, 0), None)


def is_error(value: Mapping[str, Any]) -> bool:
    """Tell whether JSON that should be an answer, or a part of one, is an error."""
    value = _snake(value)
    if _tells(value.get("error")) or value.get("object") == "error" or value.get("type") == "error":
        return True
    for key, inner in value.items():  # ``x_groq``, and what clouds put around their errors
        if (key.startswith("x_") or key in _ENVELOPES) and isinstance(inner, Mapping):
            inside = _snake(inner)
            if any(_tells(inside.get(name)) for name in ("error", "faultstring")):
                return True
    if isinstance(base := value.get("base_resp"), Mapping) and base.get("status_code"):
        return True
    if "choices" in value and value["choices"] is not None:
        return False
    if any(_ERROR_KEY.search(key) and _tells(each) for key, each in value.items()):
        return True
    if any(value.get(key) is False for key in ("success", "ok")):
        return True
    if value.get("usage"):
        return False
    if isinstance(header := value.get("header"), Mapping) and _tells(_snake(header).get("code")):
        return True
    if (
        _tells(value.get("code"))
        or status_in(value) is not None
        or _FAILED.fullmatch(_word(value.get("status")))
    ):
        return True
    return any(_word(said) not in _SUCCESS for key in _MESSAGE_KEYS for said in words_in(value.get(key)))


def _tells(value: Any) -> bool:
    """Tell whether a value is more than a word for success."""
    return bool(value) and (isinstance(value, Mapping | list) or _word(value) not in _SUCCESS)


def _word(value: Any) -> str:
    return str(value).strip(" .!").lower() if isinstance(value, str | int) else ""


def without_trace(text: str) -> str:
    """Return a text without the frames of a server's trace: what is left names the fault.

    A long text is cut: an error may hold the whole request once more.
    """
    return _TRACE.sub("", text[:_MOST_OF_TEXT])


def page_title(text: str) -> str | None:
    """Return a web page's title, else its heading, else its words; None: it is no page."""
    text = text[:_MOST_OF_PAGE]
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
        value = _snake(value)
        for key in _MESSAGE_KEYS:
            yield from _sentences(value.get(key), depth + 1)
        if depth and isinstance(value.get("text"), str):
            yield from _sentences(value["text"], depth + 1)
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
        value = _snake(value)
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
        value = _snake(value)
        for key in _CODE_KEYS:
            code = value.get(key)
            if isinstance(code, int | str) and re.fullmatch(r"[45]\d\d", str(code)):
                yield int(code)
        for key in (*_INNER_KEYS, *_MESSAGE_KEYS):  # a gateway may put the upstream's JSON into its sentence
            yield from _statuses(value.get(key), depth + 1)
    elif isinstance(value, list):
        for each in value[:8]:
            yield from _statuses(each, depth + 1)


def _snake(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with its keys in snake case: clouds write ``Message``, ``errorMessage``."""
    return {snake_case(str(key)): each for key, each in value.items()}


def snake_case(key: str) -> str:
    """Return a key in snake case."""
    return _CAPITAL.sub("_", key).lower().replace("-", "_")


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _bare_words(page: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", page)).split())
