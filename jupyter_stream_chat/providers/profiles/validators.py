"""The checks of single fields of a profile: each returns the value to use, or says what is wrong. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from pydantic_core import PydanticCustomError

from .addresses import AMBIGUOUS, canonical

FIELD_PROBLEM = "field_problem"
"""The type of errors whose message and ``hint`` (in their context) are for readers as they stand."""

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?|v1|preview|latest")
_OPERATION = re.compile(r"/(chat/completions|completions|responses|models|embeddings)/*$")
_TARGET = re.compile(r"^(?P<before>.*?)/openai(?:/|$)(?:deployments/(?P<deployment>[^/]+))?")


def problem(message: str, hint: str | None = None) -> PydanticCustomError:
    """Return an error with its own sentence and hint."""
    # A custom error's text is a template: braces in an address are not meant as such.
    return PydanticCustomError(FIELD_PROBLEM, "{sentence}", {"sentence": message, "hint": hint})


def base_url(value: str) -> str:
    """Check the address of an OpenAI-shaped server: what the client appends itself must not be in it."""
    address = _address(value)
    if operation := _OPERATION.search(urlsplit(address).path):
        parts = urlsplit(address)
        shorter = parts._replace(path=parts.path[: operation.start()], query="").geturl()
        raise problem(
            f"The base_url holds {operation.group().rstrip('/')}, which is added by itself.",
            f'Cut it after the version: "{_public(shorter)}".',
        )
    return address


def azure_endpoint(value: str) -> str:
    """Check the address of an Azure resource; the portal's "target URI" holds more than is wanted here."""
    address = _address(value)
    parts = urlsplit(address)
    if target := _TARGET.match(parts.path):
        shorter = _public(parts._replace(path=target["before"], query="", fragment="").geturl())
        version = parse_qs(parts.query).get("api-version", [None])[0]
        more = {"azure_deployment": target["deployment"], "api_version": version}
        rest = "".join(f', and "{found}" as {name}' for name, found in more.items() if found)
        raise problem(
            "The azure_endpoint holds more than the resource's address.", f'Give "{shorter}" here{rest}.'
        )
    return address


def api_version(value: str) -> str:
    """Check the form of an Azure API version; whether Azure has it, Azure says."""
    value = value.strip()
    if not _VERSION.fullmatch(value):
        raise problem("The api_version is a date.", 'Give it as Azure writes it, for example "2024-10-21".')
    return value


def is_sendable(key: str) -> bool:
    """Tell whether a key can be sent in a header: visible ASCII, without the quotes of a shell around it."""
    return re.fullmatch(r"[!-~]+", key) is not None and not (key[0] == key[-1] and key[0] in "'\"")


def api_key(value: str) -> str:
    """Check that a key can be sent in a header. The message never shows it."""
    value = value.strip()
    if not is_sendable(value):
        raise problem("The api_key holds spaces or signs that no key has.", "Copy the key again, alone.")
    return value


def _address(value: str) -> str:
    address = value.strip().rstrip("/")
    if AMBIGUOUS.search(address):
        raise problem("The address holds spaces or backslashes.", "Copy the address again, alone.")
    return canonical(address)


def _public(address: str) -> str:
    """Return an address without user and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
