"""What a provider's refusal means: an exception becomes one plain sentence, a hint and the provider's words.

Pure. ``rules`` is the table; exceptions are known by the names of their classes (an SDK's and LangChain's
both), by an HTTP status and by their text, so that no SDK is loaded to read an error.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ...protocol import ErrorInfo
from ..profiles.profile import Profile
from .error_facts import ErrorFacts, body_of, causes, error_facts, retry_after
from .error_rules import OTHERWISE, rule_for, sizes_in
from .provider_words import page_title, said_in, without_trace
from .redact import redact

log = logging.getLogger(__name__)

_PAGE = re.compile(r"(?i)<(!doctype|html|head|body|h1|title)\b")
_MAX_DETAIL = 4000
_SOON_SECONDS = 60
_MOST_SECONDS = 366 * 86_400
"""A wait beyond it is none that anybody has meant."""
_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
_OF_A_PARSER = (StopIteration, json.JSONDecodeError)
"""What a parser raised on the way to the error: nothing that the provider said."""
_KEY_LENGTH = 8
"""Code points from which a text may be a key."""
_SECRET_NAME = re.compile(
    r"(?i)api_?key|secret|passw|credential|authorization|(^|[_-])key$"
    r"|(^|access|auth|api|bearer|session|refresh|hf)[_-]?token$"
)
_PERHAPS_THE_PROXY = frozenset(
    {"connection_refused", "connection_lost", "unknown_host", "timeout", "untrusted_certificate", "no_tls"}
)


class ProviderProblem(Exception):
    """Something that one of our own adapters found wrong, in its own words."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message)
        self.info = info


def classify(error: BaseException, profile: Profile | None = None) -> ErrorInfo:
    """Say what an exception of a provider's means, without the key that the profile holds."""
    secrets = _secrets(profile)
    if own := _own_words(error):
        detail = _shown(own.detail, secrets)[:_MAX_DETAIL] if own.detail else None
        return own.model_copy(update={"message": _shown(own.message, secrets), "detail": detail})
    facts = error_facts(error)
    rule, values = rule_for(facts)
    names = {**_names(profile), **values}
    if rule is OTHERWISE:
        # For the administrator alone: a trace holds the server's paths.
        log.warning("An error without a sentence of its own:\n%s", _shown(_trace(error), secrets))
    # Cut last: a key that a cut has split is not recognised any more.
    detail = _shown(_words(error), secrets)[:_MAX_DETAIL]
    names = {name: _shown(value, secrets) for name, value in names.items()}
    return ErrorInfo(
        code=rule.code,
        message=rule.message.format(**names),
        hint=rule.hint.format(**names) + _by_proxy(rule.code, profile) + _by_wait(facts),
        field=rule.field.format(**names) if rule.field else None,
        detail=detail,
        values={name: names[name] for name in values} or None,
    )


def _by_proxy(code: str, profile: Profile | None) -> str:
    """Return what to add where it may be a proxy of the environment that fails, and not the provider."""
    address = urlsplit(_address(profile) or "")
    proxies = getproxies()
    scheme = address.scheme if address.scheme in proxies else "all"
    proxy = proxies.get(scheme)
    if (
        code not in _PERHAPS_THE_PROXY
        or not proxy
        or (profile is not None and profile.bypasses_proxy)
        or proxy_bypass(address.netloc)
    ):
        return ""
    name = f"{scheme.upper()}_PROXY"
    return (
        f" Requests go through the proxy {_without_user(proxy)}, which {name} names: check it too, "
        f"or add {address.hostname} to NO_PROXY."
    )


def _by_wait(facts: ErrorFacts) -> str:
    """Return what to add where the provider says that it will not be ready soon."""
    seconds = retry_after(facts.headers, datetime.now(UTC)) or 0
    if not _SOON_SECONDS < seconds < _MOST_SECONDS:
        return ""
    name, size = next((name, size) for name, size in _UNITS if seconds >= 2 * size)
    return f" The provider asks to wait {seconds / size:.0f} {name}."


def _names(profile: Profile | None) -> dict[str, str]:
    """Return what the sentences may name."""
    proposal = ""
    if profile and profile.base_url and not urlsplit(profile.base_url).path.strip("/"):
        proposal = f": try {_address(profile)}/v1"
    return {
        "proposal": proposal,
        "model": profile.model_name if profile else "the model",
        "endpoint": _address(profile) or "the provider's address",
        "address": (profile and profile.served_by.address_field) or "base_url",
        "deployment": profile.served_by.model_field if profile else "model",
        "version": (profile and profile.api_version) or "that was asked for",
    }


def _shown(text: str, secrets: Iterable[str]) -> str:
    """Return a provider's words without keys, as valid Unicode: JSON may hold halves of surrogate pairs."""
    return redact(text, secrets).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _own_words(error: BaseException) -> ErrorInfo | None:
    """Return what an adapter or the engine's client says itself (they know their codes and sentences)."""
    if isinstance(error, ProviderProblem):
        cause = error.__cause__
        return error.info.model_copy(update={"detail": _words(cause)[:_MAX_DETAIL] if cause else None})
    code, message = getattr(error, "code", None), getattr(error, "message", None)
    if type(error).__name__ != "EngineError" or not isinstance(code, str) or not isinstance(message, str):
        return None
    hint, detail = getattr(error, "hint", None), getattr(error, "detail", None)
    values = sizes_in(message.lower()) if code == "context_too_long" else None
    return ErrorInfo(code=code, message=message, hint=hint, detail=detail, values=values)


def _words(error: BaseException) -> str:
    """Return what the provider's side said: its sentences first, then a line for each cause, none twice."""
    raised = list(causes(error))
    lines = dict.fromkeys(words for each in raised for words in said_in(body_of(each)))
    for each in raised:
        if each is not error and isinstance(each, _OF_A_PARSER):
            continue
        line = f"{type(each).__name__}: {without_trace(_without_page(str(each)))}"
        if not any(line.endswith(known) for known in lines):
            lines[line] = None
    return "\n".join(lines)


def _without_page(text: str) -> str:
    """Return a message with a web page cut down to its title."""
    at = text.find("<")
    title = page_title(text[at:]) if at >= 0 and _PAGE.match(text[at:]) else None
    return text if title is None else f"{text[:at]}{title}"


def _trace(error: BaseException) -> str:
    """Return the end of the trace: of an error that no rule knows, it is all that helps."""
    return "".join(traceback.format_exception(error))


def _address(profile: Profile | None) -> str | None:
    """Return the address that a profile names, without a password in it."""
    address = profile and profile.address
    if not address:
        return None
    return _without_user(address)


def _without_user(address: str) -> str:
    return urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]).geturl()


def _secrets(profile: Profile | None) -> list[str]:
    """Return what must not be shown, as it is and as an address may spell it."""
    found = [_of_address(proxy) for proxy in getproxies().values()]
    if profile is not None:
        key = profile.api_key.get_secret_value() if profile.api_key else ""
        given: tuple[Mapping[str, Any], ...] = (profile.options, profile.extra_body, profile.own)
        found += [[key], _of_address(profile.address or ""), *map(_named_secrets, given)]
    return [each for each in dict.fromkeys(chain.from_iterable(found)) if each]


def _of_address(address: str) -> list[str]:
    """Return the password of an address, a user that is as long as a key, and keys in its query."""
    parts = urlsplit(address)
    user, password = parts.username or "", parts.password or ""
    users = [user] if len(user) >= _KEY_LENGTH else []
    queried = _named_secrets(dict(parse_qsl(parts.query)))
    return [spelled for each in (password, *users, *queried) for spelled in (each, unquote(each))]


def _named_secrets(values: Mapping[str, Any]) -> list[str]:
    """Return the texts whose names say that they are keys, at any depth."""
    inner = [each for value in values.values() if isinstance(value, dict) for each in _named_secrets(value)]
    named = (value for name, value in values.items() if _SECRET_NAME.search(name))
    return inner + [value for value in named if isinstance(value, str) and len(value) >= _KEY_LENGTH]
