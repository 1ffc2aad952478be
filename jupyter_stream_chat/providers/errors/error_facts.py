"""What is known of an exception: its class names, HTTP status, text and headers, and those of its causes.

Free of provider imports, so that no SDK is loaded to read an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from .provider_words import page_title, status_in, words_in

_MOST_OF_TEXT = 20_000
"""Code points of an error in which rules look for words: it may hold the whole request once more."""
_ADDRESS = re.compile(r"https?://[^\s'\"]+")


@dataclass(frozen=True)
class ErrorFacts:
    """What is known of an exception and of those that caused it."""

    names: frozenset[str]
    status: int | None
    text: str
    """All messages, lower case, without addresses: their words are not the provider's."""
    headers: Mapping[str, str]
    """Of the response, where there was one; looked up without regard to case."""
    said: str = ""
    """The sentences of the provider's body."""
    is_page: bool = False
    """The provider's body is a web page: something before the provider may have written it."""
    redirect: str | None = None
    """Where the server sent the request, if it did not answer it."""
    param: str | None = None
    """The request's parameter that the provider complains of, where it names one."""
    end_word: str | None = None
    """The finish reason with which the provider ended the answer early, in its own spelling."""


def error_facts(error: BaseException) -> ErrorFacts:
    """Return what is known of an exception, those included that caused it."""
    chain = list(causes(error))
    names = {cls.__name__ for each in chain for cls in type(each).__mro__}
    statuses = [s for each in chain if isinstance(s := getattr(each, "status_code", None), int)]
    text = " ".join(f"{each} {getattr(each, 'body', '')}"[:_MOST_OF_TEXT] for each in chain).lower()
    text = _ADDRESS.sub("", text)
    responses = [response for each in chain if (response := getattr(each, "response", None)) is not None]
    headers = getattr(responses[0], "headers", {}) if responses else {}
    params = [param for each in chain if isinstance(param := getattr(each, "param", None), str) and param]
    bodies = list(filter(None, map(body_of, chain)))
    # A code in the body is nearer to the fault than a gateway's 500, and a stream has no other.
    inner = next((s for body in bodies if (s := status_in(body)) is not None), None)
    status = statuses[0] if statuses else inner
    if inner is not None and (status == 200 or (status or 0) >= 500):
        status = inner
    redirects = [to for each in chain if isinstance(to := getattr(each, "location", None), str)]
    return ErrorFacts(
        frozenset(names),
        status,
        text,
        headers,
        " ".join(dict.fromkeys(words for body in bodies for words in words_in(body))),
        any(isinstance(body, str) and page_title(body) is not None for body in bodies),
        redirects[0] if redirects else None,
        params[0] if params else None,
        next((word for each in chain if isinstance(word := getattr(each, "end_word", None), str)), None),
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read ``Retry-After`` (RFC 9110, 10.2.3: seconds or a date), or OpenAI's ``retry-after-ms``."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):
            return max(0.0, float(headers.get(name, "")) * unit)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(headers.get("retry-after", "")) - now).total_seconds())
    return None


def body_of(error: BaseException) -> object:
    """Return what the provider sent with an error; None: nothing that is known."""
    body: object = getattr(error, "body", None)
    if body is None and (response := getattr(error, "response", None)) is not None:
        body = getattr(response, "text", None) or None
    return body


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and what caused it, groups included, each once."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [e for e in (each.__cause__, each.__context__) if e is not None]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions
