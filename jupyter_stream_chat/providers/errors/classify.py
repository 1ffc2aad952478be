"""What a provider's refusal means: an exception becomes one plain sentence, a cure and the provider's words.

Pure. ``rules`` is the table; exceptions are known by the names of their classes (an SDK's and LangChain's
both), by an HTTP status and by their text, so that no SDK is loaded to read an error.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ...protocol import ErrorInfo
from ..profiles.profile import Profile
from .error_facts import causes, error_facts
from .error_rules import OTHERWISE, rule_for, sizes_in

_KEY_SHAPES = re.compile(r"(?i)\b(sk-[\w*-]{4,}|(?<=bearer )[\w.~+/*-]+|(?<=api-key: )[\w*-]+)")
_REDACTED = "[key]"
_MAX_DETAIL = 4000
_PERHAPS_THE_PROXY = frozenset({"connection_refused", "unknown_host", "timeout", "untrusted_certificate"})


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
    rule, values = rule_for(error_facts(error))
    names = {**_names(profile), **values}
    # Cut last: a key that a cut has split is not recognised any more.
    detail = (
        _shown(_trace(error), secrets)[-_MAX_DETAIL:]
        if rule is OTHERWISE
        else _shown(_words(error), secrets)[:_MAX_DETAIL]
    )
    return ErrorInfo(
        code=rule.code,
        message=rule.message.format(**names),
        cure=rule.cure.format(**names) + _by_proxy(rule.code, profile),
        field=rule.field.format(**names) if rule.field else None,
        detail=detail,
        values=values or None,
    )


def _by_proxy(code: str, profile: Profile | None) -> str:
    """Return what to add where it may be a proxy of the environment that fails, and not the provider."""
    address = urlsplit(_address(profile) or "")
    proxy = getproxies().get(address.scheme)
    if code not in _PERHAPS_THE_PROXY or not proxy or proxy_bypass(address.netloc):
        return ""
    name = f"{address.scheme.upper()}_PROXY"
    return f" Requests go through the proxy {_without_user(proxy)}, which {name} names: check it too."


def _names(profile: Profile | None) -> dict[str, str]:
    """Return what the sentences may name."""
    return {
        "model": profile.model_name if profile else "the model",
        "endpoint": _address(profile) or "the provider's address",
        "address": (profile and profile.served_by.address_field) or "base_url",
        "deployment": profile.served_by.model_field if profile else "model",
        "version": (profile and profile.api_version) or "that was asked for",
    }


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the secrets and without what looks like a key."""
    for secret in secrets:
        text = text.replace(secret, _REDACTED)
    return _KEY_SHAPES.sub(_REDACTED, text)


def _shown(text: str, secrets: Iterable[str]) -> str:
    """Return a provider's words without keys, as valid Unicode: JSON may hold halves of surrogate pairs."""
    return redact(text, secrets).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _own_words(error: BaseException) -> ErrorInfo | None:
    """Return what an adapter or the engine's client says itself (they know their codes and sentences)."""
    if isinstance(error, ProviderProblem):
        cause = error.__cause__
        return error.info.model_copy(update={"detail": _trace(cause)[-_MAX_DETAIL:] if cause else None})
    code, message = getattr(error, "code", None), getattr(error, "message", None)
    if type(error).__name__ != "EngineError" or not isinstance(code, str) or not isinstance(message, str):
        return None
    cure, detail = getattr(error, "cure", None), getattr(error, "detail", None)
    values = sizes_in(message.lower()) if code == "context_too_long" else None
    return ErrorInfo(code=code, message=message, cure=cure, detail=detail, values=values)


def _words(error: BaseException) -> str:
    """Return what the provider's side said, a line for each cause, without repetitions."""
    lines = dict.fromkeys(f"{type(each).__name__}: {each}" for each in causes(error))
    return "\n".join(lines)


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
    """Return what of a profile must not be shown, as it is and as an address may spell it."""
    if profile is None:
        return []
    key = profile.api_key.get_secret_value() if profile.api_key else ""
    password = urlsplit(profile.address or "").password or ""
    return [secret for secret in dict.fromkeys((key, password, unquote(password))) if secret]
